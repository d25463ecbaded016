"""The parts that pages are put together from; `templates/parts.html` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Tab(NamedTuple):
    """A page, or one way to see a page."""

    title: str
    link: str
    current: bool


class Cell(NamedTuple):
    """One field of a table: `says` names its link to those who do not see the table, `title` stands where the mouse rests.

    `shape` is a class of the style sheet; `amount` marks a number of money, which incognito hides; `more` are links beside it.
    """

    text: str
    link: str = ""
    says: str = ""
    shape: str = ""
    amount: bool = False
    title: str = ""
    more: tuple[Cell, ...] = ()


class Column(NamedTuple):
    """A column of a table; `meaning` stands under its title when the mouse rests there."""

    title: str
    meaning: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: `name` is its id, `total` the last row, `empty` the sentence that stands where there are no rows."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    empty: str
    total: Sequence[Cell] = ()


class Pager(NamedTuple):
    """Where the reader is in a long list, and the pages before and after (empty: there is none)."""

    page: int
    pages: int
    before: str
    after: str


class TieLine(NamedTuple):
    """Two balances of one thing as text, where each leads, and whether they are the same."""

    left: str
    left_text: str
    right: str
    right_text: str
    difference: str
    ties: bool
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page that is one table below tabs and a sentence; what else it shows, its own class adds."""

    tabs: tuple[Tab, ...]
    grid: Grid
    subtitle: str = ""
    said: str = ""
    ties: tuple[TieLine, ...] = ()
    notices: tuple[str, ...] = ()
