from __future__ import annotations

import pytest

from exceptions_app.errors import BadValue, NotFound
from exceptions_app.triage.same_files import import_same_files, link_same_file, unlink_same_file
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_group, make_process, make_sighting
from truscan.models.audit import AuditEvent
from truscan.models.counts import FOREVER, NEVER
from truscan.models.process import Process, SameFile

pytestmark = pytest.mark.django_db

SHA1 = "b" * 39 + "1"
MD5 = "c" * 31 + "1"


def make_old(name: str = "old.exe", hash_: str = SHA1) -> Process:
    return make_process(name, hash=hash_)


def test_an_exception_for_one_covers_the_other() -> None:
    group, process, old = make_group("Global"), make_process(), make_old()
    sighting = make_sighting(old, group)
    give(process, make_policy("Top", "Global"))
    link = link_same_file(actor=SYSTEM, first=process, second=old)
    assert link_same_file(actor=SYSTEM, first=old, second=process) == link
    assert link.first_id < link.second_id
    sighting.refresh_from_db()
    assert sighting.covered_until == FOREVER
    unlink_same_file(actor=SYSTEM, first=old, second=process)
    sighting.refresh_from_db()
    assert sighting.covered_until == NEVER
    with pytest.raises(NotFound):
        unlink_same_file(actor=SYSTEM, first=old, second=process)
    codes = AuditEvent.objects.order_by("id").values_list("code", flat=True)
    assert list(codes)[-2:] == ["same_file.linked", "same_file.unlinked"]


def test_links_of_links_count() -> None:
    group, sha256, sha1, md5 = make_group("Global"), make_process(), make_old(), make_old("m", MD5)
    sighting = make_sighting(md5, group)
    link_same_file(actor=SYSTEM, first=sha256, second=sha1)
    link_same_file(actor=SYSTEM, first=sha1, second=md5)
    give(sha256, make_policy("Top", "Global"))
    sighting.refresh_from_db()
    assert sighting.covered_until == FOREVER


def test_it_rejects_what_cannot_be_one_file() -> None:
    process = make_process()
    for other in (process, make_process("none.exe", hash=""), make_process("b.exe", "b")):
        with pytest.raises(BadValue):
            link_same_file(actor=SYSTEM, first=process, second=other)


def test_a_list_links_what_is_known_once() -> None:
    process, old = make_process(), make_old()
    pairs = [(SHA1.upper(), process.hash), ("f" * 40, process.hash)]
    told = import_same_files(actor=SYSTEM, pairs=pairs)
    assert (told.linked, told.known, told.unknown) == (1, 0, [("f" * 40, process.hash)])
    again = import_same_files(actor=SYSTEM, pairs=pairs)
    assert (again.linked, again.known) == (0, 1)
    assert SameFile.objects.get().second == old
    assert AuditEvent.objects.count() == 1
