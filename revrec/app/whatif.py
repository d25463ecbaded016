"""What if: the whole history again under another policy file, in scratch books, and what would be different.

The books themselves are only read. What the other file refuses is left out and listed with its reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from revrec.app.progress import Progress, Silent
from revrec.app.record import customer_of
from revrec.app.replay import Derived, Replay
from revrec.app.workspace import Workspace
from revrec.core import money
from revrec.core.errors import Refused
from revrec.core.journal import INCOME_ROLES, JournalEntry, Role
from revrec.core.policy import Tax, Terms
from revrec.core.post import record as post
from revrec.core.refund import quote
from revrec.core.report import Cell, Column, Kind, Table
from revrec.store.format import stored_event
from revrec.store.pins import Pins
from revrec.store.store import Store, StoredEvent, scratch
from revrec.wire import policies
from revrec.wire.context import Context
from revrec.wire.policies import PolicyFile

SHOWN = 20  # refused events that a screen lists; JSON lists all


class Measure(NamedTuple):
    """A figure of the comparison: the balance of some roles, moved in a month or (`stock`) standing at its end."""

    name: str
    roles: frozenset[Role]
    stock: bool = False
    sign: int = -1  # so that what is good news for its reader is positive: credit, for most


MEASURES = (
    Measure("revenue", INCOME_ROLES - {Role.BREAKAGE}),
    Measure("breakage", frozenset({Role.BREAKAGE})),
    Measure("output VAT", frozenset({Role.VAT_OUTPUT})),
    Measure("contract liability", frozenset({Role.CONTRACT_LIABILITY}), stock=True),
    Measure("refund liability", frozenset({Role.REFUND_LIABILITY}), stock=True),
    Measure("customer credit", frozenset({Role.CUSTOMER_CREDIT}), stock=True),
    Measure("client money", frozenset({Role.CLIENT_MONEY}), stock=True),
    Measure("VAT not yet due", frozenset({Role.VAT_OUTPUT_PENDING}), stock=True),
    Measure("owed by customers", frozenset({Role.RECEIVABLE, Role.CONTRACT_ASSET}), stock=True, sign=1),
)
REFUNDS = Measure("refunds owed", frozenset())  # quotes, no balance
COLUMNS = (
    Column("month", "Month", Kind.TEXT),
    Column("figure", "Figure", Kind.TEXT),
    Column("recorded", "As recorded"),
    Column("other", "What if"),
    Column("difference", "Difference"),
)
_MEASURE_OF: Mapping[Role, Measure] = {role: measure for measure in MEASURES for role in measure.roles}

Moves = dict[tuple[str, Measure], int]  # (month, figure) -> minor units


@dataclass(frozen=True, slots=True)
class Offers:
    """The other policy file as a catalogue: nothing was pinned before, every version counts as the file says it."""

    file: PolicyFile
    pins: Pins

    def terms(self, package: str, day: date) -> Terms:
        """What a sale of a package on a day would pin; Refused when the file does not sell it."""
        return self.pins.remember(self.file.terms(package, day))

    def tax(self, tax: str, day: date) -> Tax:
        """The version of a tax in force on a day; Refused for one that the file does not know."""
        return self.file.tax(tax, day)

    def sellable(self, tax: str, day: date) -> str:
        """The category of the tax of a one-off visit; Refused like `tax`."""
        return self.file.sellable(tax, day)

    def fee_tax(self, day: date) -> str | None:
        """The tax of a fee that is under no policy; Refused where the policies differ."""
        return self.file.fee_tax(day)


class Retrial(Replay):
    """Scratch books that grow as they would have under the other file."""

    def __init__(self, store: Store, scratch: Store, context: Context, file: PolicyFile) -> None:
        super().__init__(store, scratch, context)
        self.book.catalogue = Offers(file, scratch.pins)

    def _one(self, stored: StoredEvent, fields: dict[str, object]) -> Derived:
        self._set(stored.seq)
        event = self.decode(stored)
        try:
            done = post(self.book, event)
        except Refused as refusal:
            return Derived(stored, event, b"", refusal)
        customer = customer_of(self.book, event, done[-1])
        record = self.recorder.add(done, event, stored_event(stored.record), stored.content, customer, str(fields["at"]))
        return Derived(stored, event, record, None, done[-1].bundle, customer)


class LeftOut(NamedTuple):
    """An event that the other file, or the books that it leads to, refuse."""

    event: str
    source: str
    type: str
    date: date
    reason: str
    rule: str

    def to_json(self) -> dict[str, str]:
        """The event as JSON."""
        return {**self._asdict(), "date": self.date.isoformat()}

    def __str__(self) -> str:
        return f"  {self.date}  {self.event} ({self.type}): {self.reason} ({self.rule})"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The comparison: a row for each figure of a month that differs, and the events that were left out."""

    table: Table
    file: str
    events: int
    left_out: tuple[LeftOut, ...]

    @property
    def same(self) -> bool:
        """Whether nothing would be different."""
        return not self.table.rows and not self.left_out

    def to_json(self) -> dict[str, Any]:
        """The members of `whatif --json`."""
        left_out = [each.to_json() for each in self.left_out]
        return self.table.to_json() | {"events": self.events, "same": self.same, "left_out": left_out}

    def lines(self) -> Iterator[str]:
        """The comparison for a screen."""
        if self.same:
            yield f"no difference: under {self.file} the {self.events:,} recorded events lead to the same figures"
            return
        if self.table.rows:
            yield from self.table.lines()
        if self.left_out:
            yield f"{len(self.left_out):,} of {self.events:,} events are refused under {self.file} and left out:"
            yield from map(str, self.left_out[:SHOWN])
            if len(self.left_out) > SHOWN:
                yield f"  … and {len(self.left_out) - SHOWN:,} more: --json lists all"


def whatif(
    ws: Workspace, path: Path, since: date | None = None, until: date | None = None, progress: Progress | None = None
) -> WhatIf:
    """The history under the policy file `path`, compared from one day to another, both counted; nothing is written."""
    said, currency = progress or Silent(), ws.settings.currency
    file = policies.load(path, currency)
    ws.store.read_only = True  # this command cannot write, whatever happens

    def pinned(kind: str, content: bytes) -> object:
        return policies.restored(kind, content, currency)

    with ws.store.snapshot(), scratch(ws.settings.taxpayer, pinned) as other:
        count = ws.store.event_count
        said.start(f"replaying under {path.name}", count)
        left_out = tuple(_replayed(Retrial(ws.store, other, ws.context, file), said))
        said.done()
        said.start("comparing", None)
        last = _last_day(ws.store)
        mine, theirs = (_moves(store, since, until, last, currency) for store in (ws.store, other))
        said.done()
    return WhatIf(_table(mine, theirs, file.name, last, currency), file.name, count, left_out)


def _replayed(retrial: Retrial, progress: Progress) -> Iterator[LeftOut]:
    """Replay the history; the events that are left out."""
    for derived in retrial.run():
        progress.step()
        if derived.refusal is not None:
            stored, why = derived.stored, derived.refusal
            yield LeftOut(stored.id, stored.source, stored.type, stored.date, str(why), why.rule)


def _last_day(store: Store) -> date:
    """The day on which the refunds are quoted: the last that the recorded books have seen."""
    head = store.head()
    booked = max((day.date for day in store.days() if day.entries), default=date.min)
    return max(head.calendar or date.min, booked)


def _moves(store: Store, since: date | None, until: date | None, last: date, currency: str) -> Moves:
    """What moved each figure; the refunds owed at the end stand as one movement of their month."""
    found = moves(store.entries(date_to=until), since or date.min)
    found[f"{last:%Y-%m}", REFUNDS] = sum(quote(b, last, currency).amount for b in store.bundles() if b.sold_on <= last)
    return found


def moves(entries: Iterable[JournalEntry], since: date) -> Moves:
    """What entries move, by month and figure; what lies before `since` has the month ''."""
    found: Moves = defaultdict(int)
    for entry in entries:
        month = f"{entry.date:%Y-%m}" if entry.date >= since else ""
        for leg in entry.postings:
            measure = _MEASURE_OF.get(leg.role)
            if measure is not None:
                found[month, measure] += leg.amount * measure.sign
    return found


def figure(found: Moves, month: str, measure: Measure) -> int:
    """The movement of a month, or what stands at its end."""
    if not measure.stock:
        return found.get((month, measure), 0)
    return sum(amount for (each, what), amount in found.items() if what is measure and each <= month)


def _table(mine: Moves, theirs: Moves, file: str, last: date, currency: str) -> Table:
    """The rows that differ, by month, in the order of the figures."""
    months = sorted({month for month, _ in mine.keys() | theirs.keys()} - {""})
    pairs = ((month, m.name, figure(mine, month, m), figure(theirs, month, m)) for month in months for m in (*MEASURES, REFUNDS))
    rows = tuple((*pair, pair[3] - pair[2]) for pair in pairs if pair[2] != pair[3])
    notes = (*_totals(rows, currency), f"Refunds owed: what every open bundle would be paid back on {last}.")
    return Table("whatif", f"What if: the recorded history under {file}", currency, COLUMNS, rows, notes=notes)


def _totals(rows: Iterable[tuple[Cell, ...]], currency: str) -> Iterator[str]:
    """The sentence that adds up what moved, over all months: `In all: revenue -150.00, breakage 300.00.`."""
    total: dict[str, int] = defaultdict(int)
    for _, name, _, _, difference in rows:
        total[str(name)] += int(str(difference))
    flows = (measure.name for measure in MEASURES if not measure.stock)
    words = [f"{name} {money.text(total[name], currency)}" for name in flows if name in total]
    if words:
        yield f"In all: {', '.join(words)}."
