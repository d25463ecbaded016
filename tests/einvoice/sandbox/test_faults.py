"""Misbehaviour on demand, and that a sender who follows `states` gets every record there exactly once all the same."""

from __future__ import annotations

import pytest
from lxml import etree

from einvoice.regimes.verifactu.answer import Answer, Fault, Source, pair
from einvoice.regimes.verifactu.states import State, answered, faulted
from einvoice.regimes.verifactu.submit import Unreadable
from einvoice.regimes.verifactu.submit import send as submit
from einvoice.sandbox.aeat.message import envelope as wrapped
from einvoice.sandbox.faults import PASSING, Kind, NoSuchFault, Plan
from einvoice.sandbox.faults import Fault as Wrong
from einvoice.sandbox.server import Reply
from einvoice.transport import CertificateUnknown, Dropped, Limits, NotSent, NotSoap, TimedOut, Transport, Unknown
from tests.einvoice.sandbox.people import envelope, until

STORED_BUT_UNKNOWN = {Kind.DROP_AFTER: Dropped, Kind.GARBAGE: NotSoap, Kind.TRUNCATED: Dropped}
NOTHING_STORED = {Kind.DROP_BEFORE: Dropped, Kind.ERROR: NotSoap, Kind.REDIRECT: CertificateUnknown}


@pytest.mark.parametrize(("kind", "error"), [*STORED_BUT_UNKNOWN.items(), *NOTHING_STORED.items()])
def test_a_lost_answer_has_a_name_and_says_whether_something_may_be_stored(kind, error, clinic, transport, url, office):
    office.plan.add(Wrong.of(kind))
    with pytest.raises(error) as caught:
        submit(envelope(clinic.alta("X-1")), url, transport)
    assert len(office.records()) == (kind in STORED_BUT_UNKNOWN)
    assert isinstance(caught.value, NotSent if kind is Kind.REDIRECT else Unknown)


def test_a_slow_answer_is_waited_for_or_not(clinic, transport, url, office, owner, trust, clock):
    office.plan.add(Wrong.of(Kind.SLOW, 0.2), Wrong.of(Kind.SLOW, 30))
    assert isinstance(submit(envelope(clinic.alta("X-1")), url, transport).said, Answer)
    clock.move(60)
    with pytest.raises(TimedOut):
        submit(envelope(clinic.alta("X-2")), url, Transport(owner, trust=trust, limits=Limits(answer=0.2)))
    until(lambda: len(office.records()) == 2)
    assert [record.answered for record in office.records()] == [True, False]


@pytest.mark.parametrize(("kind", "source", "code"), [(Kind.SERVER, Source.SERVER, ""), (Kind.CLIENT, Source.CLIENT, "4102")])
def test_a_soap_fault_is_an_answer(kind, source, code, clinic, transport, url, office):
    office.plan.add(Wrong.of(kind))
    said = submit(envelope(clinic.alta("X-1")), url, transport).said
    assert isinstance(said, Fault)
    assert (said.source, said.code) == (source, code)
    assert office.attempts() == ()


def test_a_partial_rejection_spares_every_second_record(clinic, transport, url, office):
    office.plan.add(Wrong.of(Kind.PARTIAL, 1112))
    said = submit(envelope(*clinic.altas(4)), url, transport).said
    assert (said.outcome, [line.code for line in said.lines]) == ("ParcialmenteCorrecto", ["1112", "", "1112", ""])
    assert [record.key.number for record in office.records()] == ["F-2", "F-4"]


def test_a_duplicate_is_one_that_came_before_unanswered(clinic, transport, url, office):
    office.plan.add(Wrong.of(Kind.DUPLICATE))
    said = submit(envelope(clinic.alta("X-1")), url, transport).said
    assert (said.lines[0].code, said.lines[0].duplicate.stored) == ("3000", "Correcta")
    assert (len(office.records()), office.violations()) == (1, ())


def test_another_waiting_time_is_asked_for_and_kept(clinic, transport, url, office, clock):
    office.plan.add(Wrong.of(Kind.WAIT, 300))
    assert submit(envelope(clinic.alta("X-1")), url, transport).said.wait_seconds == 300
    clock.move(298)
    assert isinstance(submit(envelope(clinic.alta("X-2")), url, transport).said, Fault)
    clock.move(2)
    assert submit(envelope(clinic.made[1]), url, transport).said.wait_seconds == 60


def test_a_clock_that_is_ahead_finds_records_late(clinic, transport, url, office):
    office.plan.add(Wrong.of(Kind.SKEW, 3600))
    said = submit(envelope(clinic.alta("X-1")), url, transport).said
    assert (said.lines[0].code, said.presented_at) == ("2004", "2026-03-02T13:00:00+01:00")


def test_an_envelope_that_answers_nothing_is_unknown_with_its_bytes(clinic, transport, url, monkeypatch, office):
    monkeypatch.setattr(office, "answer", lambda _call: Reply(wrapped(etree.Element("other"))))
    with pytest.raises(Unreadable) as caught:
        submit(envelope(clinic.alta("X-1")), url, transport)
    assert caught.value.raw.endswith(b"</env:Envelope>")
    assert isinstance(caught.value, Unknown)


def test_faults_are_read_from_text():
    assert Wrong.read("slow=0.5") == Wrong(Kind.SLOW, 0.5)
    assert Wrong.read("5xx") == Wrong(Kind.ERROR, 503)
    for text in ("slowly", "slow=fast", ""):
        with pytest.raises(NoSuchFault, match="use one of slow"):
            Wrong.read(text)


def test_a_seed_plays_the_same_faults_again():
    plans = [Plan(rate=0.5, seed=7) for _ in range(2)]
    first, second = ([plan.next() for _ in range(50)] for plan in plans)
    assert first == second
    assert 10 < sum(fault is not None for fault in first) < 40


@pytest.mark.parametrize("seed", range(6))
def test_under_random_faults_every_record_arrives_exactly_once_and_in_order(seed, clinic, owner, trust, url, office, clock):
    """A plain sender: one message at a time, at the pace told, the same bytes again until they are answered."""
    office.plan = Plan(rate=0.6, seed=seed, kinds=[kind for kind in PASSING if kind is not Kind.SLOW])
    transport = Transport(owner, trust=trust, limits=Limits(answer=10))
    for start in range(5):
        records = [clinic.alta(f"M{start}-{n}") for n in range(3)]
        states, doubtful = [State.PENDING] * 3, False
        while any(state is not State.ACCEPTED for state in states):
            try:
                said = submit(envelope(*records, incident=True), url, transport).said
            except Unknown:
                states, doubtful = [State.UNKNOWN] * 3, True
            except NotSent:
                pass
            else:
                if isinstance(said, Answer):
                    states = [answered(line, doubtful=doubtful) for line in pair(records, said)]
                else:
                    states, doubtful = [faulted(said, doubtful=doubtful)] * 3, True
            clock.move(130)
    assert [record.huella for record in office.records()] == [record.huella for record in clinic.made]
    assert office.violations() == ()
