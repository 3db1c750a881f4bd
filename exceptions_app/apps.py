from __future__ import annotations

from django.apps import AppConfig


class ExceptionsConfig(AppConfig):
    name = "exceptions_app"
    verbose_name = "Centralized exceptions"

    def ready(self) -> None:
        """Models are loaded by now, so the modules below can be."""
        from exceptions_app.arrival import effect_counts
        from exceptions_app.coverage import Decided
        from exceptions_app.life import expiry, reminders
        from exceptions_app.policies import approval, publish_request
        from exceptions_app.rules import act as rules
        from exceptions_app.sepm import drift, job
        from exceptions_app.suggest import refresh
        from exceptions_app.triage import (
            bulk,
            observe_request,
            remove_request,
            respond_request,
            selection,
            view_counts,
        )
        from exceptions_app.triage.watching import return_due
        from exceptions_app.web.approvals import waiting
        from exceptions_app.web.my_work import waits
        from exceptions_app.web.reviews import due_count
        from exceptions_app.web.rules import waiting_rules
        from exceptions_app.web.saved_views import in_rail
        from truscan import coverage, ticking
        from truscan.delivery import webhooks
        from truscan.web import frame

        coverage.register(Decided())
        ticking.register("watches", return_due)
        approval.register(publish_request.ACT)
        for module in (respond_request, observe_request, remove_request):
            approval.register(module.ACT)
        ticking.register("approval requests", approval.expire_due)
        frame.register_count("approval-list", waiting)
        frame.register_count("my-work", waits)
        frame.register_count("review-list", due_count)
        webhooks.tell_in_full("policy.published", "exception.expired", "sepm.drift_found")
        ticking.register("bulk decisions", bulk.tick)
        ticking.register("selections", selection.drop_old)
        frame.register_count("rule-list", waiting_rules)
        ticking.register("expiries", expiry.tick)
        ticking.register("reminders of reviews", reminders.tick)
        ticking.register("effects", effect_counts.tick)
        ticking.register("SEPM jobs", job.tick)
        ticking.register("SEPM drift", drift.tick)
        frame.register_views(in_rail)
        ticking.register("view counts", view_counts.refresh)
        ticking.register("suggestions", refresh.tick)
        ticking.register("rules", rules.tick)
