from __future__ import annotations

from django.apps import AppConfig


class TruScanConfig(AppConfig):
    name = "truscan"
    verbose_name = "TruScan detections and ramp"

    def ready(self) -> None:
        # Models exist only now, and the parts of the tick import them.
        from truscan import ticking
        from truscan.access import listed_ids
        from truscan.delivery import webhooks
        from truscan.delivery.outbox import deliver_due
        from truscan.ingest import dropfolder, presence_bits, roll_up
        from truscan.ingest.job import resume_due
        from truscan.ramp import tick
        from truscan.ramp.gate_notes import note_gates

        listed_ids.register()
        ticking.register("imports", resume_due)
        ticking.register("drop folder", dropfolder.tick)
        ticking.register("roll-up", roll_up.tick)
        ticking.register("presence", presence_bits.tick)
        ticking.register("ramp reminders", tick.tick)
        ticking.register("delivery", deliver_due)
        ticking.register("webhooks", webhooks.tick)
        ticking.register("gates of the day", note_gates)
