"""R10, the trace: every posting with its fact, its bundle, the units used and the contract liability after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from revrec.core import units
from revrec.core.book import Kind as Moved
from revrec.core.dates import DAY
from revrec.core.events import Event
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import Question, Records, legs_of

_USES = frozenset({Moved.SESSION, Moved.SESSION_UNDONE})
COLUMNS = (
    Column("entry", "Entry", Kind.TEXT),
    Column("posted_on", "Posted", Kind.DATE),
    Column("role", "Account", Kind.TEXT),
    Column("amount", "Amount"),
    Column("bundle", "Bundle", Kind.TEXT, sparse=True),
    Column("used", "Used", Kind.TEXT, sparse=True),
    Column("liability_after", "Contract liability after"),
    Column("rule", "Rule", Kind.TEXT),
    Column("event", "Event", Kind.TEXT),
    Column("effective_on", "Effective", Kind.DATE),
    Column("recorded_on", "Recorded", Kind.DATE),
    Column("actor", "Actor", Kind.TEXT, sparse=True),
    Column("reason", "Reason", Kind.TEXT, sparse=True),
    Column("policy", "Policy", Kind.TEXT, sparse=True),
    Column("session", "Session", Kind.TEXT, sparse=True),
    Column("branch", "Branch", Kind.TEXT, sparse=True),
    Column("corrects", "Corrects", Kind.TEXT, sparse=True),
    Column("invoice", "Invoice", Kind.TEXT, sparse=True),
)


@dataclass(slots=True)
class _Tale:
    """What has happened to each bundle so far: units used and contract liability, in the order of posting."""

    records: Records
    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    liability: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    moves: dict[str, dict[int, int]] = field(default_factory=dict)  # units by entry, of each bundle met

    def take(self, entry: JournalEntry) -> None:
        """One more entry."""
        for name in {leg.bundle or entry.bundle for leg in entry.postings} - {None}:
            assert name is not None
            self.used[name] += self._units(name).get(entry.number, 0)
        for leg in entry.postings:
            if leg.role is Role.CONTRACT_LIABILITY:
                self.liability[leg.bundle or entry.bundle or ""] -= leg.amount

    def _units(self, bundle: str) -> Mapping[int, int]:
        found = self.moves.get(bundle)
        if found is None:
            found = self.moves[bundle] = defaultdict(int)
            for movement in self.records.movements(bundle):
                if movement.kind in _USES and movement.entry:
                    found[movement.entry] += movement.units
        return found


class _Line(NamedTuple):
    """One posting and where its bundle stood after its entry."""

    entry: JournalEntry
    leg: Posting
    bundle: str | None
    used: str | None
    liability: int | None


def report(records: Records, asked: Question, born: Mapping[int, str] = {}) -> Table:
    """Every posting of the period in order of date, from fact to balance; `born` names the documents of an entry."""
    lines = list(_lines(records, asked))
    recorded = records.recorded(list(dict.fromkeys(line.entry.number for line in lines)))
    rows = tuple(_told(records, lines, recorded, born))
    roles = (Role.CONTRACT_LIABILITY,)
    moved = records.balance(roles, asked.last, asked.branch) - records.balance(roles, asked.first - DAY, asked.branch)
    listed = sum(line.leg.amount for line in lines if line.leg.role in roles)
    tie = Tie("Movement of contract-liability in the ledger", moved, "postings listed", listed)
    title = f"Postings from {asked.first} to {asked.last}"
    notes = ("`revrec trace ID` follows one id in both directions.",)
    return Table("trace", title, records.currency, COLUMNS, rows, None, (tie,), notes)


def _lines(records: Records, asked: Question) -> Iterator[_Line]:
    sold, tale = {bundle.id: bundle.units for bundle in records.bundles()}, _Tale(records)
    for entry in records.entries(asked.last):
        tale.take(entry)
        for leg in legs_of(entry, asked.branch) if entry.date >= asked.first else ():
            bundle = leg.bundle or entry.bundle
            used = f"{units.text(tale.used[bundle])}/{units.text(sold[bundle])}" if bundle in sold and bundle else None
            yield _Line(entry, leg, bundle, used, tale.liability[bundle] if bundle else None)


def _told(
    records: Records, lines: Iterable[_Line], recorded: Mapping[int, date], born: Mapping[int, str]
) -> Iterator[tuple[Cell, ...]]:
    """The rows; a fact is read once for all the postings of its entry."""
    seen: tuple[int, Event | None] = (0, None)
    for line in lines:
        entry = line.entry
        if seen[0] != entry.number:
            seen = entry.number, records.fact(entry)
        yield (*_row(line, seen[1], recorded.get(entry.number)), born.get(entry.number))


def _row(line: _Line, fact: Event | None, recorded: date | None) -> tuple[Cell, ...]:
    entry, leg = line.entry, line.leg
    return (
        f"E-{entry.number}",
        entry.date,
        leg.role.value,
        leg.amount,
        line.bundle,
        line.used,
        line.liability,
        entry.rule,
        entry.event,
        entry.effective or entry.date,
        recorded,
        fact.actor if fact else None,
        reason_of(fact),
        entry.policy,
        entry.session,
        leg.branch or entry.branch,
        f"E-{entry.corrects}" if entry.corrects else None,
    )


def reason_of(fact: Event | None) -> str | None:
    """The reason that a fact states in the clear; free text is sealed with the customer's data."""
    if fact is None:
        return None
    exception = getattr(fact.data, "exception", None)
    reason = getattr(fact.data, "reason", None) or getattr(exception, "reason", None)
    return str(reason) if reason else None
