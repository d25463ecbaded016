"""One fiscal year as a book of its own: balances brought forward, the year's days, the accountant's file of the year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from revrec.books.balance import account_of, is_result
from revrec.books.chart import Chart
from revrec.books.listing import day_path
from revrec.books.mainfile import Main
from revrec.books.render import HEAD, escape, posting_line
from revrec.books.state import MonthRow
from revrec.core import money

_NOTE = """\
; The fiscal year {year} by itself. The balances of earlier years stand in one transaction on its eve, dated the day before
; because the assertions of 1 January are checked before that day's transactions. They are those of revrec's own entries:
; hand-written entries of earlier years are in main.beancount only.
"""


def path(year: int) -> str:
    """The path of a year's book, from the workspace."""
    return f"fy{year}.beancount"


def text(days: Sequence[date], rows: Sequence[MonthRow], chart: Chart, currency: str, main: Main, *, manual: bool) -> str:
    """The book of the year of `days`; `rows` are all rows, `manual` says that `manual/YEAR.beancount` exists."""
    year = days[0].year
    parts = [HEAD, _NOTE.format(year=year), main.head(str(year), "year"), f'\ninclude "{chart.name}"\n']
    parts.extend(f'include "{day_path(day)}"\n' for day in days)
    if manual:
        parts.append(f'include "manual/{year}.beancount"\n')
    earlier = [row for row in rows if row.month.year < year]
    if earlier:
        parts.append(brought_forward(date(year - 1, 12, 31), year, earlier, chart, currency, main))
    return "".join(parts)


def brought_forward(eve: date, year: int, rows: Iterable[MonthRow], chart: Chart, currency: str, main: Main) -> str:
    """The balances of `rows` by account and branch, dated `eve`; results of before `year` on the account of earlier earnings."""
    earnings = f"Equity:{main.option('account_previous_earnings', 'Earnings:Previous')}"
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        account = account_of(row, chart)
        ended = is_result(account) and row.month.year < year
        sums[earnings if ended else account, row.branch or ""] += row.amount
    legs = []
    for (account, branch), amount in sorted(sums.items()):
        if amount:
            legs.append(posting_line(account, money.text(amount, currency), currency))
            legs.extend([f'    branch: "{escape(branch)}"\n'] if branch else [])
    opened = "" if any(a.name == earnings for a in chart.accounts) else f"\n{eve} open {earnings}\n"
    since = f"{eve.year}" if (eve.month, eve.day) == (12, 31) else f"{eve}"
    return f'{opened}\n{eve} * "Balances brought forward from {since}"\n' + "".join(legs) if legs else ""
