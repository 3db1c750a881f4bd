from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from exceptions_app.errors import BadValue, ExceptionsError, NotFound
from exceptions_app.management.lookups import find_group, find_policy
from exceptions_app.models.rule import Rule
from exceptions_app.rules.conditions import words
from exceptions_app.rules.sign import (
    RESPONSES,
    Terms,
    allow_batch,
    digest_of,
    save_rule,
    sign_rule,
    switch_off,
)
from exceptions_app.rules.simulate import simulate
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Rules: list, write, simulate, sign, allow, off. A rule is signed in a person's name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["list", "write", "simulate", "sign", "allow", "off"])
        parser.add_argument("name", nargs="?", help="of the rule")
        parser.add_argument("--user", help="whose rights count, and who signs")
        parser.add_argument("--json", action="store_true", help="one JSON object for machines")
        parser.add_argument("--conditions", help='JSON, such as {"signer": ["contoso"]}')
        parser.add_argument("--response", choices=RESPONSES)
        parser.add_argument("--policy", nargs="+", default=[], metavar="NAME")
        parser.add_argument("--group", nargs="+", default=[], metavar="PATH", help="for observe")
        parser.add_argument("--reason", default="")
        parser.add_argument("--review-on", metavar="DATE")
        parser.add_argument("--priority", type=int, default=100)
        parser.add_argument("--most", type=int, default=50)
        parser.add_argument("--count", type=int, default=0, help="for allow")
        parser.add_argument("--digest", help="for sign: what was looked at; else the present terms")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "list":
                self._tell([self._told(rule) for rule in Rule.objects.all()], options["json"])
                return
            user = User.objects.filter(username=options["user"], is_active=True).first()
            if user is None:
                raise NotFound("Say with --user in whose name: rules are signed by people.")
            self._tell(self._act(user, options), options["json"])
        except ExceptionsError as error:
            raise CommandError(str(error)) from error

    def _act(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        actor, now, act = Actor.on_command_line(user), timezone.now(), options["act"]
        rule = Rule.objects.filter(name__iexact=(options["name"] or "").strip()).first()
        if act == "write":
            terms = _terms(options)
            return self._told(save_rule(actor=actor, user=user, terms=terms, now=now, rule=rule))
        if rule is None:
            raise NotFound(f"There is no rule {options['name']!r}.")
        if act == "simulate":
            return {**simulate(rule, user, now).as_json(), "digest": digest_of(rule)}
        if act == "sign":
            digest = options["digest"] or digest_of(rule)
            shown = simulate(rule, user, now)
            sign_rule(actor=actor, user=user, rule=rule, digest=digest, shown=shown, now=now)
        elif act == "allow":
            allow_batch(actor=actor, user=user, rule=rule, count=options["count"], now=now)
        else:
            switch_off(actor=actor, rule=rule, reason=options["reason"])
        rule.refresh_from_db()
        return self._told(rule)

    def _told(self, rule: Rule) -> dict[str, Any]:
        return {
            "name": rule.name,
            "state": rule.state,
            "said": rule.said,
            "response": rule.response,
            "words": words(rule.conditions),
            "digest": digest_of(rule),
        }

    def _tell(self, told: Any, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        for one in told if isinstance(told, list) else [told]:
            self.stdout.write("; ".join(f"{name}: {value}" for name, value in one.items()))


def _terms(options: dict[str, Any]) -> Terms:
    try:
        conditions = json.loads(options["conditions"] or "{}")
    except ValueError as wrong:
        raise BadValue("--conditions is no JSON.") from wrong
    review_on = parse_date(options["review_on"] or "")
    if review_on is None:
        raise BadValue("Give --review-on as a date such as 2027-03-01.")
    return Terms(
        name=options["name"] or "",
        conditions=conditions,
        response=options["response"] or "",
        policies=[find_policy(name).pk for name in options["policy"]],
        groups=[find_group(path).pk for path in options["group"]],
        reason=options["reason"],
        review_on=review_on,
        priority=options["priority"],
        most=options["most"],
    )
