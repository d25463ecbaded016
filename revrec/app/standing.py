"""Where submission stands: how many records in each state, what is stuck and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from einvoice.regimes.verifactu import codes, states
from revrec.app import outbox
from revrec.app.outbox import Outcome
from revrec.app.shut import words
from revrec.app.submit import next_message_at
from revrec.app.workspace import Workspace
from revrec.store.papers import Kept, Papers, State


@dataclass(frozen=True, slots=True)
class Stuck:
    """A record that people must look at: what the tax authority said, and what to do."""

    place: int
    number: str
    state: State
    means: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where the outbox stands: how many records in each state, what is stuck, when the next message may go."""

    counts: dict[str, int]
    stuck: tuple[Stuck, ...]
    waiting: int
    oldest: datetime | None
    incident: bool
    again_at: datetime | None
    now: datetime

    def to_json(self) -> dict[str, Any]:
        """The members of `submit --status --json`."""
        return {
            "counts": self.counts,
            "waiting": self.waiting,
            "oldest": self.oldest.isoformat() if self.oldest else None,
            "incident": self.incident,
            "again_at": self.again_at.isoformat() if self.again_at else None,
            "stuck": [
                {
                    "record": s.place,
                    "number": s.number,
                    "state": s.state.state,
                    "code": s.state.code,
                    "means": s.means,
                    "remedy": s.remedy,
                }
                for s in self.stuck
            ],
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.incident:
            yield f"INCIDENT: the tax authority cannot be reached; {self.waiting:,} records wait and go as soon as it can"
        if not self.counts:
            yield "no record was generated yet"
        for state, count in self.counts.items():
            yield f"{state:<22} {count:>8,}"
        if self.oldest is not None:
            yield f"the oldest that waits was generated {self.now - self.oldest} ago"
        if self.again_at is not None:
            yield f"the next message may go at {self.again_at:%Y-%m-%d %H:%M:%S %Z}"
        for each in self.stuck:
            yield f"record {each.place}, {each.number}: {each.state.state} {each.state.code}: {each.means}"
            yield f"  {each.state.text}. {each.remedy}" if each.state.text else f"  {each.remedy}"


def status(ws: Workspace, *, now: datetime) -> Status:
    """Where every record stands."""
    papers = Papers(ws.store)
    found = papers.states()
    counts: dict[str, int] = {}
    stuck, open_ = list[Stuck](), list[Kept]()
    latest = dict(papers.latest_records())
    for row in papers.records():
        state = found.get(row.place) or State(row.place, states.State.PENDING.value)
        counts[state.state] = counts.get(state.state, 0) + 1
        if states.State(state.state) in outbox.OPEN:
            open_.append(row)
        if latest[row.number] == row.place and _is_stuck(state):
            error = codes.error(state.code)
            shown = state._replace(text=words(ws.store, row, state))
            stuck.append(Stuck(row.place, row.number, shown, error.en, error.remedy))
    last = papers.last_answer()
    incident = bool(open_) and last is not None and last.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
    oldest = min((datetime.fromisoformat(row.generated_at) for row in open_), default=None)
    again = next_message_at(papers, len(open_), now) if open_ else None
    return Status(counts, tuple(stuck), len(open_), oldest, incident, again, now)


def _is_stuck(state: State) -> bool:
    """Whether people must do something: amend it, look at the tax authority, or mend the message that was refused."""
    known = states.State(state.state)
    refused = known is states.State.PENDING and bool(state.code)
    return refused or states.step(known, state.code) in (states.Step.AMEND, states.Step.LOOK)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next message would carry."""

    rows: tuple[Kept, ...]
    again_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The members of `submit --dry-run --json`."""
        records = [{"record": row.place, "kind": row.kind, "number": row.number, "amends": row.amends} for row in self.rows]
        return {"records": records, "at": self.again_at.isoformat() if self.again_at else None}

    def lines(self) -> Iterator[str]:
        """For people."""
        for row in self.rows:
            amends = f", amends ({row.amends})" if row.amends else ""
            yield f"record {row.place}: {row.kind} {row.number}, generated at {row.generated_at}{amends}"
        when = f", at {self.again_at:%Y-%m-%d %H:%M:%S %Z} or later" if self.again_at else ""
        yield f"{len(self.rows):,} records would be sent{when}"


def plan(ws: Workspace, *, now: datetime) -> Plan:
    """The records that wait, in the order in which they would be sent."""
    papers = Papers(ws.store)
    rows = tuple(row for row, _ in papers.open_records())
    return Plan(rows, next_message_at(papers, len(rows), now) if rows else None)
