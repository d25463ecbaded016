"""A span of months as a book of its own, such as an audit pack holds: balances brought forward, then the days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from revrec.books.chart import Chart
from revrec.books.fiscal import Span, book
from revrec.books.mainfile import Main
from revrec.books.state import MonthRow

NAME = "main.beancount"
_NOTE = """\
; {title} by itself. What stood before is one transaction on its eve: the balances of revrec's own entries.
"""


def text(
    span: Span,
    days: Sequence[date],
    rows: Iterable[MonthRow],
    chart: Chart,
    currency: str,
    main: Main,
    manual: Sequence[str],
) -> str:
    """The book of `days` from the first day of a month on; `rows` are all month rows, `manual` the accountant's files."""
    return book(_NOTE.format(title=span.title), span, days, rows, chart, currency, main._replace(shown=()), manual)
