"""The page of documents: what was issued and where it stands at the tax office, what is stuck, what waits, tied to the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from revrec.app import register as app
from revrec.app.register import Document, Filed, Register, Standing, Sum
from revrec.core.accrual import SELLER, VAT
from revrec.core.billing import NIL, OUTSIDE_BOOKS
from revrec.core.checklist import counted
from revrec.core.money import text
from revrec.fava.asked import Part
from revrec.fava.frame import FramedPage, day_asked, discreet, page_asked, today, word_asked
from revrec.fava.parts import Cell, Column, Grid, Pager, Sheet, TieLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from revrec.app.invoices import Held
    from revrec.app.workspace import Workspace
    from revrec.core.reports.invoices import Reconciled
    from revrec.fava.asked import Asked

T = TypeVar("T")
AT_ONCE = 60_000  # entries that are reconciled while the reader waits: a second
_WAITING = "waiting"
_TITLES: dict[str, str] = {
    "": "All",
    Standing.STUCK: "Stuck or rejected",
    Standing.OPEN: "On their way",
    Standing.ACCEPTED: "Accepted",
    Standing.NONE: "Not reported",
    _WAITING: "Waiting for a number",
}
# Word and shape say it; the colour only repeats it.
_SHAPES = {Standing.STUCK: "bad", Standing.OPEN: "warn", Standing.ACCEPTED: "good", Standing.NONE: "calm"}
_COLUMNS = (
    Column("Number", "Leads to its whole chain: event, records, answers."),
    Column("Issued"),
    Column("Kind", "F1 invoice, F2 simplified invoice, R1 to R5 corrections."),
    Column("Recipient", "The id of the customer; a simplified invoice names nobody."),
    Column("For", "The bundle, visit or event."),
    Column("Total", "VAT included. Leads to the entries.", numeric=True),
    Column("VAT", numeric=True),
    Column("Tax office"),
    Column("Why, and what to do"),
    Column("Files", "Under documents/; `revrec invoice render` makes them."),
)
_WHY = 8  # the place of the column that says why; empty where nothing is stuck
_PENDING = (
    Column("Due", "Until when the law wants it issued (RD 1619/2012 art. 11)."),
    Column("For", "The bundle, visit or event."),
    Column("Recipient"),
    Column("Operation"),
    Column("Total", numeric=True),
    Column("Field"),
    Column("What is missing"),
    Column("What to do"),
)
_EMPTY: dict[str, str] = {
    "": "No document was issued in that time.",
    Standing.STUCK: "Nothing is stuck: the tax office refused nothing that was not mended.",
    Standing.OPEN: "Every record was answered.",
    Standing.ACCEPTED: "The tax office has accepted nothing yet. `revrec submit` sends what waits.",
    Standing.NONE: "Every document has its record.",
    _WAITING: "No document waits for a number.",
}
_OUTAGE = "The tax office could not be reached when last asked: records wait and go as soon as it can (`revrec submit --status`)."
_ELSEWHERE = "an invoice issued elsewhere"


class Between(NamedTuple):
    """A line of the reconciliation: what is in the ledger and on no document, and why."""

    title: str
    gross: str
    vat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoices(Sheet):
    """A page of documents, and what stands between all of them and the ledger."""

    pager: Pager
    between: tuple[Between, ...]


class Shelf(NamedTuple):
    """The list that was asked for."""

    grid: Grid
    pages: int
    said: str


class RevrecInvoices(FramedPage):
    """The documents and what became of them."""

    report_title = "Invoices"
    applies = (Part.TIME, Part.BUNDLE, Part.INVOICE, Part.CUSTOMER)

    def __init__(self, ledger: object, config: str | None = None) -> None:
        super().__init__(ledger, config)
        self._files: frozenset[str] = frozenset()

    def after_load_file(self) -> None:
        """The files that Fava serves."""
        super().after_load_file()
        self._files = frozenset(entry.filename for entry in self.ledger.all_entries_by_type.Document)

    def body(self, ws: Workspace, question: Asked) -> Invoices:
        """A page of the documents that are asked for."""
        page, show = page_asked(), word_asked("show", tuple(_TITLES))
        waits = app.count_waiting(ws)
        found = app.register(ws, _filed(question), Standing(show) if show in tuple(Standing) else None, page)
        shelf = self._waiting(ws, page) if show == _WAITING else self._listed(found, show)
        ties, between, notes = self._tied(ws)
        return Invoices(
            subtitle=f"{_period(question)} · {self.currency}",
            said=shelf.said,
            tabs=self.views("show", _titles(found.sums, waits), show),
            grid=shelf.grid,
            pager=self.pager(page, shelf.pages),
            between=between,
            ties=ties,
            notices=((_OUTAGE,) if found.outage else ()) + notes,
        )

    # the list

    def _listed(self, found: Register, show: str) -> Shelf:
        rows = tuple(tuple(self._cells(each)) for each in found.documents)
        chosen = found.chosen
        sums = (self.amount(chosen.gross), self.amount(chosen.vat))
        total = (Cell(counted(chosen.documents, "document")), *(Cell(""),) * 4, *sums, *(Cell(""),) * 3)
        grid = Grid("revrec-invoices", "Documents", _COLUMNS, rows, _EMPTY[show], total)
        return Shelf(grid if any(_why(each) for each in found.documents) else _without(grid, _WHY), found.pages, _said(found))

    def _cells(self, each: Document) -> Iterator[Cell]:
        row = each.listed
        corrects = "" if row.corrects is None else f" of {_ELSEWHERE if row.corrects == OUTSIDE_BOOKS else row.corrects}"
        yield Cell(row.number, self.goto.trace(f"invoice:{row.number}"), f"the chain of invoice {row.number}")
        yield Cell(f"{row.issued_on}")
        yield Cell(f"{row.kind}{corrects}")
        yield self._traced("customer", row.customer) if row.customer else Cell("–")
        yield self._account(row.account, row.bundle)
        yield self.amount(row.gross, self.goto.invoice(row.number), f"total of invoice {row.number}")
        yield self.amount(row.vat, self.goto.invoice(row.number), f"VAT of invoice {row.number}")
        yield Cell(_state(each), shape=_SHAPES[row.standing])
        yield Cell(_why(each), shape="long")
        yield self._file(each)

    def _file(self, each: Document) -> Cell:
        """The files that Fava serves; a second one is a link beside the first."""
        served = [(file.title, str(file.path)) for file in each.files if str(file.path) in self._files]
        links = tuple(Cell(title, self.goto.document(path), f"{title} of invoice {each.listed.number}") for title, path in served)
        return links[0]._replace(more=links[1:]) if links else Cell("not made")

    def _traced(self, kind: str, ref: str) -> Cell:
        return Cell(ref, self.goto.trace(f"{kind}:{ref}"), f"the chain of {kind} {ref}")

    def _account(self, account: str, bundle: str | None) -> Cell:
        """The contract: of a visit its session, of anything else its event."""
        kind, _, ref = account.partition(":")
        if bundle:
            return self._traced("bundle", bundle)
        return self._traced("session" if kind == "visit" else "event", ref)._replace(text=f"{kind} {ref}")

    # what waits

    def _waiting(self, ws: Workspace, page: int) -> Shelf:
        found = app.waiting(ws, page, day_asked(today(ws)))
        rows = tuple(tuple(self._held(each)) for each in found.rows)
        grid = Grid("revrec-waiting", "Documents that wait for a number", _PENDING, rows, _EMPTY[_WAITING])
        late = sum(1 for each in found.rows if each.overdue)
        said = f"{counted(found.count, 'document')} {'waits' if found.count == 1 else 'wait'} for a number" if found.count else ""
        return Shelf(grid, found.pages, f"{said}{f', {late} of those shown are overdue' if late else ''}." if said else "")

    def _held(self, each: Held) -> Iterator[Cell]:
        draft, first = each.waiting.draft, each.waiting.findings[0] if each.waiting.findings else ("", "", "", "")
        bundle = draft.account.removeprefix("bundle:") if draft.account.startswith("bundle:") else None
        more = "".join(f"; {field}: {discreet(message)}. {remedy}" for field, message, remedy, _ in each.waiting.findings[1:])
        yield Cell(f"{'overdue since' if each.overdue else 'due'} {each.until}", shape="bad" if each.overdue else "warn")
        yield self._account(draft.account, bundle)
        yield self._traced("customer", draft.recipient) if draft.recipient else Cell("nobody named")
        yield self._traced("event", draft.event)._replace(text=f"{draft.operated_on}")
        yield Cell(text(draft.gross, self.currency), self.goto.trace(f"event:{draft.event}"), "", "num", amount=True)
        yield Cell(first[0], title=first[3])
        yield Cell(f"{discreet(first[1])}{more}", shape="long")
        yield Cell(first[2], shape="long")

    # the tie

    def _tied(self, ws: Workspace) -> tuple[tuple[TieLine, ...], tuple[Between, ...], tuple[str, ...]]:
        """The documents against the ledger; of very long books worked out beside the requests."""
        if ws.store.head().entries <= AT_ONCE:
            found = self.beside.remembered("reconciled", lambda: app.reconciled(ws))
            return self._ties(found), tuple(self._between(found)), ()
        worked = self.beside.worked_out("reconciled", app.reconciled)
        if worked.value is None:
            entries = ws.store.head().entries
            return (), (), (f"The documents are being tied to {entries:,} entries: load the page again in a minute.",)
        found = worked.value
        if worked.current:
            return self._ties(found), tuple(self._between(found)), ()
        note = f"The tie is of the books up to event number {worked.seq:,}; the later ones are being worked in."
        return tuple(map(self.tie, found.ties())), tuple(self._between(found)), (note,)

    def _ties(self, found: Reconciled) -> tuple[TieLine, ...]:
        """The open ledger's own balances of all accounts that bill, where it holds all years; else the store's."""
        if self.span is not None:
            return tuple(map(self.tie, found.ties()))
        gross, vat = found.ties()
        return (
            self.tied("Ledger, billed to customers", SELLER, gross.right_label, gross.right),
            self.tied("Ledger, output VAT", VAT, vat.right_label, vat.right),
        )

    def _between(self, found: Reconciled) -> Iterator[Between]:
        lines = {"Documents, all of them": found.documents}
        lines |= {reason.value.capitalize(): amount for reason, amount in found.between.items() if amount != NIL}
        for title, amount in lines.items():
            yield Between(title, self.money(amount.gross), self.money(amount.vat))


def _titles(sums: Mapping[Standing, Sum], waits: int) -> Iterator[tuple[str, str]]:
    """The lists by name, each with how many documents it has."""
    counts: dict[str, int] = {standing: found.documents for standing, found in sums.items()}
    counts |= {"": sum(counts.values()), _WAITING: waits}
    return ((name, f"{title} {counts.get(name, 0):,}") for name, title in _TITLES.items())


def _filed(question: Asked) -> Filed:
    """The documents that Fava's boxes leave."""
    named = (question.invoice or None, question.customer or None, question.bundle or None)
    return Filed(question.first, question.last, *named)


def _period(question: Asked) -> str:
    return f"issued from {question.first} to {question.last}" if question.last else "all that were issued"


def _without(grid: Grid, place: int) -> Grid:
    """A table without one of its columns."""

    def cut(row: Sequence[T]) -> tuple[T, ...]:
        return (*row[:place], *row[place + 1 :])

    return replace(grid, columns=cut(grid.columns), rows=tuple(map(cut, grid.rows)), total=cut(grid.total))


def _said(found: Register) -> str:
    """What stands out."""
    stuck = found.sums.get(Standing.STUCK, Sum()).documents
    if not stuck:
        return ""
    verb, them = ("needs", "it") if stuck == 1 else ("need", "them")
    return f"{counted(stuck, 'document')} {verb} somebody: the tax office refused {them} or found mistakes."


def _state(each: Document) -> str:
    """The state at the tax office in words; what needs no record says so."""
    row = each.listed
    if row.standing is Standing.NONE:
        return "no record"
    state = row.state.replace("-", " ") or "not sent yet"
    return f"{state} ({row.code})" if row.code else state


def _why(each: Document) -> str:
    """Why it is stuck and what to do; what was said of one that is only on its way.

    The tax office's own words are left to `revrec submit --status`: they may name the person.
    """
    row = each.listed
    if row.standing is not Standing.STUCK:
        return row.text if row.standing is Standing.OPEN and not row.code else ""
    return ". ".join(part[:1].upper() + part[1:] for part in (each.means, each.remedy) if part)
