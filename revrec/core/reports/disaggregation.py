"""R4, where revenue comes from: service, branch, channel, timing, source (IFRS 15.114-115, B87-B89)."""

from __future__ import annotations

from revrec.core.dates import DAY
from revrec.core.journal import INCOME_ROLES, JournalEntry, Posting, Role
from revrec.core.report import Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, key_of, legs_of
from revrec.core.reports.sums import Sums, total_cells

BY = ("service", "branch", "channel", "timing", "source", "policy", "month", "bundle")
USUAL = ("service", "branch", "source", "timing")

OVER_TIME = "over time"
POINT = "point in time"
_SOURCES = {
    Role.REVENUE_PACKAGE: "sessions of bundles",
    Role.REVENUE_SINGLE: "single sessions",
    Role.REVENUE_NO_SHOW: "no-shows",
    Role.BREAKAGE: "breakage",
    Role.COMMISSION_INCOME: "commission",
    Role.FEE_INCOME: "fees",
    Role.REFUND_CONTRA: "refunds and concessions",
}
# Breakage that follows use; any other arises on the day on which rights lapse or live again.
_WITH_USE = frozenset({"breakage.proportional", "breakage.estimated"})
_ON_A_DAY = ("payment.at-purchase", "refund.")


def report(books: Records, asked: Question) -> Table:
    """Revenue of a period by any of its dimensions; the sum is the movement of the income accounts."""
    sums = Sums(("revenue",))
    for entry in books.entries(asked.last, asked.first):
        for leg in legs_of(entry, asked.branch):
            if leg.role in INCOME_ROLES:
                sums.add(_key(entry, leg, asked.by), "revenue", -leg.amount)
    until, before = (books.balance(INCOME_ROLES, day, asked.branch) for day in (asked.last, asked.first - DAY))
    tie = Tie("Ledger income of the period", before - until, "revenue shown", sums.sum("revenue"))
    columns = (*(Column(part, part.capitalize(), Kind.TEXT) for part in asked.by), Column("revenue", "Revenue"))
    title = f"Revenue from {asked.first} to {asked.last}"
    total = total_cells(len(asked.by), sums.total())
    return Table("disaggregation", title, books.currency, columns, sums.cells(), total, (tie,))


def timing(entry: JournalEntry, leg: Posting) -> str:
    """When the customer gets what is paid for: care over time, measured in sessions or days; the rest on one day."""
    if leg.role is Role.BREAKAGE:
        return OVER_TIME if entry.rule in _WITH_USE else POINT
    return POINT if leg.role in (Role.FEE_INCOME, Role.REFUND_CONTRA) or entry.rule.startswith(_ON_A_DAY) else OVER_TIME


def _key(entry: JournalEntry, leg: Posting, by: tuple[str, ...]) -> tuple[str, ...]:
    """The cells of a leg; the channel is the source of the event: the program or desk that it came from."""
    special = {"channel": entry.source or UNNAMED, "timing": timing(entry, leg), "source": _SOURCES.get(leg.role, UNNAMED)}
    return tuple(special.get(part) or key_of(entry, leg, (part,))[0] for part in by)
