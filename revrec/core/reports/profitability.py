"""R13, what each package leaves: revenue less the cost of those who gave the care and of taking the money, breakage apart."""

from __future__ import annotations

from collections.abc import Sequence

from revrec.core.dates import DAY
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.money import allocate, share
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, key_of, legs_of
from revrec.core.reports.sums import Key, Sums, total_cells
from revrec.core.reports.waterfall import key_of_bundle

BY = ("package", "service", "branch", "policy")
USUAL = ("package", "service")

_COLUMN_OF = {
    Role.REVENUE_PACKAGE: "revenue",
    Role.REVENUE_SINGLE: "revenue",
    Role.REVENUE_NO_SHOW: "revenue",
    Role.COMMISSION_INCOME: "revenue",
    Role.FEE_INCOME: "fees",
    Role.REFUND_CONTRA: "refunds",
    Role.PROVIDER_COST: "providers",
    Role.SESSION_COST: "providers",
    Role.PSP_FEES: "psp",
    Role.BAD_DEBT: "bad_debt",
    Role.IMPAIRMENT_LOSS: "bad_debt",
    Role.BREAKAGE: "breakage",
}
_AMOUNTS = ("revenue", "fees", "refunds", "providers", "psp", "bad_debt", "breakage")
_TITLES = {
    "revenue": "Revenue of sessions",
    "fees": "Fees",
    "refunds": "Refunds, concessions",
    "providers": "Providers",
    "psp": "Payment service",
    "bad_debt": "Lost claims",
    "breakage": "Breakage",
}
_SPARSE = frozenset({"fees", "refunds", "bad_debt"})


def report(books: Records, asked: Question) -> Table:
    """What the packages leave in a period: costs negative; the margin without breakage, and with it."""
    keys = {bundle.id: key_of_bundle(bundle, asked.by) for bundle in books.bundles()}
    sums, collected = Sums(_AMOUNTS), Sums(("money",))
    for entry in books.entries(asked.last, asked.first):
        for leg in legs_of(entry, asked.branch):
            key = _key(entry, leg, asked.by, keys)
            if column := _COLUMN_OF.get(leg.role):
                sums.add(key, column, -leg.amount)
            elif leg.role is Role.PSP_CLEARING and leg.amount > 0 and entry.rule.startswith("payment."):
                collected.add(key, "money", leg.amount)
    _spread(sums, collected, len(asked.by))
    rows = tuple((*key, *_cells(amounts)) for key, amounts in sums.rows())
    columns = (
        *(Column(part, part.capitalize(), Kind.TEXT) for part in asked.by),
        *(Column(name, _TITLES[name], sparse=name in _SPARSE) for name in _AMOUNTS[:-1]),
        Column("margin", "Margin"),
        Column("margin_share", "of revenue", Kind.PERCENT),
        Column("breakage", "Breakage"),
        Column("result", "With breakage"),
    )
    until, before = (books.balance(_COLUMN_OF, day, asked.branch) for day in (asked.last, asked.first - DAY))
    tie = Tie("Ledger result of these accounts", before - until, "packages together", sum(sums.total()))
    title = f"Profitability of packages from {asked.first} to {asked.last}"
    last = total_cells(len(asked.by), _cells(sums.total()))
    note = "Fees of the payment service that name no bundle are spread by the money collected through it."
    return Table("profitability", title, books.currency, columns, rows, last, (tie,), (note,))


def _key(entry: JournalEntry, leg: Posting, by: tuple[str, ...], keys: dict[str, Key]) -> Key:
    """The cells of a leg: its bundle's package, or what its entry says of a single session."""
    bundle = leg.bundle or entry.bundle
    if bundle in keys:
        return keys[bundle]
    return tuple(UNNAMED if part == "package" else key_of(entry, leg, (part,))[0] for part in by)


def _spread(sums: Sums, collected: Sums, width: int) -> None:
    """Share the fees that belong to no row out to those through which the payment service collected."""
    nowhere = (UNNAMED,) * width
    fees = sums.of(nowhere, "psp")
    targets = list(collected.rows())
    if not fees or not targets:
        return
    parts = allocate(abs(fees), tuple(amounts[0] for _, amounts in targets))
    sums.add(nowhere, "psp", -fees)
    for (key, _), part in zip(targets, parts, strict=True):
        sums.add(key, "psp", part if fees > 0 else -part)


def _cells(amounts: Sequence[int]) -> tuple[Cell, ...]:
    """The amounts with the margin before breakage, its share of revenue, breakage, and the margin with it."""
    *parts, breakage = amounts
    margin, revenue = sum(parts), sum(parts[:3])
    rate = share(abs(margin), 10_000, revenue) if revenue > 0 else None
    signed = -rate if rate is not None and margin < 0 else rate
    return (*parts, margin, signed, breakage, margin + breakage)
