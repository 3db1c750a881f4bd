from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.models.policy import Revision
from exceptions_app.policies.diff import compare
from truscan.audit import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTS = {"name": "Sales", "description": "", "shared": True}
Entry = dict[str, Any]


def entry(name: str, own: str, response: str = "ignore", path: str = "%WINDIR%\\x") -> Entry:
    hashes = [f"sha256:{own * 64}"] if own else []
    return {"process": {"name": name, "path": path}, "hashes": hashes, "response": response}


def published(entries: Sequence[Entry]) -> Revision:
    return Revision(canonical=canonical_json({"policy": FACTS, "entries": entries}))


def test_another_build_of_one_program_is_a_renewed_hash() -> None:
    old = [entry("erp.exe", "a"), entry("kept.exe", "b"), entry("gone.exe", "c")]
    new = [entry("ERP.exe", "d", "quarantine"), entry("kept.exe", "b", "terminate")]
    changes = compare(published(old), FACTS, [*new, entry("new.exe", "e")])
    (renewed,) = changes.renewed
    assert (renewed.name, renewed.was, renewed.hashes) == (
        "ERP.exe",
        (f"sha256:{'a' * 64}",),
        (f"sha256:{'d' * 64}",),
    )
    assert (renewed.before, renewed.after) == ("ignore", "quarantine")
    assert [one.name for one in changes.added] == ["new.exe"]
    assert [one.name for one in changes.retired] == ["gone.exe"]
    assert [one.what for one in changes.changed] == ["response"]
    assert len(changes) == 4


def test_a_build_beside_the_old_one_or_elsewhere_is_added() -> None:
    old = [entry("erp.exe", "a")]
    assert compare(published(old), FACTS, [*old, entry("erp.exe", "b")]).renewed == []
    other = entry("erp.exe", "b", path="%USERPROFILE%")
    assert compare(published(old), FACTS, [other]).renewed == []
    nameless = [entry("", "a")]
    assert compare(published(nameless), FACTS, [entry("", "b")]).renewed == []
    by_name = [entry("erp.exe", "")]
    assert len(compare(published(by_name), FACTS, [entry("erp.exe", "b")]).added) == 1


keys = st.tuples(st.sampled_from("xyz"), st.sampled_from(["", *"abcdef"]))
states = st.dictionaries(keys, st.sampled_from(["ignore", "terminate"]), max_size=6)
State = dict[tuple[str, str], str]


@given(states, states)
def test_every_difference_is_told_once(before: State, after: State) -> None:
    """Each rule of one state that the other has not is in exactly one change."""

    def rules(state: State) -> dict[str, Entry]:
        return {own or name: entry(name, own, response) for (name, own), response in state.items()}

    old, new = rules(before), rules(after)
    changes = compare(published(list(old.values())), FACTS, list(new.values()))
    assert len(changes.retired) + len(changes.renewed) == len(old.keys() - new.keys())
    assert len(changes.added) + len(changes.renewed) == len(new.keys() - old.keys())
    kept = old.keys() & new.keys()
    assert len(changes.changed) == sum(old[key] != new[key] for key in kept)
