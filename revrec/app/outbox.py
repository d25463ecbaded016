"""The outbox of the tax authority's records: what stands open, derived from what was sent and what came back.

A message covers records `first` to `last` of the chain. What an answer means is einvoice's business (`states.py`); here it is
folded over all messages in order, so that the states kept beside them can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from einvoice.chain import Kind, Record
from einvoice.regimes.verifactu import answer as answers
from einvoice.regimes.verifactu import states
from einvoice.regimes.verifactu.answer import Answer, Fault, NoAnswer
from einvoice.regimes.verifactu.build import day
from revrec.store import statements
from revrec.store.papers import Answer as Kept
from revrec.store.papers import Kept as Row
from revrec.store.papers import Message, Papers, State

OPEN = frozenset(map(states.State, statements.OPEN))


class Outcome(StrEnum):
    """How the sending of a message ended."""

    ANSWERED = "answered"
    FAULT = "fault"
    UNKNOWN = "unknown"  # it may have arrived
    NOT_SENT = "not-sent"  # surely nothing arrived


class Link(NamedTuple):
    """What of a record an answer is matched by: its place, kind, number and day."""

    place: int
    record: Record


def link(row: Row, taxpayer: str) -> Link:
    """A stored record as answers name it."""
    issued_on = day(date.fromisoformat(row.issued_on))
    kind = Kind(row.kind)
    return Link(row.place, Record(kind, taxpayer, row.number, issued_on, "", "", "", None, row.generated_at, row.huella, b""))


def after(before: Mapping[int, State], message: Message, outcome: Outcome, said: bytes, links: Sequence[Link]) -> list[State]:
    """Where the records of a message stand after what came back for it; `before` is where they stood."""
    if outcome is Outcome.NOT_SENT:
        return [
            State(each.place, _before(before, each.place).value, text=said.decode(errors="replace"), message=message.message)
            for each in links
        ]
    if outcome is Outcome.UNKNOWN:
        text = said.decode(errors="replace")[:500]
        return [State(each.place, states.State.UNKNOWN.value, text=text, message=message.message) for each in links]
    try:
        parsed = answers.parse(said)
    except NoAnswer as error:
        return [State(each.place, states.State.UNKNOWN.value, text=str(error), message=message.message) for each in links]
    if isinstance(parsed, Fault):
        return [_faulted(before, each.place, parsed, message) for each in links]
    return list(_answered(before, parsed, message, links))


def _faulted(before: Mapping[int, State], place: int, fault: Fault, message: Message) -> State:
    state = states.faulted(fault, doubtful=_doubtful(before, place))
    return State(place, state.value, fault.code, fault.message, message.message)


def _answered(before: Mapping[int, State], answer: Answer, message: Message, links: Sequence[Link]) -> Iterator[State]:
    lines = answers.pair([each.record for each in links], answer)
    for each, line in zip(links, lines, strict=True):
        state = states.answered(line, doubtful=_doubtful(before, each.place))
        code, text = (line.code, line.message) if line else ("", "the answer has no line for it")
        if line and state in (states.State.ACCEPTED, states.State.ACCEPTED_WITH_ERRORS) and line.duplicate:
            code, text = line.duplicate.code, line.duplicate.message
        yield State(each.place, state.value, code, text, message.message)


def _before(before: Mapping[int, State], place: int) -> states.State:
    row = before.get(place)
    return states.State(row.state) if row else states.State.PENDING


def _doubtful(before: Mapping[int, State], place: int) -> bool:
    """Whether an earlier sending of the record remained without an answer."""
    return _before(before, place) in (states.State.UNKNOWN, states.State.SENT)


def derived(papers: Papers, taxpayer: str) -> dict[int, State]:
    """Where every record stands, made again from what was sent and what came back."""
    found: dict[int, State] = {}
    rows = {row.place: link(row, taxpayer) for row in papers.records()}
    came_back = {each.message: each for each in papers.answers()}
    for message in papers.messages():
        links = [rows[place] for place in range(message.first, message.last + 1)]
        for state in _folded(papers, found, message, came_back.get(message.message), links):
            found[state.place] = state
    return found


def _folded(
    papers: Papers, before: Mapping[int, State], message: Message, answer: Kept | None, links: Sequence[Link]
) -> list[State]:
    if answer is None:
        return sent(message, links)
    said = papers.unseal("", f"answer {message.message}", answer.content) or b""
    return after(before, message, Outcome(answer.outcome), said, links)


def sent(message: Message, links: Iterable[Link]) -> list[State]:
    """Records on their way: after a crash nothing more is known of them."""
    return [State(each.place, states.State.SENT.value, message=message.message) for each in links]


def strays(papers: Papers, taxpayer: str) -> tuple[str, ...]:
    """The records whose state is not what messages and answers say; the text of one may have gone with its person."""
    kept, made = papers.states(), derived(papers, taxpayer)
    for place, state in kept.items():
        if not state.text and place in made:
            made[place] = made[place]._replace(text="")
    return tuple(f"record {place}" for place in sorted(kept.keys() | made.keys()) if kept.get(place) != made.get(place))


def moment(text: str) -> datetime:
    """A stored instant."""
    return datetime.fromisoformat(text)
