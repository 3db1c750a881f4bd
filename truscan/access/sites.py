"""The one write path of sites and of the vocabulary that an administrator extends."""

from __future__ import annotations

import codecs
import zoneinfo
from typing import TYPE_CHECKING

from django.db import transaction

from truscan import audit
from truscan.models.estate import Site
from truscan.models.log_import import VocabularyTerm

if TYPE_CHECKING:
    from truscan.access.actor import Actor

DEFAULT_SITE = "Site"


class SiteError(Exception):
    """The change is refused; the text says what to write instead."""


def _check(timezone: str, encoding: str) -> None:
    if timezone not in zoneinfo.available_timezones():
        raise SiteError(f"{timezone} is no time zone; write it as in Europe/Berlin.")
    try:
        codecs.lookup(encoding or "utf-8")
        b"ab".decode(encoding or "utf-8", "replace")
    except (LookupError, ValueError) as error:
        raise SiteError(f"{encoding} is no encoding; write it as in cp1252 or utf-16.") from error


@transaction.atomic
def site_named(*, actor: Actor, name: str = "", timezone: str = "UTC") -> Site:
    """The site of that name without regard to case, made if it is new."""
    name = name.strip() or DEFAULT_SITE
    site = Site.objects.filter(name__iexact=name).first()
    if site is not None:
        return site
    _check(timezone, "")
    site = Site.objects.create(name=name, timezone=timezone)
    audit.record("site.created", actor=actor, obj=site, after={"timezone": timezone})
    return site


@transaction.atomic
def edit_site(*, actor: Actor, site: Site, timezone: str, encoding: str) -> Site:
    """Zone and encoding of later imports; what is stored already is re-read import by import."""
    _check(timezone, encoding)
    before = {"timezone": site.timezone, "encoding": site.encoding}
    after = {"timezone": timezone, "encoding": encoding}
    if before == after:
        return site
    site.timezone, site.encoding = timezone, encoding
    site.save(update_fields=["timezone", "encoding"])
    audit.record("site.edited", actor=actor, obj=site, before=before, after=after)
    return site


@transaction.atomic
def explain_term(*, actor: Actor, kind: str, text: str, meaning: str) -> VocabularyTerm:
    """Say what a localised or unknown value means in the manual's English words."""
    term, made = VocabularyTerm.objects.get_or_create(
        kind=kind, text=text, defaults={"meaning": meaning}
    )
    before = None if made else {"meaning": term.meaning}
    if not made and term.meaning == meaning:
        return term
    term.meaning = meaning
    term.save(update_fields=["meaning"])
    audit.record("vocabulary.explained", actor=actor, obj=term, before=before)
    return term
