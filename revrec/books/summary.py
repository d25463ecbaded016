"""All years rolled up by month and branch: a book that opens at once, with the balances of the full one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TypeAlias

from revrec.books.balance import account_of, by_month, is_result
from revrec.books.chart import Chart
from revrec.books.mainfile import Main
from revrec.books.render import HEAD, escape, posting_line
from revrec.books.state import MonthRow
from revrec.core import money
from revrec.core.dates import month_end

_Leg: TypeAlias = tuple[str, str, str]  # account, branch, service
PATH = "summary.beancount"
_NOTE = """\
; All years by month and branch: the account balances of revrec's own entries at every month end, without the sessions.
; Hand-written entries are in main.beancount only.
"""


def text(rows: Sequence[MonthRow], chart: Chart, currency: str, main: Main) -> str:
    """The summary book: one transaction a month and branch, dated the last day of the month."""
    parts = [HEAD, _NOTE, main.head("by month"), f'\ninclude "{chart.name}"\n', main.fava]
    for month, of_month in by_month(rows).items():
        for branches, group in _groups(of_month):
            parts.append(_transaction(month, branches, _sums(group, branches, chart), currency))
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


def _sums(rows: Iterable[MonthRow], branches: tuple[str, ...], chart: Chart) -> dict[_Leg, int]:
    """The legs of one transaction: by account, by branch when there are several, and income and expenses also by service."""
    sums: dict[_Leg, int] = defaultdict(int)
    for row in rows:
        account = account_of(row, chart)
        branch = row.branch or "" if len(branches) > 1 else ""
        sums[account, branch, row.service or "" if is_result(account) else ""] += row.amount
    return sums


def _transaction(month: date, branches: tuple[str, ...], sums: dict[_Leg, int], currency: str) -> str:
    """One transaction: a single branch stands at the top, several on the legs; nothing when every leg is 0."""
    legs = [_leg(key, amount, currency) for key, amount in sorted(sums.items()) if amount]
    if not legs:
        return ""
    single = branches[0] if len(branches) == 1 else ""
    about = f", branch {escape(single)}" if single else ", several branches" if len(branches) > 1 else ""
    top = f'  branch: "{escape(single)}"\n' if single else ""
    return f'\n{month_end(month)} * "Month {month:%Y-%m}{about}"\n{top}' + "".join(legs)


def _leg(key: _Leg, amount: int, currency: str) -> str:
    account, branch, service = key
    line = posting_line(account, money.text(amount, currency), currency)
    line += f'    branch: "{escape(branch)}"\n' if branch else ""
    return line + (f'    service: "{escape(service)}"\n' if service else "")
