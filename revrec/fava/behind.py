"""The entries behind a number, as a list of the page that shows the number: each leads to the journal and to its chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from flask import request

from revrec.app.margins import Amount, Cursor, Listed
from revrec.fava.parts import Cell, Column, Grid

if TYPE_CHECKING:
    from revrec.fava.frame import FramedPage

_COLUMNS = (
    Column("Day"),
    Column("Entry", "Leads to it in the journal; its chain beside it."),
    Column("Bundle or session"),
    Column("Rule"),
    Column("Amount", "Income positive, cost negative.", numeric=True),
)


class Behind(NamedTuple):
    """What stands behind one number: a sentence, the entries, and where the list goes on ("" at its end)."""

    said: str
    grid: Grid
    onward: str
    back: str


def behind(page: FramedPage, said: str, listed: Listed, back: str) -> Behind:
    """A page of the entries behind a number."""
    here = {name: value for name, value in request.args.items() if name not in ("after", "partial")}
    after = listed.after
    onward = page.goto.page(page.name, **here, after=f"{after.day}.{after.number}") if after else ""
    total = sum(row.amount for row in listed.rows)
    foot: Sequence[Cell] = (Cell("Together"), Cell(f"{len(listed.rows):,}"), Cell(""), Cell(""), page.amount(total))
    rows = tuple(_row(page, row) for row in listed.rows)
    grid = Grid("revrec-behind", "Entries", _COLUMNS, rows, "No entry in that time; it may go on below.", foot)
    return Behind(said, grid, onward, back)


def cursor() -> Cursor | None:
    """Where the list in the address begins."""
    day, _, number = request.args.get("after", "").partition(".")
    try:
        return Cursor(date.fromisoformat(day), int(number))
    except ValueError:
        return None


def _row(page: FramedPage, row: Amount) -> tuple[Cell, ...]:
    entry, name = row.entry, f"E-{row.entry.number}"
    chain = Cell("chain", page.goto.trace(f"entry:{name}"), f"the chain of entry {name}", "quiet")
    ref = f"session:{entry.session}" if entry.session else f"bundle:{entry.bundle}" if entry.bundle else ""
    return (
        Cell(f"{entry.date}"),
        Cell(name, page.goto.entry(name), f"entry {name} in the journal", more=(chain,)),
        Cell(ref.partition(":")[2], page.goto.trace(ref) if ref else "", f"the chain of {ref}"),
        Cell(entry.rule, shape="code"),
        page.amount(row.amount),
    )
