"""A fiscal year as a book of its own, or a part of one too large to open: balances brought forward, its days, manual entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from revrec.books.balance import account_of, is_result
from revrec.books.chart import Chart
from revrec.books.listing import day_path
from revrec.books.mainfile import Main
from revrec.books.render import HEAD, escape, posting_line
from revrec.books.state import MonthRow
from revrec.core import money
from revrec.core.dates import DAY, add_months

LARGE = 100_000
"""A book of more entries also comes in parts: more than that Fava does not show quickly."""

_BOOK = re.compile(r"fy([0-9]{4})(?:-q([1-4])|-(0[1-9]|1[0-2]))?\.beancount")
_NOTE = """\
; {what} by itself. The balances before it stand in one transaction on its eve, dated the day before because the assertions of
; its first day are checked before that day's transactions. They are those of revrec's own entries: hand-written entries of
; earlier years are in main.beancount only.
"""


class Span(NamedTuple):
    """A year, a quarter or a month: `2026`, `2026-q1`, `2026-03`; both days counted."""

    name: str
    first: date
    last: date

    @property
    def path(self) -> str:
        """The path of its book, from the workspace."""
        return f"fy{self.name}.beancount"

    @property
    def title(self) -> str:
        """As the book calls itself: `2026`, `2026 Q1`, `2026-03`."""
        return self.name.replace("-q", " Q")

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.first <= day <= self.last


def named(book: str) -> Span | None:
    """The span of a book's file name; None of one that holds all years."""
    found = _BOOK.fullmatch(book)
    if not found:
        return None
    year, quarter, month = found.groups()
    start, months = (3 * int(quarter) - 2, 3) if quarter else (int(month), 1) if month else (1, 12)
    first = date(int(year), start, 1)
    return Span(_name(first, months), first, add_months(first, months) - DAY)


def spans(sizes: Mapping[date, int]) -> list[Span]:
    """The books that there are: every year; of a large year its quarters, of a large quarter its months.

    `sizes` are the numbers of entries by month (its first day), of every month that has a day of its own.
    """
    found: list[Span] = []
    for year in sorted({month.year for month in sizes}):
        found += _parts(sizes, date(year, 1, 1), (12, 3, 1))
    return found


def _parts(sizes: Mapping[date, int], first: date, months: tuple[int, ...]) -> Iterator[Span]:
    """The span of so many months, and when it is large those that it consists of."""
    last = add_months(first, months[0]) - DAY
    within = [count for month, count in sizes.items() if first <= month <= last]
    if not within:
        return
    yield Span(_name(first, months[0]), first, last)
    if sum(within) > LARGE and months[1:]:
        for start in range(0, months[0], months[1]):
            yield from _parts(sizes, add_months(first, start), months[1:])


def _name(first: date, months: int) -> str:
    return {12: f"{first:%Y}", 3: f"{first:%Y}-q{(first.month + 2) // 3}", 1: f"{first:%Y-%m}"}[months]


def text(
    span: Span, days: Sequence[date], rows: Sequence[MonthRow], chart: Chart, currency: str, main: Main, *, manual: bool
) -> str:
    """The book of a span with these days; `rows` are all rows, `manual` says that `manual/YEAR.beancount` exists."""
    what = f"The fiscal year {span.name}" if span.name == f"{span.first:%Y}" else span.title
    files = [f"manual/{span.first:%Y}.beancount"] if manual else []
    return book(_NOTE.format(what=what), span, days, rows, chart, currency, main, files)


def book(
    note: str,
    span: Span,
    days: Sequence[date],
    rows: Iterable[MonthRow],
    chart: Chart,
    currency: str,
    main: Main,
    manual: Sequence[str],
) -> str:
    """A book of these days that says `note` of itself, with the accountant's files; `rows` are all rows."""
    parts = [HEAD, note, main.head(span.title, "year"), f'\ninclude "{chart.name}"\n']
    parts.extend(f'include "{path}"\n' for path in (*map(day_path, days), *manual))
    parts.append(main.fava)
    earlier = [row for row in rows if row.month < span.first]
    if earlier:
        parts.append(brought_forward(span.first - DAY, span.first.year, earlier, chart, currency, main))
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
