"""A trace as tables: what is shown of each thing of a chain, every id a link to its own chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.trace import BundleView, EventView, MoneyView, SessionView, Trace
from revrec.core.rules import RULES
from revrec.fava.frame import discreet
from revrec.fava.parts import Cell, Column, Grid, TieLine

if TYPE_CHECKING:
    from revrec.app.entries import EntryView
    from revrec.app.trail import DocumentView, RecordView, WaitingView
    from revrec.fava.goto import Goto

MOST = 200  # rows of one kind: the chain of a customer of many years may have more
EXPLAINED = 12  # entries whose amounts are worked out on one page; each of the others has a page of its own
_NONE = Cell("–")
_DIGEST = 16  # characters of a digest that are shown; the whole one stands where the mouse rests
# How a state of the tax authority reads at a glance, any other as on its way; the words are the state's own.
_STATES = {"accepted": "good", "rejected": "bad"}


class Leg(NamedTuple):
    """One leg of an entry: its role, its side and amount, and how it came about (empty: not worked out here)."""

    role: str
    side: str
    amount: str
    formula: str


Legs = Callable[["EntryView", bool], Iterable[Leg]]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with its rule in words, where it stands, and what it belongs to."""

    cell: Cell
    journal: str
    date: str
    rule: str
    says: str
    source: str
    place: str
    legs: tuple[Leg, ...]
    links: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that hangs together with one id; `choices` are the things that an id of several names."""

    id: str
    kind: str = ""
    sorry: str = ""
    choices: tuple[Cell, ...] = ()
    strip: tuple[Cell, ...] = ()
    before: tuple[Grid, ...] = ()
    entries: tuple[Entry, ...] = ()
    after: tuple[Grid, ...] = ()
    ties: tuple[TieLine, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def subtitle(self) -> str:
        """What the chain is of."""
        return f"{self.kind} {self.id}" if self.kind else "from any id to the whole chain and back"


@dataclass(frozen=True, slots=True)
class ChainMaker:
    """Makes the tables of a trace; `legs` works out the legs of an entry."""

    goto: Goto
    legs: Legs

    def chain(self, found: Trace) -> Chain:
        """The whole chain of an id."""
        return Chain(
            id=found.id,
            kind=found.kind,
            strip=tuple(self._strip(found)),
            before=tuple(grid for grid in self._before(found) if grid.rows),
            entries=tuple(self._entry(view, place < EXPLAINED) for place, view in enumerate(found.entries[:MOST])),
            after=tuple(grid for grid in self._after(found) if grid.rows),
            notices=tuple(_left_out(found)),
        )

    def _strip(self, found: Trace) -> Iterator[Cell]:
        """How many things of each kind, each a jump to its table."""
        for name, one, many, count in _kinds(found):
            if count:
                yield Cell(f"{count} {one if count == 1 else many}", f"#{name}")

    def _before(self, found: Trace) -> Iterator[Grid]:
        bundle, money, session, event = (
            ("Contract", "Sold", "Customer", "Package", "Policy", "Event of the sale", "Entries"),
            ("Payment or refund", "Date", "Amount", "Event", "Entry", "Taken back by"),
            ("Session", "Date", "Units", "Bundle", "Event", "Revenue", "Why"),
            ("Event", "Type", "Date", "Number", "Recorded", "By", "Chain digest"),
        )
        yield _grid("contracts", "Sale", bundle, map(self._bundle, found.bundles))
        yield _grid("money", "Payments and refunds", money, map(self._money, found.money))
        yield _grid("sessions", "Sessions", session, map(self._session, found.sessions))
        yield _grid("facts", "Events", event, map(self._event, found.events))

    def _after(self, found: Trace) -> Iterator[Grid]:
        document = ("Invoice", "Kind", "Issued", "Total", "Event", "Entry", "Corrects", "Corrected by")
        record = ("Record", "Invoice", "Kind", "Generated", "Huella", "Message", "Sent", "Tax office", "What it said")
        waiting = ("Document that waits", "For", "Total", "Operation", "Event", "Why")
        yield _grid("documents", "Documents", document, map(self._document, found.documents))
        records = (self._record(each, record) for each in found.documents for record in each.records)
        yield _grid("records", "Records, what was sent and what came back", record, records)
        yield _grid("waiting", "Documents that wait for a number", waiting, map(self._waiting, found.waiting))

    def _to(self, kind: str, ref: str | None) -> Cell:
        """An id that leads to its own chain."""
        return Cell(ref, self.goto.trace(f"{kind}:{ref}"), f"the chain of {kind} {ref}") if ref else _NONE

    def _customer(self, view: BundleView) -> Cell:
        now = "" if view.customer == view.buyer else f", now {view.customer}'s"
        return self._to("customer", view.buyer)._replace(text=f"{view.buyer}{now}")

    def _bundle(self, view: BundleView) -> tuple[Cell, ...]:
        journal = Cell("in the journal", self.goto.bundle(view.id), f"the entries of bundle {view.id} in the journal")
        middle = (Cell(f"{view.sold_on}"), self._customer(view), Cell(view.package), Cell(view.policy))
        return (self._to("bundle", view.id), *middle, self._to("event", view.sale), journal)

    def _money(self, view: MoneyView) -> tuple[Cell, ...]:
        entry = self._to("entry", view.entry)
        amount = Cell(view.amount, self.goto.entry(view.entry) if view.entry else "", shape="num", amount=True)
        first = self._to(view.kind, view.id)._replace(text=f"{view.kind} {view.id}")
        return (first, Cell(f"{view.date}"), amount, self._to("event", view.event), entry, self._to("event", view.undone))

    def _session(self, view: SessionView) -> tuple[Cell, ...]:
        revenue = self._to("entry", view.revenue[0]) if view.revenue else _NONE
        return (
            self._to("session", view.id),
            Cell(f"{view.date}"),
            Cell(view.units, shape="num"),
            self._to("bundle", view.bundle) if view.bundle else Cell("one-off visit"),
            self._to("event", view.event),
            revenue,
            Cell(view.why, amount=True),
        )

    def _event(self, view: EventView) -> tuple[Cell, ...]:
        recorded = Cell(f"{view.recorded}, source {view.source}")
        digest = Cell(f"{view.digest[:_DIGEST]}…", title=view.digest, shape="code")
        number = Cell(str(view.seq), shape="num")
        return (
            self._to("event", view.id),
            Cell(view.type),
            Cell(f"{view.date}"),
            number,
            recorded,
            Cell(view.actor or "–"),
            digest,
        )

    def _entry(self, view: EntryView, explained: bool) -> Entry:
        entry, rule = view.entry, RULES.get(view.entry.rule)
        named = [("event", entry.event), ("session", entry.session), ("bundle", entry.bundle), ("customer", entry.customer)]
        links = [(kind, self._to(kind, ref)) for kind, ref in named if ref]
        links += [("corrects", self._to("entry", f"E-{entry.corrects}"))] if entry.corrects else []
        links += [("corrected by", self._to("entry", f"E-{number}")) for number in view.corrected_by]
        late = f"; late: it belongs to {entry.effective}" if entry.late else ""
        return Entry(
            cell=self._to("entry", view.name),
            journal=self.goto.entry(entry.number),
            date=f"{entry.date}{late}",
            rule=entry.rule,
            says=view.says,
            source=rule.source if rule else "",
            place=str(view.place) if view.place else "not written yet: run `revrec books build`",
            legs=tuple(self.legs(view, explained)),
            links=tuple(links),
        )

    def _document(self, view: DocumentView) -> tuple[Cell, ...]:
        said = view.to_json()
        corrected = view.corrected_by
        return (
            self._to("invoice", view.issued.number),
            Cell(view.issued.kind),
            Cell(said["issued_on"]),
            Cell(said["total"], self.goto.invoice(view.issued.number), shape="num", amount=True),
            self._to("event", view.event),
            self._to("entry", said["entry"]),
            self._to("invoice", view.issued.corrects),
            self._to("invoice", corrected[0])._replace(text=", ".join(corrected)) if corrected else _NONE,
        )

    def _record(self, document: DocumentView, view: RecordView) -> tuple[Cell, ...]:
        return (
            Cell(str(view.place)),
            self._to("invoice", document.issued.number),
            Cell(view.kind),
            Cell(view.generated_at),
            Cell(f"{view.huella[:_DIGEST]}…", title=view.huella, shape="code"),
            Cell(str(view.message or "–"), shape="num"),
            Cell(view.sent_at or "not sent"),
            Cell(view.state, shape=_STATES.get(view.state, "warn")),
            Cell(view.means or "–"),
        )

    def _waiting(self, view: WaitingView) -> tuple[Cell, ...]:
        said = view.to_json()
        why = "; ".join(f"{field}: {discreet(message)}. {remedy}" for field, message, remedy, _ in view.waits.findings)
        total = Cell(said["total"], shape="num", amount=True)
        rest = (Cell(said["operated_on"]), self._to("event", said["event"]), Cell(why))
        return (Cell(said["draft"]), Cell(said["account"]), total, *rest)


def _grid(name: str, caption: str, titles: Sequence[str], rows: Iterable[tuple[Cell, ...]]) -> Grid:
    shown = tuple(rows)[:MOST]
    numeric = {"Amount", "Units", "Number", "Total", "Message"}
    return Grid(name, caption, tuple(Column(title, numeric=title in numeric) for title in titles), shown, "")


def _kinds(found: Trace) -> Iterator[tuple[str, str, str, int]]:
    """The things of a chain: the id of their table, one and several of them in words, how many there are."""
    yield "contracts", "contract", "contracts", len(found.bundles)
    yield "money", "payment or refund", "payments and refunds", len(found.money)
    yield "sessions", "session", "sessions", len(found.sessions)
    yield "facts", "event", "events", len(found.events)
    yield "entries", "entry", "entries", len(found.entries)
    yield "documents", "document", "documents", len(found.documents)
    yield "records", "record", "records", sum(len(each.records) for each in found.documents)
    yield "waiting", "document that waits", "documents that wait", len(found.waiting)


def _left_out(found: Trace) -> Iterator[str]:
    """What a long chain does not show."""
    for _, _, many, count in _kinds(found):
        if count > MOST:
            yield f"The first {MOST} of {count} {many} are shown; ask for one of its bundles or sessions to see fewer."
