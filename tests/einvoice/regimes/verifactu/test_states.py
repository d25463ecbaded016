"""The life of a record: what an answer makes of it, and what comes next (AEAT's table of amendments)."""

from __future__ import annotations

import pytest
from lxml import etree

from einvoice.chain import Kind
from einvoice.regimes.verifactu.answer import Duplicate, Fault, Line, Operation, Source, Stored, Verdict
from einvoice.regimes.verifactu.build import Amendment
from einvoice.regimes.verifactu.states import (
    Cancellation,
    Filed,
    NothingRegistered,
    State,
    Step,
    StillOpen,
    amendment,
    answered,
    cancellation,
    faulted,
    step,
)
from tests.einvoice.regimes.verifactu.records import mixed_chain

ALTA, ANULACION = Kind.ALTA, Kind.ANULACION


def line(verdict: Verdict, code: str = "", stored: Stored | None = None, kind: Kind = ALTA) -> Line:
    return Line(*("B1", "F1", "01-01-2026"), Operation(kind), verdict, code, "", Duplicate("1", stored) if stored else None)


@pytest.mark.parametrize("doubtful", [False, True])
@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, State.ACCEPTED),
        (Verdict.ACCEPTED_WITH_ERRORS, State.ACCEPTED_WITH_ERRORS),
        (Verdict.REJECTED, State.REJECTED),
    ],
)
def test_a_plain_answer_is_taken_at_its_word(verdict: Verdict, state: State, doubtful: bool) -> None:
    assert answered(line(verdict, "1100"), doubtful=doubtful) is state


@pytest.mark.parametrize(
    ("stored", "state"),
    [
        (Stored.ACCEPTED, State.ACCEPTED),
        (Stored.ACCEPTED_WITH_ERRORS, State.ACCEPTED_WITH_ERRORS),
        (Stored.CANCELLED, State.ACCEPTED),
    ],
)
def test_after_a_lost_answer_a_duplicate_tells_what_became_of_the_record(stored: Stored, state: State) -> None:
    assert answered(line(Verdict.REJECTED, "3000", stored), doubtful=True) is state


def test_a_duplicate_of_something_we_never_sent_is_a_rejection_to_be_looked_at() -> None:
    state = answered(line(Verdict.REJECTED, "3000", Stored.ACCEPTED), doubtful=False)
    assert (state, step(state, "3000")) == (State.REJECTED, Step.LOOK)


def test_after_a_lost_answer_an_anulacion_that_is_done_already_is_accepted() -> None:
    done = line(Verdict.REJECTED, "3001", kind=ANULACION)
    assert answered(done, doubtful=True) is State.ACCEPTED
    assert answered(done, doubtful=False) is State.REJECTED


@pytest.mark.parametrize(
    ("code", "kind"), [("3001", ALTA), ("1100", ANULACION), ("3002", ANULACION), ("3000", ALTA), ("3000", ANULACION)]
)
def test_after_a_lost_answer_other_rejections_are_rejections(code: str, kind: Kind) -> None:
    assert answered(line(Verdict.REJECTED, code, kind=kind), doubtful=True) is State.REJECTED


def test_a_record_without_a_line_is_unknown_and_sent_again() -> None:
    assert answered(None, doubtful=False) is State.UNKNOWN
    assert step(State.UNKNOWN) is Step.RESEND


@pytest.mark.parametrize(
    ("source", "doubtful", "state"),
    [
        (Source.SERVER, False, State.UNKNOWN),
        (Source.SERVER, True, State.UNKNOWN),
        (Source.CLIENT, False, State.PENDING),
        (Source.CLIENT, True, State.UNKNOWN),
    ],
)
def test_a_refused_message_leaves_its_records_to_be_sent(source: Source, doubtful: bool, state: State) -> None:
    assert faulted(Fault(source, ""), doubtful=doubtful) is state


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        (State.PENDING, "", Step.SEND),
        (State.SENT, "", Step.WAIT),
        (State.ACCEPTED, "", Step.DONE),
        (State.ACCEPTED_WITH_ERRORS, "2000", Step.AMEND),
        (State.ACCEPTED_WITH_ERRORS, "2004", Step.DONE),
        (State.ACCEPTED_WITH_ERRORS, "2009", Step.DONE),
        (State.REJECTED, "1239", Step.AMEND),
        (State.REJECTED, "3001", Step.LOOK),
    ],
)
def test_every_state_has_a_next_step(state: State, code: str, expected: Step) -> None:
    assert step(state, code) is expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([(ALTA, State.REJECTED)], Amendment.UNKNOWN),
        ([(ALTA, State.REJECTED), (ALTA, State.REJECTED)], Amendment.UNKNOWN),
        ([(ALTA, State.ACCEPTED)], Amendment.ACCEPTED),
        ([(ALTA, State.ACCEPTED_WITH_ERRORS)], Amendment.ACCEPTED),
        ([(ALTA, State.ACCEPTED), (ALTA, State.REJECTED)], Amendment.REJECTED),
        ([(ALTA, State.ACCEPTED), (ALTA, State.REJECTED), (ALTA, State.ACCEPTED)], Amendment.ACCEPTED),
        ([(ALTA, State.REJECTED), (ALTA, State.ACCEPTED)], Amendment.ACCEPTED),
        ([(ALTA, State.ACCEPTED), (ANULACION, State.ACCEPTED)], Amendment.ACCEPTED),
        ([(ALTA, State.ACCEPTED), (ANULACION, State.REJECTED)], Amendment.ACCEPTED),
    ],
)
def test_an_amendment_says_what_became_of_the_records_before(history: list[tuple[Kind, State]], expected: Amendment) -> None:
    assert amendment([Filed(*each) for each in history]) is expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([(ALTA, State.ACCEPTED)], Cancellation(unregistered=False, rejected=False)),
        ([(ALTA, State.REJECTED)], Cancellation(unregistered=True, rejected=False)),
        ([(ALTA, State.ACCEPTED), (ANULACION, State.REJECTED)], Cancellation(unregistered=False, rejected=True)),
        ([(ALTA, State.REJECTED), (ANULACION, State.REJECTED)], Cancellation(unregistered=True, rejected=True)),
    ],
)
def test_an_anulacion_says_what_became_of_the_records_before(history: list[tuple[Kind, State]], expected: Cancellation) -> None:
    assert cancellation([Filed(*each) for each in history]) == expected


@pytest.mark.parametrize("state", [State.PENDING, State.SENT, State.UNKNOWN])
def test_nothing_is_amended_or_taken_back_before_its_answer(state: State) -> None:
    with pytest.raises(StillOpen, match=state):
        amendment([Filed(ALTA, State.REJECTED), Filed(ALTA, state)])
    with pytest.raises(StillOpen, match=state):
        cancellation([Filed(ALTA, state)])


def test_what_was_never_registered_cannot_be_amended() -> None:
    with pytest.raises(NothingRegistered, match="register it first"):
        amendment([])


def test_the_cancelled_record_stays_in_the_chain() -> None:
    last = mixed_chain()[-1]
    assert etree.fromstring(last.xml).tag.endswith("RegistroAnulacion")
    assert last.previous is not None
