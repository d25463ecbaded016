"""The evidence for the checklist of a month (accounting.md 3, R8), gathered from store, files and what users bring."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app.paperwork import overdue, paperwork
from revrec.app.records import StoreRecords, beyond, written_by_hand
from revrec.app.verify import Findings, check_chain, check_closed
from revrec.books.check import check as beancount_findings
from revrec.books.check import handwritten
from revrec.books.listing import day_path
from revrec.books.mainfile import NAME as MAIN
from revrec.core import checklist as judge
from revrec.core import money
from revrec.core.book import Kind
from revrec.core.bundle import Bundle, Status
from revrec.core.cash import COUNTRY, CURRENCY, CashPaid, limit_on
from revrec.core.cash import beyond as beyond_limit
from revrec.core.checklist import Agenda, Check, Estimate
from revrec.core.dates import month_end, month_start
from revrec.core.errors import RevrecError
from revrec.core.events import Method
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import Breakage
from revrec.core.report import Table
from revrec.core.reports import reconciliation
from revrec.core.reports.frame import Question
from revrec.core.reports.invoices import reconciled

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

_LIABILITIES = (
    Role.CONTRACT_LIABILITY,
    Role.CUSTOMER_CREDIT,
    Role.CUSTOMER_DEPOSIT,
    Role.REFUND_LIABILITY,
    Role.REFUNDS_PAYABLE,
    Role.CLIENT_MONEY,
)
_BRANCHES = (Role.DUE_FROM_BRANCH, Role.DUE_TO_BRANCH)
_FROZEN = frozenset({Role.CONTRACT_LIABILITY, Role.CUSTOMER_DEPOSIT})  # non-monetary: they keep their rates (IFRIC 22)
_YEAR_END = 12  # the month in which a fiscal year ends; journals are by calendar year
_BOOKS = 15  # the item that Beancount answers
_DELIVERED = frozenset({"session.completed", "session.no_show"})
ITEMS = range(1, 18)
# What takes longer the longer the books are: the chain, every bundle, the documents, every entry, every file, each payment.
SLOW = frozenset({1, 3, 4, 5, 6, 10, 12, 13, 14, 15, 17})


class AgendaUnreadable(RevrecError):
    """A file that should list the sessions of a month."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}. Give one session id a line, or CSV with a column `session` (and perhaps `date`)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the world outside says of the month; None: nobody said. Amounts are minor units.

    `agenda` lists what was delivered or missed; `psp_balance` is what payment services hold at the month's end,
    `vat_book` the output VAT of the month by the invoice book, `withholding` the tax withheld by the return.
    """

    agenda: Path | None = None
    psp_balance: int | None = None
    vat_book: int | None = None
    withholding: int | None = None


NO_EVIDENCE = Evidence()


def loaded(ws: Workspace) -> tuple[str, ...] | None:
    """What Beancount says of the books; None when it is not installed."""
    found = beancount_findings(ws.root / MAIN)
    if any(finding.code == "books.no-beancount" for finding in found):
        return None
    return tuple(f"{finding.where}: {finding.message}" for finding in found)


def report(ws: Workspace, asked: Question, unread: str = "") -> Table:
    """R8: the checklist of the month that a day lies in, as it stands now; `unread` says why Beancount is not asked."""
    first = month_start(asked.last)
    calendar = ws.store.head().calendar
    checks = tuple(checklist(ws, first, NO_EVIDENCE, calendar=calendar, errors=None if unread else loaded(ws)))
    if unread:
        checks = tuple(replace(check, evidence=unread) if check.number == _BOOKS and check.passed else check for check in checks)
    return judge.table(checks, f"{first:%Y-%m}", ws.settings.currency)


def checklist(
    ws: Workspace,
    first: date,
    evidence: Evidence,
    *,
    calendar: date | None,
    errors: Sequence[str] | None,
    approver: str | None = None,
    only: Container[int] = ITEMS,
) -> Iterator[Check]:
    """The sixteen items of R8 and the limit of cash, or `only` some of them.

    `errors` is what Beancount said, `calendar` where the calendar stands.
    """
    last, currency = month_end(first), ws.settings.currency
    month, entries = _Month.of(ws, first), list(ws.store.entries(first, last))
    bundles = cache(lambda: tuple(ws.store.bundles()))
    waiting = cache(lambda: _Waiting.of(ws, bundles(), last))

    def against(number: int, name: str, books: int, outside: int | None, option: str, *, moved: bool) -> Check:
        return judge.against(number, name, books, outside, currency, moved=moved, option=option)

    psp, kept = month.balance(Role.PSP_CLEARING), -month.movement(Role.WITHHOLDING_PAYABLE)
    owed, known = -month.today(Role.CONTRACT_LIABILITY), month.known(Role.PSP_CLEARING)
    found: dict[int, Callable[[], Check]] = {
        1: lambda: _feed(ws, first, last, evidence.agenda),
        2: lambda: against(2, "payment services", psp, evidence.psp_balance, "--psp-balance", moved=known),
        3: lambda: judge.run(3, "instalments due", waiting().parts, waiting().agreed, calendar, last),
        4: lambda: judge.run(4, "expiries and grace ends", waiting().others, _ends(bundles(), last), calendar, last),
        5: lambda: judge.estimates(list(_estimates(ws, bundles(), last)), last),
        6: lambda: _refund_liability(month, bundles(), last, currency),
        7: lambda: judge.between_branches(month.balance(*_BRANCHES), currency, moved=month.known(*_BRANCHES)),
        8: lambda: judge.late_events([entry.number for entry in entries if entry.late]),
        9: lambda: _revaluation(ws, entries, first, last),
        10: lambda: _output_vat(ws, month, first, last, evidence.vat_book),
        11: lambda: against(11, "withholding", kept, evidence.withholding, "--withholding", moved=bool(kept)),
        12: lambda: judge.ties(owed, sum(bundle.balances.contract_liability for bundle in bundles()), currency),
        13: lambda: _sub_ledger(ws),
        14: lambda: judge.negative(_negative(bundles()), [*_reversed(month), *_overdrawn(ws, month, last)]),
        15: lambda: _clean(ws, first, last, errors),
        16: lambda: judge.trial_balance(*month.trial(), approver, ws.store.head().digest.hex(), currency),
        17: lambda: _cash(ws, entries, last),
    }
    yield from (look() for number, look in found.items() if number in only)


@dataclass(frozen=True, slots=True)
class _Month:
    """The balances of the roles, debit positive: what moved in the month, at its end, and today."""

    moved: Mapping[str, int]
    ending: Mapping[str, int]
    latest: Mapping[str, int]

    @classmethod
    def of(cls, ws: Workspace, first: date) -> _Month:
        moved, ending, latest = (defaultdict[str, int](int) for _ in range(3))
        for row in ws.store.balances():
            latest[row.role] += row.amount
            if row.month <= first:
                ending[row.role] += row.amount
            if row.month == first:
                moved[row.role] += row.amount
        return cls(moved, ending, latest)

    def movement(self, role: Role) -> int:
        return self.moved.get(role, 0)

    def balance(self, *roles: Role) -> int:
        return sum(self.ending.get(role, 0) for role in roles)

    def today(self, role: Role) -> int:
        return self.latest.get(role, 0)

    def known(self, *roles: Role) -> bool:
        """Whether anything ever stood on these roles up to the month's end."""
        return any(role in self.ending for role in roles)

    def trial(self) -> tuple[int, int]:
        """The trial balance at the month's end: debit and credit."""
        return sum(a for a in self.ending.values() if a > 0), -sum(a for a in self.ending.values() if a < 0)


def _feed(ws: Workspace, first: date, last: date, agenda: Path | None) -> Check:
    """The chain since the latest closing, without gaps, and its entries; and the agenda."""
    after = max((period.seq for period in ws.store.periods()), default=0)
    found = Findings()
    check_chain(ws.store, found, lambda _: None, after)
    head, wrong = ws.store.head(), found.all()
    said = f"events {after + 1:,} to {head.seq:,} hashed, no gap" if head.seq > after else "no event since the latest closing"
    compared = _agenda(ws, agenda, first, last) if agenda and not wrong else None
    return judge.feed(wrong[0].message if wrong else said, sound=not wrong, agenda=compared)


def _agenda(ws: Workspace, path: Path, first: date, last: date) -> Agenda:
    """The sessions of an agenda against those recorded; one recorded on a day of another month is recorded all the same."""
    listed = list(dict.fromkeys(_listed(path, first, last)))
    delivered = {
        event.event["data"]["session"]: None
        for event in ws.store.events()
        if event.type in _DELIVERED and first <= event.date <= last
    }
    unrecorded = tuple(name for name in listed if name not in delivered and not ws.store.movements_of(name))
    known = set(listed)
    return Agenda(len(listed), unrecorded, tuple(name for name in delivered if name not in known))


def _listed(path: Path, first: date, last: date) -> Iterator[str]:
    """The session ids of a file: one a line, or the column `session` of the rows whose `date` lies in the month."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AgendaUnreadable(path, f"it cannot be read: {error}") from None
    if not lines or "," not in lines[0]:
        yield from (line.strip() for line in lines if line.strip() and line.strip() != "session")
        return
    for row in csv.DictReader(lines):
        if "session" not in row:
            raise AgendaUnreadable(path, "it has no column `session`")
        day = row.get("date")
        if row["session"] and (not day or f"{first}" <= day[:10] <= f"{last}"):
            yield row["session"].strip()


class _Waiting(NamedTuple):
    """Bundles at which the calendar must look by the end of the month: those with instalments, of all that have them; others."""

    parts: tuple[str, ...]
    agreed: int
    others: tuple[str, ...]

    @classmethod
    def of(cls, ws: Workspace, bundles: Iterable[Bundle], last: date) -> _Waiting:
        waiting = [name for _, name in ws.store.rows("due", last.isoformat())]
        agreed = {bundle.id for bundle in bundles if bundle.instalments}
        parts, others = (tuple(name for name in waiting if (name in agreed) is due) for due in (True, False))
        return cls(parts, len(agreed), others)


def _ends(bundles: Iterable[Bundle], last: date) -> int:
    """How many bundles end by a day."""
    return sum(1 for bundle in bundles if bundle.valid_until and bundle.valid_until <= last)


def _estimates(ws: Workspace, bundles: Iterable[Bundle], last: date) -> Iterator[Estimate]:
    """The latest estimate of each policy under which bundles are open and breakage is estimated."""
    policies = {
        bundle.terms.policy.version: bundle.terms.policy
        for bundle in bundles
        if bundle.status is Status.OPEN and bundle.left and bundle.terms.policy.breakage is Breakage.PROPORTIONAL
    }
    said: dict[str, tuple[date, str]] = {}
    for _, event in ws.store.estimates() if policies else ():
        if event.date <= last:
            data = event.event["data"]
            said[data["policy"]] = event.date, data["approver"]
    for version, policy in sorted(policies.items()):
        own = policy.since, "the policy file"
        yield Estimate(version, *max(own, said.get(policy.id, own)))


def _refund_liability(month: _Month, bundles: Iterable[Bundle], last: date, currency: str) -> Check:
    overdue = [bundle.id for bundle in bundles if bundle.balances.refund_liability and _window(bundle) <= last]
    held = -month.balance(Role.REFUND_LIABILITY)
    return judge.refund_liability(held, overdue, currency, moved=month.known(Role.REFUND_LIABILITY))


def _window(bundle: Bundle) -> date:
    """The last day of a bundle's refund window."""
    return bundle.sold_on + timedelta(days=bundle.terms.policy.refund_window_days)


def _output_vat(ws: Workspace, month: _Month, first: date, last: date, reported: int | None) -> Check:
    """Against the figure of an invoice book kept elsewhere; without one, against the documents that these books issued."""
    currency = ws.settings.currency
    if reported is None and ws.settings.invoicing_from and ws.settings.invoicing_from <= last:
        papers = paperwork(ws)
        documents = sum(each.vat for each in papers.documents if first <= each.operated_on <= last)
        tied = reconciled(StoreRecords(ws), papers)
        return judge.invoice_book(tied.ties(), documents, list(overdue(ws, last)), currency)
    vat = -month.movement(Role.VAT_OUTPUT)
    return judge.against(10, "output VAT", vat, reported, currency, moved=bool(vat), option="--vat-book")


def _revaluation(ws: Workspace, entries: Iterable[JournalEntry], first: date, last: date) -> Check:
    """What the month revalued, and the money of other currencies that it did not; that money as it is held now."""
    held = {holding.currency for holding in ws.store.holdings_abroad() if holding.amount}
    events = (e for e in ws.store.milestones() if e.type == "currency.revalued" and first <= e.date <= last)
    waiting = sorted(held - {event.event["data"]["currency"] for event in events})
    done = [entry for entry in entries if entry.rule == "currency.revalued"]
    wrong = [f"E-{entry.number}" for entry in done if any(leg.role in _FROZEN for leg in entry.postings)]
    said = [f"E-{entry.number} of {entry.date}" for entry in done]
    return judge.revaluation(said, wrong, waiting, year_end=last.month == _YEAR_END)


def _sub_ledger(ws: Workspace) -> Check:
    """R9 over all accounts, as everything stands now: what ties now tied at every earlier day."""
    written = written_by_hand(ws, date.max)
    table = reconciliation.report(StoreRecords(ws), Question(date.max, date.max), beyond(ws), written)
    manual = sum(1 for row in table.rows if row[2])
    return judge.sub_ledger(table.ties, manual, ws.settings.currency)


def _negative(bundles: Iterable[Bundle]) -> list[str]:
    return [bundle.id for bundle in bundles if min(bundle.balances) < 0 or bundle.used > bundle.units]


def _reversed(month: _Month) -> list[str]:
    """Liabilities that stand as if they were owed to the taxpayer."""
    return [role.value for role in _LIABILITIES if month.today(role) > 0]


def _overdrawn(ws: Workspace, month: _Month, last: date) -> Iterator[str]:
    """Money accounts below 0 at the month's end, with what the accountant wrote on them by hand up to then."""
    for role in (Role.CASH, Role.PSP_CLEARING):
        amount = month.balance(role)
        if amount < 0:
            own = {account.name for account in ws.chart.accounts if account.role == role}
            mine = [leg for leg in handwritten(ws.root) or () if leg.account in own and leg.day <= last]
            amount += sum(money.parse(leg.amount, leg.currency) for leg in mine if leg.currency == ws.settings.currency)
        if amount < 0:
            yield f"{role} stands at {money.text(amount, ws.settings.currency)} {ws.settings.currency}"


def _clean(ws: Workspace, first: date, last: date, errors: Collection[str] | None) -> Check:
    """The day files of the month as they were written, those of closed months as they were; and Beancount's verdict.

    Files that this very transaction makes necessary (None) are written after it.
    """
    days = [day for day in ws.store.days() if first <= day.date <= last and day.file is not None]
    changed = []
    for day in days:
        path = ws.root / day_path(day.date)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != day.file:
            changed.append(path.name)
    found = Findings()
    check_closed(ws, found)
    changed.extend(finding.where for finding in found.all())
    return judge.clean(changed, None if errors is None else list(errors), len(days))


def _cash(ws: Workspace, entries: Iterable[JournalEntry], last: date) -> Check:
    """Cash that was taken in the month and not given back, by the worth of the operation that it is for."""
    paid = list(_cash_paid(ws, entries))
    ours = ws.settings.taxpayer.startswith(COUNTRY) and ws.settings.currency == CURRENCY
    return judge.cash(limit_on(last) if ours else None, len(paid), beyond_limit(paid), ws.settings.currency)


def _cash_paid(ws: Workspace, entries: Iterable[JournalEntry]) -> Iterator[CashPaid]:
    """What came in cash; an operation is not made smaller by paying it in parts (Ley 7/2012 art. 7.Uno)."""
    for entry in entries:
        cash = sum(leg.amount for leg in entry.postings if leg.method == Method.CASH)
        event = next((e for e in ws.store.events_by_id(entry.event) if e.source == entry.source), None) if cash > 0 else None
        data = event.event["data"] if event else {}
        ref = data.get("payment") or data.get("deposit")
        if event is None or not ref or ws.store.movement(Kind.PAYMENT_UNDONE, ref):
            continue
        payer: str | None = data.get("payer") or entry.customer
        yield CashPaid(ref, event.date, max(cash, _operation(ws, data)), payer is not None and _abroad(ws, payer))


def _operation(ws: Workspace, data: Mapping[str, Any]) -> int:
    """The price of the bundle or visit that a payment is for; 0 where it is for neither."""
    bundle, visit = ws.store.bundle(data.get("bundle") or ""), ws.store.visit(data.get("session") or "")
    return bundle.price if bundle else visit.price if visit else 0


def _abroad(ws: Workspace, customer: str) -> bool:
    """Whether a customer is a natural person who lives in another country and acts as no business."""
    event = ws.store.registration(customer)
    data = event.event["data"] if event else {}
    return data.get("country", COUNTRY) != COUNTRY and data.get("person") == "natural" and not data.get("business")
