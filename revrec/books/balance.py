"""Balances by account out of month rows, and the month ends at which the books assert them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from revrec.books.chart import Chart
from revrec.books.state import MonthRow
from revrec.core.dates import month_start, next_month
from revrec.core.journal import Role

ASSERTED = frozenset(
    {Role.CONTRACT_LIABILITY, Role.CONTRACT_ASSET, Role.REFUND_LIABILITY, Role.CUSTOMER_CREDIT, Role.CLIENT_MONEY},
)
"""The roles whose balances the books assert at each month end (events.md 6)."""

Asserted = Mapping[date, Sequence[tuple[str, int]]]
"""The balances to assert at the start of a day: (account, minor units)."""


def account_of(row: MonthRow, chart: Chart) -> str:
    """The account that a row was posted to; raises `NoAccount`."""
    return chart.need(row.role, row.branch, row.service, row.method)


def is_result(account: str) -> bool:
    """Whether an account is income or expense: its balance ends with the year.

    The five root names are Beancount's: it reads no other in an included file, whatever `main.beancount` says.
    """
    return account.startswith(("Income:", "Expenses:"))


def by_month(rows: Iterable[MonthRow]) -> dict[date, list[MonthRow]]:
    """The rows of each month, months in order."""
    months: dict[date, list[MonthRow]] = defaultdict(list)
    for row in rows:
        months[row.month].append(row)
    return dict(sorted(months.items()))


def month_ends(rows: Iterable[MonthRow], chart: Chart, last_day: date | None) -> Asserted:
    """The balances of every complete month, under the first day of the next: all months from the first to `last_day`'s.

    An assertion covers the accounts below its own, as Beancount adds those in. An account is asserted once it was posted to.
    """
    months = by_month(rows)
    if not months or last_day is None:
        return {}
    sums: dict[str, int] = defaultdict(int)
    asserted: set[str] = set()
    ends: dict[date, Sequence[tuple[str, int]]] = {}
    month = next(iter(months))
    while month < month_start(last_day):
        for row in months.get(month, ()):
            account = account_of(row, chart)
            sums[account] += row.amount
            if row.role in ASSERTED:
                asserted.add(account)
        month = next_month(month)
        if asserted:
            ends[month] = [(account, _with_children(account, sums)) for account in sorted(asserted)]
    return ends


def _with_children(account: str, sums: Mapping[str, int]) -> int:
    below = account + ":"
    return sums[account] + sum(amount for name, amount in sums.items() if name.startswith(below))
