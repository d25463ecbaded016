"""What was collected and not invoiced, by bundle and payer, and the documents that wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from revrec.core import money
from revrec.core.billing import Subject
from revrec.core.bundle import Bundle
from revrec.core.invoicing import invoiced_ahead
from revrec.core.journal import MONEY_ROLES, JournalEntry, Posting, Role
from revrec.core.payer import spread
from revrec.core.report import Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, legs_of
from revrec.core.reports.invoices import Paperwork
from revrec.core.reports.payers import PaidBy

ON_ACCOUNT = "on account"  # held for a customer, named for no bundle yet
OTHER = "visits and fees"
GRANTED = "credit.granted"
_CREDIT = frozenset({Role.CUSTOMER_CREDIT})
_LEDGER = MONEY_ROLES | {Role.WITHHELD_TAX, Role.PSP_FEES, Role.CUSTOMER_DEPOSIT}
_NOT_COLLECTED = frozenset({"adjustment", "currency.revalued", GRANTED})
COLUMNS = (
    Column("bundle", "Bundle", Kind.TEXT),
    Column("payer", "Payer", Kind.TEXT),
    Column("collected", "Collected"),
    Column("invoiced", "Invoiced"),
    Column("uninvoiced", "Not invoiced"),
)
SHOWN = 10  # waiting documents that are named; the rest is counted
_Whose = tuple[str, str]


def report(records: Records, asked: Question, papers: Paperwork) -> Table:
    """The money of customers at the end of a day, less what went back to them; deposits are returnable and need no invoice."""
    found, apart, payers = defaultdict[_Whose, int](int), 0, PaidBy(records)
    bundles = {bundle.id: bundle for bundle in records.bundles()}
    for entry in records.entries(asked.last):
        legs = list(legs_of(entry, asked.branch))
        if entry.rule in _NOT_COLLECTED:
            apart += _sum(legs, _LEDGER)
        else:
            apart -= _take(found, entry, legs, payers)
            _move(found, entry, legs, bundles)
        if entry.rule == GRANTED:
            apart += _sum(legs, _CREDIT)
        _hold(found, entry, legs if entry.rule not in _NOT_COLLECTED or entry.rule == GRANTED else [])
    said = _invoiced(found, papers, asked)
    rows = tuple(
        (bundle, payer, amount, invoiced, amount - invoiced)
        for bundle, payer in sorted(found.keys() | said.keys())
        if (amount := found.get((bundle, payer), 0)) | (invoiced := said.get((bundle, payer), 0))
    )
    total, billed = sum(row[2] for row in rows), sum(row[3] for row in rows)
    ledger = records.balance(_LEDGER, asked.last, asked.branch)
    tie = Tie("Money in the ledger", ledger, "customers' and other money", total + apart)
    title = f"Collected and not invoiced at the end of {asked.last}"
    notes = tuple(_notes(papers, records.currency))
    cells = ("Total", None, total, billed, total - billed)
    return Table("uninvoiced", title, records.currency, COLUMNS, rows, cells if rows else None, (tie,), notes)


def _take(found: dict[_Whose, int], entry: JournalEntry, legs: list[Posting], payers: PaidBy) -> int:
    """Add what an entry collected for its bundle; returns what of its money is the staff's (tips, providers paid)."""
    money = [leg for leg in legs if leg.role in MONEY_ROLES]
    others = _sum(legs, {Role.PROVIDER_PAYABLE}) if money else 0
    collected = _sum(legs, _LEDGER | _CREDIT) + others
    payer = (payers.of(entry) if money else None) or next((leg.customer for leg in money if leg.customer), entry.customer)
    found[entry.bundle or OTHER, payer or UNNAMED] += collected
    return others


def _move(found: dict[_Whose, int], entry: JournalEntry, legs: list[Posting], bundles: Mapping[str, Bundle]) -> None:
    """Value that goes to another bundle counts as collected for that one, where its documents do not stay behind."""
    giver = bundles.get(entry.bundle or "")
    for leg in legs:
        taker = bundles.get(leg.bundle or "")
        if giver is None or taker is None or taker == giver or _documents_stay(giver, taker):
            continue
        had = [(whose, max(amount, 0)) for whose, amount in found.items() if whose[0] == giver.id]
        had = had or [((giver.id, entry.customer or UNNAMED), 0)]
        for (whose, _), part in zip(had, spread(leg.amount, [amount for _, amount in had]), strict=True):
            found[whose] += part
        found[taker.id, entry.customer or UNNAMED] -= leg.amount


def _documents_stay(giver: Bundle, taker: Bundle) -> bool:
    """Whether documents of one bundle stand for value that went to the other, rather than new ones (core/invoicing.py)."""
    return giver.terms.tax.id == taker.terms.tax.id and invoiced_ahead(giver) and invoiced_ahead(taker)


def _hold(found: dict[_Whose, int], entry: JournalEntry, legs: list[Posting]) -> None:
    """Add what is held for customers, or take off what was applied."""
    for leg in legs:
        if leg.role in _CREDIT:
            found[ON_ACCOUNT, leg.customer or entry.customer or UNNAMED] -= leg.amount


def _sum(legs: list[Posting], roles: Collection[Role]) -> int:
    return sum(leg.amount for leg in legs if leg.role in roles)


def _invoiced(found: Mapping[_Whose, int], papers: Paperwork, asked: Question) -> dict[_Whose, int]:
    """What documents say of each bundle and payer; one that names nobody, or another holder, is the first payer's."""
    said = defaultdict[_Whose, int](int)
    payers: dict[str, str] = {}
    for bundle, payer in found:
        payers.setdefault(bundle, payer)
    for each in papers.documents:
        amount = sum(part.gross for part in each.parts if part.item.subject is not Subject.COMMISSION)
        if amount and each.operated_on <= asked.last and asked.branch in (None, each.branch):
            bundle = each.bundle or OTHER
            whose = bundle, each.customer or UNNAMED
            said[whose if whose in found or bundle == OTHER else (bundle, payers.get(bundle, whose[1]))] += amount
    return said


def _notes(papers: Paperwork, currency: str) -> Iterator[str]:
    """What the column of invoices stands on, and each document that waits, with its reason."""
    if papers.since is None:
        yield "These books issue no invoices (`invoicing_from` is not set): everything collected stands here."
        return
    yield "Invoiced: of what happened up to the day; below 0 is invoiced and not collected yet. Deposits need no invoice."
    for draft, why in papers.waiting[:SHOWN]:
        amount = f"{money.text(draft.gross, currency)} {currency}"
        yield f"Waits: {amount} for {draft.account}, event {draft.event} of {draft.operated_on}: {why}"
    if len(papers.waiting) > SHOWN:
        yield f"{len(papers.waiting) - SHOWN:,} more wait: `revrec invoice list --pending` names all."
