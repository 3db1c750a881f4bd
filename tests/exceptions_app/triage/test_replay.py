"""Any sequence of decisions and undos leaves what replaying the survivors leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from exceptions_app.errors import AlreadyUndone, StillAtWork
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import Watch
from exceptions_app.triage import bulk
from exceptions_app.triage.decide import respond, retire
from exceptions_app.triage.undo import undo
from exceptions_app.triage.undo_job import start_undo
from exceptions_app.triage.watching import end_watch, observe
from tests.cases import cases
from tests.exceptions_app.acts import make_policy
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting
from truscan.models.counts import FOREVER, NEVER, Sighting

PAIRS = st.sets(st.integers(0, 1), min_size=1)
ACTS = st.one_of(
    st.tuples(
        st.just("respond"), PAIRS, PAIRS, st.sampled_from(["ignore", "quarantine", "terminate"])
    ),
    st.tuples(st.just("retire"), PAIRS, PAIRS, st.none()),
    st.tuples(st.just("observe"), PAIRS, PAIRS, st.sampled_from([{}, {"occurrences": 9}])),
    st.tuples(st.just("end"), PAIRS, PAIRS, st.none()),
    st.tuples(st.just("bulk"), PAIRS, PAIRS, st.sampled_from(["ignore", "terminate"])),
    st.tuples(st.just("go_on"), st.integers(0, 3), st.none(), st.none()),
    st.tuples(st.just("undo"), st.integers(0, 20), st.none(), st.none()),
    st.tuples(st.just("undo_by_job"), st.integers(0, 20), st.none(), st.none()),
)


@dataclass
class Told:
    """What one decision says, absolute: it can be told again in any company."""

    exceptions: dict[tuple[int, int], str | None] = field(default_factory=dict)
    watches: dict[tuple[int, int], Any] = field(default_factory=dict)


def replay(told: list[Told]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    exceptions: dict[Any, Any] = {}
    watches: dict[Any, Any] = {}
    for one in told:
        exceptions.update(one.exceptions)
        watches.update(one.watches)
    return (
        {pair: said for pair, said in exceptions.items() if said is not None},
        {pair: said for pair, said in watches.items() if said is not None},
    )


@dataclass
class Life:
    """Two processes, two groups with a policy each, and everything that was decided."""

    processes: list[int]
    groups: list[Any]
    policies: list[Policy]
    told: dict[int, Told] = field(default_factory=dict)
    stands: dict[int, bool] = field(default_factory=dict)
    undoes: dict[int, int] = field(default_factory=dict)
    jobs: list[tuple[int, int, Any]] = field(default_factory=list)
    undo_jobs: list[int] = field(default_factory=list)

    def act(self, kind: str, whom: Any, where: Any, what: Any) -> None:
        if kind in {"undo", "undo_by_job"}:
            self.undo(whom, by_job=kind == "undo_by_job")
            return
        if kind == "go_on":
            self.go_on(whom)
            return
        processes = [self.processes[n] for n in sorted(whom)]
        places = sorted(where)
        told, decision = getattr(self, kind)(processes, places, what)
        if decision is not None:
            self.told[decision.pk] = told
            self.stands[decision.pk] = True

    def respond(self, processes: list[int], places: list[int], what: str) -> Any:
        policies = [self.policies[n] for n in places]
        result = respond(
            actor=SYSTEM,
            processes=processes,
            policies=policies,
            response=what,
            reason="x",
            now=NOW,
        )
        pairs = {(p, policy.pk): what for p in processes for policy in policies}
        return Told(exceptions=dict(pairs)), result.decision

    def bulk(self, processes: list[int], places: list[int], what: str) -> Any:
        """A job of one process a part, of which a worker writes the first; see `go_on`."""
        job = bulk.make_job(
            actor=SYSTEM, processes=processes, policies=[self.policies[n].pk for n in places],
            response=what, reason="x", now=NOW,
        )  # fmt: skip
        self.jobs.append((job.pk, job.decision_id, bulk._claim(job.pk, NOW)))
        self.go_on(len(self.jobs) - 1)
        return Told(), job.decision

    def go_on(self, number: int) -> None:
        """The next part of a job, whatever was decided and undone since the one before."""
        if self.jobs:
            pk, _, owner = self.jobs[number % len(self.jobs)]
            bulk._next_part(pk, owner, NOW)

    def retire(self, processes: list[int], places: list[int], what: None) -> Any:
        policies = [self.policies[n] for n in places]
        rows = ProcessException.objects.filter(
            process__in=processes, policy__in=policies, retired_at=None
        )
        pairs = {(row.process_id, row.policy_id): None for row in rows}
        if not pairs:
            return None, None
        ids = [row.pk for row in rows]
        result = retire(actor=SYSTEM, exceptions=ids, reason="x", now=NOW)
        return Told(exceptions=dict(pairs)), result.decision

    def observe(self, processes: list[int], places: list[int], what: dict[str, int]) -> Any:
        groups = [self.groups[n] for n in places]
        result = observe(
            actor=SYSTEM, processes=processes, groups=groups, reason="x", now=NOW, tripwires=what
        )
        none = {(p, self.policies[n].pk): None for p in processes for n in places}
        watches = {(p, group.pk): what for p in processes for group in groups}
        return Told(exceptions=dict(none), watches=dict(watches)), result.decision

    def end(self, processes: list[int], places: list[int], what: None) -> Any:
        groups = [self.groups[n].pk for n in places]
        rows = Watch.objects.filter(process__in=processes, group__in=groups, ended_at=None)
        pairs = {(row.process_id, row.group_id): None for row in rows}
        if not pairs:
            return None, None
        ids = [row.pk for row in rows]
        result = end_watch(actor=SYSTEM, watches=ids, reason="x", now=NOW)
        return Told(watches=dict(pairs)), result.decision

    def undo(self, number: int, *, by_job: bool) -> None:
        """By a job its parts are written later, between whatever else is decided."""
        known = sorted({*self.told, *self.undoes})
        if not known:
            return
        asked = known[number % len(known)]
        try:
            with transaction.atomic():
                act = start_undo if by_job else undo
                result = act(actor=SYSTEM, decision=Decision.objects.get(pk=asked), now=NOW)
        except (AlreadyUndone, StillAtWork):
            return
        undone = result.decision
        assert undone is not None
        assert undone.undoes_id is not None
        self.undoes[undone.pk] = undone.undoes_id
        if isinstance(result, BulkJob):
            self.jobs.append((result.pk, undone.pk, bulk._claim(result.pk, NOW)))
            self.undo_jobs.append(undone.pk)
        root = asked
        while root in self.undoes:
            root = self.undoes[root]
        self.stands[root] = not self.stands[root]

    def check(self) -> None:
        for pk, decision, owner in self.jobs:
            while decision in self.undo_jobs and bulk._next_part(pk, owner, NOW):
                pass
        for decision in {decision for _, decision, _ in self.jobs} - set(self.undo_jobs):
            items = DecisionItem.objects.filter(decision=decision, after__isnull=False)
            said = items.values_list("process", "policy", "after__response")
            self.told[decision] = Told(exceptions={(p, q): word for p, q, word in said})
        survivors = [self.told[pk] for pk in sorted(self.told) if self.stands[pk]]
        exceptions, watches = replay(survivors)
        rows = ProcessException.objects.filter(retired_at=None)
        assert {(r.process_id, r.policy_id): r.response for r in rows} == exceptions
        opened = Watch.objects.filter(ended_at=None)
        assert {(w.process_id, w.group_id): w.tripwires for w in opened} == watches
        flags = Decision.objects.filter(pk__in=self.told).values_list("pk", "undone_at")
        assert {pk: at is None for pk, at in flags} == self.stands
        for sighting in Sighting.objects.all():
            place = self.groups.index(sighting.group)
            covered = (sighting.process_id, self.policies[place].pk) in exceptions
            observed = (sighting.process_id, sighting.group_id) in watches
            assert sighting.covered_until == (FOREVER if covered else NEVER)
            assert sighting.observed_until == (FOREVER if observed else NEVER)


def start() -> Life:
    groups = [make_group("Global\\Sales"), make_group("Global\\Plant")]
    policies = [make_policy("Sales", "Global\\Sales"), make_policy("Plant", "Global\\Plant")]
    processes = [make_process("a.exe", "a"), make_process("b.exe", "b")]
    for process in processes:
        for group in groups:
            make_sighting(process, group)
    return Life([process.pk for process in processes], groups, policies)


@pytest.fixture(autouse=True)
def parts_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 1)


class TestReplay(TestCase):
    @given(st.lists(ACTS, max_size=12))
    @settings(max_examples=cases(45), deadline=None)
    def test_undo_leaves_what_the_survivors_leave(self, acts: list[Any]) -> None:
        life = start()
        for kind, whom, where, what in acts:
            life.act(kind, whom, where, what)
        life.check()


@pytest.mark.django_db
def test_the_order_of_decisions_counts_not_the_order_of_undos() -> None:
    life = start()
    life.act("respond", {0}, {0}, "ignore")
    life.act("observe", {0}, {0}, {})
    life.act("undo", 0, None, None)
    life.act("undo", 0, None, None)
    life.act("undo", 2, None, None)
    life.check()
