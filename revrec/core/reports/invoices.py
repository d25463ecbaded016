"""The documents of a period, and what the ledger billed against them: every difference has a line and a name.

The ledger's side is added up from the entries themselves, the documents' side from the documents (RD 1619/2012;
LIVA art. 164.Uno.3): what one of them lost is a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from revrec.core import money
from revrec.core.accrual import BY_HAND, SELLER, account_of, billed_by
from revrec.core.billing import NIL, OUTSIDE_BOOKS, Account, Amount, Billed
from revrec.core.bundle import Bundle
from revrec.core.invoicing import OPENED, Draft, Part, not_yet
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.policy import OUTSIDE, Invoicing
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import Question, Records
from revrec.core.reports.sums import total_cells

COLUMNS = (
    Column("number", "Number", Kind.TEXT),
    Column("issued_on", "Issued", Kind.DATE),
    Column("operated_on", "Operation", Kind.DATE),
    Column("customer", "Customer", Kind.TEXT),
    Column("bundle", "Bundle", Kind.TEXT),
    Column("kind", "Kind", Kind.TEXT),
    Column("corrects", "Corrects", Kind.TEXT, sparse=True),
    Column("base", "Base"),
    Column("vat", "VAT"),
    Column("total", "Total"),
    Column("state", "Tax office", Kind.TEXT),
)
ELSEWHERE = "elsewhere"  # what a correction names that these books did not issue


class Document(NamedTuple):
    """One numbered document: what it says (`gross`, `vat`), its parts, and where it stands with the tax office."""

    number: str
    issued_on: date
    operated_on: date
    customer: str
    bundle: str | None
    account: str
    branch: str | None
    kind: str
    corrects: str | None
    gross: int
    vat: int
    parts: tuple[Part, ...]
    state: str


class Paperwork(NamedTuple):
    """All that these books issued and hold back; `since`: from when they issue; `no_duty`: visits that need no invoice.

    `waiting`: each draft with why it waits, in words. `silent`: the numbers of the entries that were recorded while the
    books issued nothing, whatever day `since` was set to later.
    """

    since: date | None = None
    documents: Sequence[Document] = ()
    waiting: Sequence[tuple[Draft, str]] = ()
    accounts: Mapping[str, Account] = {}
    no_duty: frozenset[str] = frozenset()
    silent: Sequence[range] = ()

    def follows(self, entry: JournalEntry) -> bool:
        """Whether an entry of a contract without an account makes documents due."""
        issuing = not any(entry.number in span for span in self.silent)
        return issuing and self.since is not None and (entry.effective or entry.date) >= self.since


class Reason(StrEnum):
    """Why something stands in the ledger and on no document, or the other way round."""

    __hash__ = str.__hash__

    BY_HAND = "adjustments, credit granted and revaluations"
    NO_INVOICES = "policies under which revrec issues no invoices"
    NO_DUTY = "visits that need no invoice"
    NOT_USED = "multi-purpose vouchers, not redeemed"
    AGENT = "conceded by an agent at the provider's cost"
    EARLIER = "of before the invoicing began"
    OPENED = "invoiced by an earlier system"
    OUTSIDE = "fees outside the scope of VAT"
    NOT_YET = "not to be invoiced yet by the policy"
    WAITING = "documents that wait"
    GOODWILL = "conceded beyond what was ever invoiced"
    BASES = "bases that corrections of the VAT alone name"
    CENTS = "cents of VAT inside an unchanged total"


@dataclass(slots=True)
class Reconciled:
    """What the ledger billed, what documents say, and what stands between them; amounts with the tax in them."""

    ledger: Amount = NIL
    documents: Amount = NIL
    between: dict[Reason, Amount] = field(default_factory=lambda: dict.fromkeys(Reason, NIL))

    def add(self, reason: Reason, amount: Amount) -> None:
        """One more amount that is in the ledger and on no document."""
        self.between[reason] = self.between[reason].plus(amount)

    def ties(self) -> tuple[Tie, Tie]:
        """The totals, and the VAT in them."""
        gross = self.documents.gross + sum(amount.gross for amount in self.between.values())
        vat = self.documents.vat + sum(amount.vat for amount in self.between.values())
        return (
            Tie("Billed in the ledger", self.ledger.gross, "documents and what stands between", gross),
            Tie("Output VAT in the ledger", self.ledger.vat, "VAT of documents and what stands between", vat),
        )

    def notes(self, currency: str) -> Iterator[str]:
        """The reconciliation a line each; what is nil is left out."""
        yield _line("Documents, all of them", self.documents, currency)
        for reason, amount in self.between.items():
            if amount != NIL:
                yield _line(reason.value.capitalize(), amount, currency)


def _line(label: str, amount: Amount, currency: str) -> str:
    vat = f" (VAT {money.text(amount.vat, currency)})" if amount.vat else ""
    return f"  {label}: {money.text(amount.gross, currency)}{vat}"


def report(records: Records, asked: Question, papers: Paperwork) -> Table:
    """The documents issued in a period; all that ever were tie to the ledger as it stands, whatever days are asked for."""
    rows = tuple(_row(each) for each in _asked(papers.documents, asked))
    tied = reconciled(records, papers)
    currency = records.currency
    total = total_cells(7, (*_sums(rows), None)) if rows else None
    began = (
        f"Invoices are issued of what happens from {papers.since} on."
        if papers.since
        else "These books issue no invoices: `invoicing_from` is not set."
    )
    notes = ("All documents against the whole ledger, as both stand now:", *tied.notes(currency), began)
    return Table("invoices", _title(asked), currency, COLUMNS, rows, total, tied.ties(), notes)


def _title(asked: Question) -> str:
    return f"Documents issued from {asked.first} to {asked.last}"


def _asked(documents: Iterable[Document], asked: Question) -> Iterator[Document]:
    for each in documents:
        if asked.first <= each.issued_on <= asked.last and asked.branch in (None, each.branch):
            yield each


def _row(each: Document) -> tuple[Cell, ...]:
    return (
        each.number,
        each.issued_on,
        each.operated_on,
        each.customer or None,
        each.bundle,
        each.kind,
        ELSEWHERE if each.corrects == OUTSIDE_BOOKS else each.corrects,
        each.gross - each.vat,
        each.vat,
        each.gross,
        each.state,
    )


def _sums(rows: Iterable[tuple[Cell, ...]]) -> tuple[int, ...]:
    amounts = [tuple(cell for cell in row[7:10] if isinstance(cell, int)) for row in rows]
    return tuple(map(sum, zip(*amounts, strict=True)))


def reconciled(records: Records, papers: Paperwork) -> Reconciled:
    """The whole ledger against all documents."""
    found = Reconciled()
    bundles = {bundle.id: bundle for bundle in records.bundles()}
    followed = _of_entries(found, records, papers, bundles)
    _of_documents(found, papers, followed.opened)
    for account in papers.accounts.values():
        _of_account(found, account, bundles, followed.opened)
    for name, posted in followed.vouchers.items():
        account = papers.accounts.get(name, Account(name))
        found.add(Reason.NOT_USED, Amount(posted - sum(billed.gross for billed in account.items)))
    return found


# the ledger


class _Followed(NamedTuple):
    """The accounts that an earlier system invoiced, and what was posted of each multi-purpose voucher."""

    opened: set[str]
    vouchers: dict[str, int]


def _of_entries(found: Reconciled, records: Records, papers: Paperwork, bundles: Mapping[str, Bundle]) -> _Followed:
    """Add up the seller's side of every entry."""
    followed = _Followed(set(), defaultdict(int))
    for entry in records.entries(date.max):
        for leg in entry.postings:
            if leg.role not in SELLER:
                continue
            amount = billed_by(leg)
            found.ledger = found.ledger.plus(amount)
            name = account_of(entry, leg.bundle)
            if entry.rule == OPENED:
                followed.opened.add(name)
            reason = _apart(entry, leg, name, papers, bundles)
            if reason:
                found.add(reason, amount)
            elif _is_voucher(bundles.get(name.removeprefix("bundle:"))):
                followed.vouchers[name] += amount.gross
    return followed


def _is_voucher(bundle: Bundle | None) -> bool:
    """Whether only what is redeemed is billed (LIVA art. 75.Uno.2; Directive 2006/112/EC art. 30b)."""
    return bundle is not None and bundle.multi and bundle.terms.policy.principal


def _apart(entry: JournalEntry, leg: Posting, name: str, papers: Paperwork, bundles: Mapping[str, Bundle]) -> Reason | None:
    """Why a leg is never followed into documents; None when it is."""
    if entry.rule in BY_HAND:
        return Reason.BY_HAND
    kind, _, ref = name.partition(":")
    bundle = bundles.get(ref) if kind == "bundle" else None
    if bundle is not None:
        policy = bundle.terms.policy
        if policy.invoicing is Invoicing.NONE:
            return Reason.NO_INVOICES
        if not policy.principal and leg.role is Role.REFUND_CONTRA:
            return Reason.AGENT
    elif kind == "visit" and ref in papers.no_duty:
        return Reason.NO_DUTY
    if name not in papers.accounts and not papers.follows(entry):
        return Reason.EARLIER
    return None


# documents


def _of_documents(found: Reconciled, papers: Paperwork, opened: set[str]) -> None:
    """What documents and waiting ones say; a correction of what is elsewhere takes back what no document here said."""
    for each in papers.documents:
        said, stands_for = Amount(each.gross, each.vat), _sum(each.parts)
        found.documents = found.documents.plus(said)
        found.add(Reason.BASES, stands_for.minus(said))
        if each.corrects == OUTSIDE_BOOKS:
            found.add(_elsewhere(each.account, opened), NIL.minus(stands_for))
    for draft, _ in papers.waiting:
        found.add(Reason.WAITING, _sum(draft.parts))
        if draft.corrects == OUTSIDE_BOOKS:
            found.add(_elsewhere(draft.account, opened), NIL.minus(_sum(draft.parts)))


def _sum(parts: Iterable[Part]) -> Amount:
    listed = tuple(parts)
    return Amount(sum(part.gross for part in listed), sum(part.vat for part in listed))


def _elsewhere(account: str, opened: set[str]) -> Reason:
    return Reason.OPENED if account in opened else Reason.EARLIER


# what the policy keeps back, and what is elsewhere


def _of_account(found: Reconciled, account: Account, bundles: Mapping[str, Bundle], opened: set[str]) -> None:
    kind, _, ref = account.id.partition(":")
    bundle = bundles.get(ref) if kind == "bundle" else None
    waits = not_yet(bundle) if bundle is not None else NIL
    found.add(Reason.NOT_YET, waits)
    sums: dict[Reason, Amount] = defaultdict(lambda: NIL)
    left = NIL.minus(waits)
    for billed in account.items:
        left = left.plus(billed.uncovered)
        for cover in billed.covers:
            if cover.document == OUTSIDE_BOOKS:
                reason = Reason.OUTSIDE if billed.item.tax == OUTSIDE else _elsewhere(account.id, opened)
                sums[reason] = sums[reason].plus(Amount(cover.gross, cover.vat))
    for reason, amount in sums.items():
        found.add(reason, amount)
    if left.gross == 0:
        found.add(Reason.CENTS, left)
    elif left.gross < 0 and not any(_standing(billed) for billed in account.items):
        found.add(Reason.GOODWILL, left)


def _standing(billed: Billed) -> bool:
    """Whether documents still say something of an item that could be taken back."""
    return billed.uncovered.gross < 0 < billed.covered.gross
