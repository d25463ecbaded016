"""The life of a record at the tax office: pending, sent, answered; and what a mended record must say of its past.

Nothing here sends or stores: an outbox asks what comes next and writes it down (AEAT, Descripción SWeb; Orden HAC/1177/2024
art. 16).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from einvoice.chain import Kind
from einvoice.errors import EinvoiceError
from einvoice.regimes.verifactu.answer import Fault, Line, Source, Stored, Verdict
from einvoice.regimes.verifactu.build import Amendment

DUPLICATE = "3000"
ALREADY_CANCELLED = "3001"
_NOTHING_TO_MEND = {"2004", "2009"}  # clock and IPSI: AEAT asks for no amendment


class StillOpen(EinvoiceError):
    """A record of the invoice has no answer yet, so that what an amendment must say of it is not known."""


class NothingRegistered(EinvoiceError):
    """No record of the invoice was ever generated: there is nothing to amend or to take back."""


class State(StrEnum):
    """What we know of a record; the chain goes on whatever it is."""

    PENDING = "pending"  # generated, never sent
    SENT = "sent"  # on its way: a process that finds it so after a restart knows no more than UNKNOWN
    UNKNOWN = "unknown"  # sent, the answer was lost
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted-with-errors"
    REJECTED = "rejected"


class Step(StrEnum):
    """What comes next for a record."""

    SEND = "send"
    WAIT = "wait"
    RESEND = "resend"  # the very same bytes
    AMEND = "amend"  # generate a new record with `amendment()`, chained to the last one generated
    LOOK = "look"  # a duplicate of something we did not send: see at the tax office what it has
    DONE = "done"


class Filed(NamedTuple):
    """One record of an invoice and what became of it."""

    kind: Kind
    state: State


class Cancellation(NamedTuple):
    """What an anulación must say of the past: keywords of `build.cancel`."""

    unregistered: bool
    rejected: bool


_STEPS = {
    State.PENDING: Step.SEND,
    State.SENT: Step.WAIT,
    State.UNKNOWN: Step.RESEND,
    State.ACCEPTED: Step.DONE,
}
_OF_STORED = {
    Stored.ACCEPTED: State.ACCEPTED,
    Stored.ACCEPTED_WITH_ERRORS: State.ACCEPTED_WITH_ERRORS,
    Stored.CANCELLED: State.ACCEPTED,  # it was taken, and a later anulación too
}
_OF_VERDICT = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.ACCEPTED_WITH_ERRORS: State.ACCEPTED_WITH_ERRORS,
    Verdict.REJECTED: State.REJECTED,
}


def answered(line: Line | None, *, doubtful: bool) -> State:
    """The state of a record after the answer to its message; `line` is None where the answer has none for it.

    `doubtful`: an earlier sending of the same bytes remained without answer. Only then does a duplicate tell that the record
    had arrived, and its stored state is adopted; otherwise another system holds the number.
    """
    if line is None:
        return State.UNKNOWN
    if line.verdict is Verdict.REJECTED and doubtful:
        if line.code == ALREADY_CANCELLED and line.operation.kind is Kind.ANULACION:
            return State.ACCEPTED
        if line.code == DUPLICATE and line.duplicate is not None:
            return _OF_STORED[line.duplicate.stored]
    return _OF_VERDICT[line.verdict]


def faulted(fault: Fault, *, doubtful: bool) -> State:
    """The state of the records of a message that was refused as a whole: nothing of it was stored.

    A server's fault may come after the records were stored, so that they become doubtful; a client's comes before.
    """
    return State.UNKNOWN if fault.source is Source.SERVER or doubtful else State.PENDING


def step(state: State, code: str = "") -> Step:
    """What comes next for a record in a state; `code` is the error of its answer, if it had one."""
    match state:
        case State.ACCEPTED_WITH_ERRORS:
            return Step.DONE if code in _NOTHING_TO_MEND else Step.AMEND
        case State.REJECTED:
            return Step.LOOK if code in {DUPLICATE, ALREADY_CANCELLED} else Step.AMEND
        case _:
            return _STEPS[state]


def amendment(history: Sequence[Filed]) -> Amendment:
    """What a new alta of an invoice says of its earlier records, in the order of generation.

    After an accepted anulación it registers the invoice again. StillOpen while one has no answer, NothingRegistered without any.
    """
    _settled(history)
    if not _registered(history):
        return Amendment.UNKNOWN
    return Amendment.REJECTED if _last_rejected(history, Kind.ALTA) else Amendment.ACCEPTED


def cancellation(history: Sequence[Filed]) -> Cancellation:
    """What an anulación of an invoice says of its earlier records; errors as `amendment`."""
    _settled(history)
    return Cancellation(not _registered(history), _last_rejected(history, Kind.ANULACION))


def _settled(history: Sequence[Filed]) -> None:
    if not history:
        raise NothingRegistered("the invoice has no record yet: register it first")
    for filed in history:
        if filed.state in {State.PENDING, State.SENT, State.UNKNOWN}:
            raise StillOpen(f"a record ({filed.kind}) of the invoice is {filed.state}: wait for the tax office's answer to it")


def _registered(history: Sequence[Filed]) -> bool:
    """Whether the tax office ever took an alta of the invoice."""
    return any(filed.kind is Kind.ALTA and filed.state is not State.REJECTED for filed in history)


def _last_rejected(history: Sequence[Filed], kind: Kind) -> bool:
    last = [filed for filed in history if filed.kind is kind][-1:]
    return bool(last) and last[0].state is State.REJECTED
