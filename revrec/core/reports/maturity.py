"""R3, when what is owed in sessions will be delivered: unsatisfied performance obligations by time band (IFRS 15.120-122)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from revrec.core.bundle import Bundle, Status
from revrec.core.dates import add_months
from revrec.core.journal import Role
from revrec.core.money import share, text
from revrec.core.policy import Obligation
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import Question, Records, legs_of

NEVER = "no last day"
BANDS = ("within 3 months", "3 to 6 months", "6 to 12 months", "over 12 months", NEVER)
WITHOUT = "without a bundle"
_HUNDRED = 10_000
_ENTITLED = (Role.CONTRACT_LIABILITY, Role.REFUND_LIABILITY, Role.CONTRACT_ASSET)
_EARNED = frozenset({Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW, Role.BREAKAGE})

COLUMNS = (
    Column("band", "Last day of use", Kind.TEXT),
    Column("bundles", "Bundles", Kind.COUNT),
    Column("contract_liability", "Contract liability"),
    Column("not_due", "Signed, not yet due", sparse=True),
    Column("contract_asset", "Contract asset", sparse=True),
    Column("unsatisfied", "Unsatisfied obligations"),
    Column("expedient", "of which 15.121 expedient"),
)


class Obliged(NamedTuple):
    """What is still to be delivered of one bundle, net of VAT, in minor units; `asset` was delivered before it is due."""

    band: str
    liability: int
    not_due: int
    asset: int
    short: bool  # the original term is one year or less

    @property
    def unsatisfied(self) -> int:
        """The price that is not yet revenue, without what is expected to be refunded."""
        return self.liability + self.not_due - self.asset


def report(books: Records, asked: Question) -> Table:
    """Unsatisfied obligations at the end of a day by the last day of use, tied to the ledger's contract liability."""
    on, held = asked.last, _held(books, asked)
    found = []
    for today in books.bundles():
        if today.sold_on <= on:
            here = asked.branch is None or today.branch == asked.branch
            obliged = _obliged(books.bundle_on(today, on), held.pop(today.id, {}), on, here=here)
            if obliged is not None:
                found.append(obliged)
    rows = [_row(band, [each for each in found if each.band == band]) for band in BANDS]
    loose = -sum(moved.get(Role.CONTRACT_LIABILITY, 0) for moved in held.values())
    if loose:  # an adjustment that names no bundle
        rows.append((WITHOUT, None, loose, 0, 0, loose, 0))
    total = _row("Total", found, loose)
    ledger = -books.balance((Role.CONTRACT_LIABILITY,), on, asked.branch)
    shown = sum(each.liability for each in found) + loose
    ties = (
        Tie("Ledger balance", ledger, "contract liability shown", shown),
        Tie("Unsatisfied obligations", _count(total, 5), "liability, not yet due, less contract asset", _count(total, 2, 3, -4)),
    )
    omitted = text(_count(total, 6), books.currency)
    note = f"Expedient of IFRS 15.121(a), original term of one year or less: {omitted} {books.currency} may be omitted."
    title = f"Unsatisfied obligations at the end of {on}"
    return Table("maturity", title, books.currency, COLUMNS, tuple(rows), total, ties, (note,))


def band_of(end: date | None, on: date) -> str:
    """The band of a last day of use."""
    if end is None:
        return NEVER
    bands = ((3, BANDS[0]), (6, BANDS[1]), (12, BANDS[2]))
    return next((name for months, name in bands if end <= add_months(on, months)), BANDS[3])


def _held(books: Records, asked: Question) -> dict[str | None, dict[Role, int]]:
    """What each bundle's entries up to the day come to, by role, debit positive."""
    held: dict[str | None, dict[Role, int]] = defaultdict(lambda: defaultdict(int))
    for entry in books.entries(asked.last):
        for leg in legs_of(entry, asked.branch):
            if leg.role in _ENTITLED or leg.role in _EARNED:
                held[leg.bundle or entry.bundle][leg.role] += leg.amount
    return held


def _obliged(bundle: Bundle, held: Mapping[Role, int], on: date, *, here: bool) -> Obliged | None:
    """What is still to be delivered of a bundle, or None when that is nothing; `here`: the branch asked for sold it."""
    liability = -held.get(Role.CONTRACT_LIABILITY, 0)
    binding = bundle.terms.policy.obligation is Obligation.NONCANCELLABLE and bundle.terms.policy.principal
    open_ = bundle.status is Status.OPEN and not bundle.expired(on)
    asset = not_due = 0
    if here and binding and open_:
        asset = held.get(Role.CONTRACT_ASSET, 0)
        earned = -sum(held.get(role, 0) for role in _EARNED)
        signed = share(bundle.price, _HUNDRED, _HUNDRED + bundle.terms.tax.percent)
        not_due = max(signed - earned - liability + held.get(Role.REFUND_LIABILITY, 0) + asset, 0)
    if not liability and not not_due and not asset:
        return None
    end = bundle.valid_until
    short = end is not None and end <= add_months(bundle.sold_on, 12)
    return Obliged(band_of(end, on), liability, not_due, asset, short)


def _row(band: str, found: list[Obliged], loose: int = 0) -> tuple[Cell, ...]:
    """The line of a band; `loose` belongs to no bundle."""
    unsatisfied = sum(each.unsatisfied for each in found)
    short = sum(each.unsatisfied for each in found if each.short)
    liability = sum(each.liability for each in found) + loose
    not_due, asset = sum(each.not_due for each in found), sum(each.asset for each in found)
    return (band, len(found), liability, not_due, asset, unsatisfied + loose, short)


def _count(row: tuple[Cell, ...], *places: int) -> int:
    """The sum of some cells of a line; a negative place is taken off."""
    amounts = ((place, row[abs(place)]) for place in places)
    return sum((amount if place > 0 else -amount) for place, amount in amounts if isinstance(amount, int))
