"""All years rolled up by month and branch: a book that opens at once, with the balances of the full one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from revrec.books.balance import account_of, by_month
from revrec.books.chart import Chart
from revrec.books.fiscal import RESULT_ROLES
from revrec.books.mainfile import Main
from revrec.books.render import HEAD, escape, posting_line
from revrec.books.state import MonthRow
from revrec.core import money
from revrec.core.dates import month_end

PATH = "summary.beancount"
_NOTE = """\
; All years by month and branch: the account balances of revrec's own entries at every month end, without the sessions.
; Hand-written entries are in main.beancount only.
"""


def text(rows: Sequence[MonthRow], chart: Chart, currency: str, main: Main) -> str:
    """The summary book: one transaction a month and branch, dated the last day of the month."""
    parts = [HEAD, _NOTE, main.head("by month"), f'\ninclude "{chart.name}"\n']
    for month, of_month in by_month(rows).items():
        parts.extend(_transaction(month, branches, group, chart, currency) for branches, group in _groups(of_month))
    return "".join(parts)


def _groups(rows: Iterable[MonthRow]) -> Iterator[tuple[tuple[str, ...], list[MonthRow]]]:
    """The rows of a month by branch; branches that do not balance each by itself stand together."""
    branches: dict[str, list[MonthRow]] = defaultdict(list)
    for row in rows:
        branches[row.branch or ""].append(row)
    together = [branch for branch, mine in sorted(branches.items()) if sum(row.amount for row in mine)]
    for branch, mine in sorted(branches.items()):
        if branch not in together:
            yield (branch,), mine
    if together:
        yield tuple(together), [row for branch in together for row in branches[branch]]


def _transaction(month: date, branches: tuple[str, ...], rows: Iterable[MonthRow], chart: Chart, currency: str) -> str:
    """One transaction: legs by account, results also by service; a single branch stands at the top, several on the legs."""
    several = len(branches) > 1
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        service = row.service if row.role in RESULT_ROLES else None
        sums[account_of(row, chart), (row.branch or "") if several else "", service or ""] += row.amount
    legs = [_leg(key, amount, currency) for key, amount in sorted(sums.items()) if amount]
    if not legs:
        return ""
    named = ", ".join(branch or "no branch" for branch in branches)
    about = f", {'branches' if several else 'branch'} {escape(named)}" if named != "no branch" else ""
    top = f'  branch: "{escape(branches[0])}"\n' if not several and branches[0] else ""
    return f'\n{month_end(month)} * "Month {month:%Y-%m}{about}"\n{top}' + "".join(legs)


def _leg(key: tuple[str, str, str], amount: int, currency: str) -> str:
    account, branch, service = key
    line = posting_line(account, money.text(amount, currency), currency)
    line += f'    branch: "{escape(branch)}"\n' if branch else ""
    return line + (f'    service: "{escape(service)}"\n' if service else "")
