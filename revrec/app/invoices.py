"""Documents one by one: listed, shown, issued when nothing stands in the way any more, corrected by new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from einvoice.frozen import thaw
from einvoice.model import Invoice, Line
from revrec.app.books import finish
from revrec.app.issuing import Issuer, deadline
from revrec.app.record import Run, finish_files, writing
from revrec.app.signer import in_words
from revrec.app.workspace import Workspace
from revrec.core import money
from revrec.core.checklist import counted
from revrec.core.errors import RevrecError
from revrec.store.papers import Issued, Papers, State, Waiting


class UnknownInvoice(RevrecError):
    """No document of that number was issued here."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is no invoice {number}; `revrec invoice list` names all, `--pending` those that wait")


class NothingIssued(RevrecError):
    """The settings do not say from when on these books issue invoices."""

    def __init__(self) -> None:
        super().__init__(
            "these books issue no invoices: write `invoicing_from = 2026-01-01` in revrec.toml (events before it issue nothing)"
        )


class Erased(RevrecError):
    """The content of a document can no longer be opened."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"invoice {number}: its person was erased or is blocked; number, date and amounts stay, its text does not"
        )


class Row(NamedTuple):
    """A document in a list, with its state at the tax authority (`-`: none is asked)."""

    issued: Issued
    state: State | None

    @property
    def said(self) -> str:
        """The state in a word."""
        if not self.issued.record:
            return "-"
        return self.state.state if self.state else "pending"


@dataclass(frozen=True, slots=True)
class Listing:
    """Documents, oldest first; amounts in minor units of `currency`."""

    rows: tuple[Row, ...]
    currency: str

    def to_json(self) -> list[dict[str, Any]]:
        """The members of `invoice list --json`."""
        return [row_json(row, self.currency) for row in self.rows]

    def lines(self) -> Iterator[str]:
        """A line a document."""
        for issued, state in self.rows:
            said = Row(issued, state).said
            corrects = f" corrects {issued.corrects or 'an invoice issued elsewhere'}" if issued.corrects is not None else ""
            amount = f"{money.text(issued.gross, self.currency):>10} {self.currency}"
            yield f"{issued.number:<16} {issued.kind:<2} {issued.issued_on} {amount}  {issued.account:<20} {said}{corrects}"
        total = sum(row.issued.gross for row in self.rows)
        yield f"{counted(len(self.rows), 'document')}, {money.text(total, self.currency)} {self.currency}"


def row_json(row: Row, currency: str) -> dict[str, Any]:
    """One document as JSON; amounts are decimal strings."""
    issued = row.issued
    return {
        "number": issued.number,
        "kind": issued.kind,
        "issued_on": issued.issued_on.isoformat(),
        "account": issued.account,
        "bundle": issued.bundle,
        "customer": issued.customer or None,
        "corrects": issued.corrects,
        "net": money.text(issued.gross - issued.vat, currency),
        "vat": money.text(issued.vat, currency),
        "total": money.text(issued.gross, currency),
        "record": issued.record or None,
        "state": row.said,
        "code": row.state.code if row.state else None,
    }


@dataclass(frozen=True, slots=True)
class Held:
    """A document that waits: what is missing, what to do, until when the law wants it issued."""

    waiting: Waiting
    until: date
    today: date
    currency: str

    @property
    def overdue(self) -> bool:
        """Whether the legal deadline has passed."""
        return self.until < self.today

    def to_json(self) -> dict[str, Any]:
        """One element of `invoice list --pending --json`."""
        draft = self.waiting.draft
        keys = ("field", "message", "remedy", "code")
        return {
            "draft": draft.id,
            "event": draft.event,
            "account": draft.account,
            "customer": draft.recipient,
            "operated_on": draft.operated_on.isoformat(),
            "total": money.text(draft.gross, self.currency),
            "corrects": draft.corrects,
            "deadline": self.until.isoformat(),
            "overdue": self.overdue,
            "problems": [dict(zip(keys, found, strict=True)) for found in self.waiting.findings],
        }

    def lines(self) -> Iterator[str]:
        """For people: the document, then each thing that it waits for."""
        draft = self.waiting.draft
        late = "OVERDUE, was due" if self.overdue else "due"
        what = "correction" if draft.corrects is not None else "invoice"
        amount = f"{money.text(draft.gross, self.currency)} {self.currency}"
        who = draft.recipient or "nobody"
        yield f"{what} of {amount} to {who} for {draft.account} (event {draft.event}): {late} {self.until}"
        for field, message, remedy, code in self.waiting.findings:
            yield f"  {field}: {message}. {remedy} ({code})"


@dataclass(frozen=True, slots=True)
class Pending:
    """Every document that waits."""

    rows: tuple[Held, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """The members of `invoice list --pending --json`."""
        return [row.to_json() for row in self.rows]

    def lines(self) -> Iterator[str]:
        """For people."""
        for row in self.rows:
            yield from row.lines()
        if self.rows:
            yield f"{counted(len(self.rows), 'document')} {'waits' if len(self.rows) == 1 else 'wait'}"
        else:
            yield "no document waits"


def listing(
    ws: Workspace, *, first: date | None = None, last: date | None = None, customer: str | None = None, bundle: str | None = None
) -> Listing:
    """The documents of a period, a customer or a bundle, in order of issuing."""
    papers = Papers(ws.store)
    states, latest = papers.states(), dict(papers.latest_records())
    rows = (
        Row(issued, states.get(latest.get(issued.number, 0)))
        for issued in (papers.of_customer(customer) if customer else papers.invoices())
        if (first or date.min) <= issued.issued_on <= (last or date.max) and (bundle is None or issued.bundle == bundle)
    )
    return Listing(tuple(rows), ws.settings.currency)


def pending(ws: Workspace, today: date) -> Pending:
    """The documents that wait, with what each waits for and its legal deadline."""
    return Pending(tuple(held(ws, waits, today) for waits in Papers(ws.store).waiting()))


def held(ws: Workspace, waits: Waiting, today: date) -> Held:
    """A document that waits, with its legal deadline."""
    return Held(waits, deadline(waits, _registered(ws, waits.draft.recipient)), today, ws.settings.currency)


def _registered(ws: Workspace, customer: str | None) -> Mapping[str, Any]:
    """The details in the clear of a customer: whether it is a business is all that is asked."""
    registered = ws.store.registration(customer) if customer else None
    return registered.event["data"] if registered else {}


def find(ws: Workspace, number: str) -> Issued:
    """The document of a number; raises UnknownInvoice."""
    issued = Papers(ws.store).invoice(number)
    if issued is None:
        raise UnknownInvoice(number)
    return issued


def content(ws: Workspace, issued: Issued) -> Invoice:
    """What a document says, from its frozen content; raises Erased."""
    clear = Papers(ws.store).unseal(issued.customer, issued.number, issued.content)
    if clear is None:
        raise Erased(issued.number)
    with in_words():
        return thaw(clear)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document with everything that hangs on it."""

    row: Row
    invoice: Invoice | None
    records: tuple[tuple[int, str, str, str], ...]  # place, kind, huella, state
    documents: tuple[tuple[str, str], ...]  # format, SHA-256
    corrected_by: tuple[str, ...]
    currency: str

    def to_json(self) -> dict[str, Any]:
        """The members of `invoice show --json`."""
        return row_json(self.row, self.currency) | {
            "lines": [_line_json(line) for line in (self.invoice.lines if self.invoice else ())],
            "buyer": self.invoice.buyer.name if self.invoice and self.invoice.buyer else None,
            "records": [dict(zip(("place", "kind", "huella", "state"), each, strict=True)) for each in self.records],
            "documents": [dict(zip(("format", "sha256"), each, strict=True)) for each in self.documents],
            "corrected_by": list(self.corrected_by),
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        issued = self.row.issued
        yield f"{issued.number} ({issued.kind}) of {issued.issued_on}: {money.text(issued.gross, self.currency)} {self.currency}"
        if self.invoice is None:
            yield "  its person was erased or is blocked: the text is not shown"
        else:
            yield from _text(self.invoice)
        if issued.corrects is not None:
            yield f"  corrects: {issued.corrects or 'an invoice issued elsewhere'}"
        for number in self.corrected_by:
            yield f"  corrected by: {number}"
        for place, kind, huella, state in self.records:
            yield f"  record {place} ({kind}): {state}, huella {huella}"
        for form, sha256 in self.documents:
            yield f"  {form}: SHA-256 {sha256}"


def _line_json(line: Line) -> dict[str, str]:
    return {
        "description": line.description,
        "net": f"{line.net}",
        "category": line.vat.category.value,
        "rate": f"{line.vat.rate}",
    }


def _text(invoice: Invoice) -> Iterator[str]:
    if invoice.buyer:
        own = invoice.buyer.tax_id
        abroad = own.country if own and own.country != "ES" else ""  # a Spanish NIF is written without it
        number = f", {abroad}{own.number}" if own else ""
        yield f"  to: {invoice.buyer.name}{number}"
    if invoice.operation_on:
        yield f"  operation of: {invoice.operation_on}"
    for line in invoice.lines:
        yield f"  {line.description}: {line.net} (VAT {line.vat.category.value} {line.vat.rate} %)"
    totals = invoice.totals
    kept = f", kept back {totals.withheld}" if totals.withheld else ""
    yield f"  base {totals.net}, VAT {totals.tax}, total {totals.gross}{kept}, to pay {totals.payable}"


def show(ws: Workspace, number: str) -> Sheet:
    """One document; raises UnknownInvoice."""
    issued = find(ws, number)
    papers = Papers(ws.store)
    states = papers.states()
    try:
        invoice: Invoice | None = content(ws, issued)
    except Erased:
        invoice = None
    records = papers.records_of(number)
    corrected = (other.number for other in papers.of_account(issued.account) if other.corrects == number)
    return Sheet(
        Row(issued, states.get(records[-1].place) if records else None),
        invoice,
        tuple((r.place, r.kind, r.huella, states[r.place].state if r.place in states else "pending") for r in records),
        tuple((form, sha256) for form, _, sha256 in papers.documents(number)),
        tuple(corrected),
        ws.settings.currency,
    )


@dataclass(frozen=True, slots=True)
class Done:
    """What an issuing command did: documents that have their number, and what still waits."""

    issued: tuple[Issued, ...]
    waiting: Pending
    currency: str

    def to_json(self) -> dict[str, Any]:
        """The members of `invoice issue --json`."""
        rows = [row_json(Row(each, None), self.currency) for each in self.issued]
        return {"issued": rows, "waiting": self.waiting.to_json()}

    def lines(self) -> Iterator[str]:
        """For people."""
        for each in self.issued:
            yield f"issued {each.number} ({each.kind}): {money.text(each.gross, self.currency)} {self.currency}, {each.account}"
        yield from self.waiting.lines()


def issue(ws: Workspace, *, now: datetime) -> Done:
    """Issue everything that waits and may be issued now; raises NothingIssued."""
    finish_files(ws)
    with writing(ws, now) as run:
        issuer = issuer_of(run)
        issuer.retry_all()
        issued = tuple(issuer.issued)
    finish(ws)
    return Done(issued, pending(ws, now.astimezone(ws.settings.zone).date()), ws.settings.currency)


def issuer_of(run: Run) -> Issuer:
    """The issuer of a run; raises NothingIssued."""
    if run.issuer is None:
        raise NothingIssued
    return run.issuer
