"""VAT by period, on the date of its tax point; and VAT of quarters that had ended when it was recorded (LIVA 75, 80, 164)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from revrec.core.bundle import Bundle
from revrec.core.dates import DAY, add_months
from revrec.core.events import SessionCompleted
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.report import Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, key_of, legs_of
from revrec.core.reports.sums import Key, Sums, total_cells

BY = ("quarter", "month", "tax", "branch", "service", "policy", "rule", "bundle")
USUAL = ("quarter", "month")
ROLES = (Role.VAT_OUTPUT, Role.VAT_OUTPUT_PENDING, Role.VAT_INPUT)
# The VAT goes with the rights to another holder or bundle: within one row nothing accrues and nothing is taken back.
_MOVED = ("transfer.", "modification.upgraded")
FEES = frozenset({"session.fee", "fee.transfer", "fee.extension"})
COLUMNS = ("accrued", "reversed", "output", "pending", "input", "payable")
TITLES = {
    "accrued": "Output VAT accrued",
    "reversed": "Output VAT taken back",
    "output": "Output VAT",
    "pending": "Moved on pending VAT",
    "input": "Input VAT deducted",
    "payable": "To be paid",
}


class Levy(NamedTuple):
    """One leg of VAT and the day of its tax point."""

    entry: JournalEntry
    leg: Posting
    due: date


def tax_point(entry: JournalEntry) -> date:
    """The day on which the tax of an entry counts: `tax-date` where it differs, else the day of what happened."""
    said = next((value for key, value in entry.metadata if key == "tax-date"), None)
    return date.fromisoformat(said) if said else entry.effective or entry.date


def quarter(day: date) -> str:
    """`2026-Q1`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_end(day: date) -> date:
    """The last day of the day's quarter."""
    return add_months(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3) - DAY


def levies(books: Records, asked: Question) -> Iterator[Levy]:
    """Every leg of VAT whose tax point lies in the period, whenever it was posted."""
    for entry in books.entries(date.max):
        for leg in legs_of(entry, asked.branch):
            if leg.role in ROLES:
                due = tax_point(entry)
                if asked.first <= due <= asked.last:
                    yield Levy(entry, leg, due)


def report(books: Records, asked: Question) -> Table:
    """Output, pending and input VAT of a period by tax point; owed to the tax office is positive."""
    sums, outside = Sums(COLUMNS), 0
    bundles = {bundle.id: bundle for bundle in books.bundles()} if "tax" in asked.by else {}
    for entry in books.entries(date.max):
        due, netted = tax_point(entry), dict[tuple[Role, Key], int]()
        posted, counts = (asked.first <= day <= asked.last for day in (entry.date, due))
        for leg in legs_of(entry, asked.branch):
            if leg.role in ROLES:
                outside += -leg.amount * (counts - posted)
                if not counts:
                    continue
                key = _key(Levy(entry, leg, due), asked.by, books, bundles)
                if entry.rule.startswith(_MOVED):
                    netted[leg.role, key] = netted.get((leg.role, key), 0) - leg.amount
                else:
                    _take(sums, leg.role, -leg.amount, key)
        for (role, key), amount in netted.items():
            _take(sums, role, amount, key)
    moved = books.balance(ROLES, asked.first - DAY, asked.branch) - books.balance(ROLES, asked.last, asked.branch)
    shown = sums.sum("output", "pending") - sums.sum("input")
    ties = (Tie("Ledger movement and what counts in another period", moved + outside, "VAT shown", shown),)
    columns = (*_labels(asked.by), *(Column(name, TITLES[name], sparse=name != "output") for name in COLUMNS))
    total = total_cells(len(asked.by), sums.total())
    title = f"VAT by tax point from {asked.first} to {asked.last}"
    return Table("tax", title, books.currency, columns, sums.cells(), total, ties)


def late(books: Records, asked: Question) -> Table:
    """VAT whose tax point lies in a quarter that had ended before it was recorded: for a supplementary return."""
    found = [levy for levy in levies(books, asked) if levy.leg.role is not Role.VAT_OUTPUT_PENDING]
    days = books.recorded(sorted({levy.entry.number for levy in found}))
    late_ones = [(levy, days[levy.entry.number]) for levy in found if quarter_end(levy.due) < days[levy.entry.number]]
    rows = tuple(
        (
            quarter(levy.due),
            levy.due,
            recorded,
            levy.entry.date,
            f"E-{levy.entry.number}",
            levy.entry.rule,
            levy.leg.bundle or levy.entry.bundle or UNNAMED,
            levy.leg.role.value,
            -levy.leg.amount,
        )
        for levy, recorded in sorted(late_ones, key=lambda pair: (pair[0].due, pair[0].entry.number))
    )
    every, timely = (
        -sum(levy.leg.amount for levy in found),
        -sum(levy.leg.amount for levy in found if quarter_end(levy.due) >= days[levy.entry.number]),
    )
    amount = sum(-levy.leg.amount for levy, _ in late_ones)
    tie = Tie("VAT of the period less what was recorded in its quarter", every - timely, "late VAT", amount)
    title = f"VAT recorded after its quarter had ended, tax points from {asked.first} to {asked.last}"
    return Table("vat-late", title, books.currency, LATE, rows, total_cells(8, (amount,)), (tie,))


LATE = (
    Column("quarter", "Quarter", Kind.TEXT),
    Column("tax_date", "Tax point", Kind.DATE),
    Column("recorded", "Recorded", Kind.DATE),
    Column("date", "Posted", Kind.DATE),
    Column("entry", "Entry", Kind.TEXT),
    Column("rule", "Rule", Kind.TEXT),
    Column("bundle", "Bundle", Kind.TEXT),
    Column("role", "Role", Kind.TEXT),
    Column("amount", "VAT"),
)


def _labels(by: tuple[str, ...]) -> Iterator[Column]:
    return (Column(part, part.capitalize(), Kind.TEXT) for part in by)


def _take(sums: Sums, role: Role, amount: int, key: Key) -> None:
    """An amount of VAT, owed to the tax office where positive, into its columns."""
    if role is Role.VAT_OUTPUT:
        sums.add(key, "accrued" if amount > 0 else "reversed", amount)
        sums.add(key, "output", amount)
        sums.add(key, "payable", amount)
    elif role is Role.VAT_OUTPUT_PENDING:
        sums.add(key, "pending", amount)
    else:
        sums.add(key, "input", -amount)
        sums.add(key, "payable", amount)


def _key(levy: Levy, by: tuple[str, ...], books: Records, bundles: Mapping[str, Bundle]) -> Key:
    special = {"quarter": quarter(levy.due), "month": f"{levy.due:%Y-%m}", "rule": levy.entry.rule}
    if "tax" in by:
        special["tax"] = _tax_of(levy, books, bundles) or UNNAMED
    return tuple(special.get(part) or key_of(levy.entry, levy.leg, (part,))[0] for part in by)


def _tax_of(levy: Levy, books: Records, bundles: Mapping[str, Bundle]) -> str | None:
    """The id of the tax of a leg: a visit's or surcharge's own, a fee's, else that of the bundle or of its commission."""
    entry = levy.entry
    bundle = bundles.get(levy.leg.bundle or entry.bundle or "")
    policy = bundle.terms.policy if bundle else None
    if levy.leg.role is Role.VAT_INPUT:
        return None
    if entry.rule == "session.single" and (event := books.fact(entry)) and isinstance(event.data, SessionCompleted):
        own = event.data.surcharge.tax if event.data.surcharge else event.data.tax
        return own or (bundle.terms.tax.id if bundle else None)
    if entry.rule in FEES:
        return policy.fee_tax if policy else None
    if bundle is None:
        return None
    return bundle.terms.tax.id if bundle.terms.policy.principal else bundle.terms.policy.commission_tax
