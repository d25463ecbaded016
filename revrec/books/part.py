"""A span of months as a book of its own, such as an audit pack holds: balances brought forward, then the days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from revrec.books.chart import Chart
from revrec.books.fiscal import brought_forward
from revrec.books.listing import day_path
from revrec.books.mainfile import Main
from revrec.books.render import HEAD
from revrec.books.state import MonthRow
from revrec.core.dates import DAY

NAME = "main.beancount"
_NOTE = """\
; {title} by itself. What stood before is one transaction on its eve: the balances of revrec's own entries.
"""


def text(
    title: str,
    first: date,
    days: Sequence[date],
    rows: Iterable[MonthRow],
    chart: Chart,
    currency: str,
    main: Main,
    manual: Sequence[str] = (),
) -> str:
    """The book of `days` from the first day of a month on; `rows` are all month rows, `manual` the accountant's files."""
    parts = [HEAD, _NOTE.format(title=title), main.head(title, "year"), f'\ninclude "{chart.name}"\n']
    parts.extend(f'include "{day_path(day)}"\n' for day in days)
    parts.extend(f'include "{path}"\n' for path in manual)
    earlier = [row for row in rows if row.month < first]
    if earlier:
        parts.append(brought_forward(first - DAY, first.year, earlier, chart, currency, main))
    return "".join(parts)
