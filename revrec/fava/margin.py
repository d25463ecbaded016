"""The page of margins: what each package, provider, branch or service leaves, tied to the result of the open ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request

from revrec.app import margins as app
from revrec.app.closings import is_large
from revrec.app.sums import BY
from revrec.core.margin import Margin, Part, margin_of, roles_of
from revrec.core.tally import RESULT
from revrec.fava.asked import Part as Box
from revrec.fava.behind import Behind, behind, cursor
from revrec.fava.frame import DIFFERS, FramedPage, word_asked
from revrec.fava.parts import Cell, Column, Grid, Sheet, TieLine
from revrec.fava.span import Days, days

if TYPE_CHECKING:
    from revrec.app.margins import Margins
    from revrec.app.workspace import Workspace
    from revrec.core.journal import Role
    from revrec.core.tally import Earned
    from revrec.fava.asked import Asked

_MEANINGS = {
    Part.REVENUE: ("Revenue", "Sessions, no-shows, single visits, commission."),
    Part.FEES: ("Fees", "Charged to customers for transfers, extensions, refunds."),
    Part.REFUNDS: ("Refunds", "Paid back beyond what was owed in sessions: a price concession."),
    Part.PROVIDERS: ("Providers", "Fees of those who gave the care."),
    Part.SESSIONS: ("Session costs", "Other cost of a session."),
    Part.PAYMENTS: ("Payment fees", "What payment services kept."),
    Part.LOSSES: ("Lost claims", "Written off or impaired."),
    Part.OTHER: ("Other", "Exchange differences, rounding."),
    Part.BREAKAGE: ("Breakage", "Rights that were not used: shown apart, for nobody worked for it."),
}
_ALWAYS = frozenset({Part.REVENUE, Part.PROVIDERS, Part.BREAKAGE})
_NONE = {"package": "no package", "provider": "no provider named", "branch": "no branch", "service": "no service"}
_ALL = "all"  # of the parts: what a group leaves together
_EMPTY = "No income and no cost in that time."
_NOT_YET = "The sessions are being counted: open the page again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginSheet(Sheet):
    """The table, or the entries behind one of its numbers."""

    behind: Behind | None = None


class RevrecMargin(FramedPage):
    """What each package, provider and branch leaves."""

    report_title = "Margin"
    applies = (Box.TIME, Box.BRANCH)

    def body(self, ws: Workspace, question: Asked) -> MarginSheet:
        """The margins of the period that is asked for, and the entries behind one number."""
        by = word_asked("by", BY)
        within = days(self.booked(ws), question, self.span)
        tabs = self.views("by", ((each, f"By {each}") for each in BY), by)
        if within is None:
            return MarginSheet(tabs=tabs, grid=Grid("revrec-margin", "Margins", (), (), _EMPTY))
        branch = question.branch or None
        found = app.margins(ws, within.first, within.last, by, branch)
        tie = self._tie(found, within)
        counts = self._sessions(ws, within, by, branch)
        return MarginSheet(
            subtitle=f"{within.first} to {within.last} · {self.currency}",
            ties=(tie,),
            notices=(*(() if tie.ties else (DIFFERS,)), *(() if counts is not None else (_NOT_YET,))),
            tabs=tabs,
            grid=self._grid(found, by, counts),
            said=self._said(found, branch) if branch else "",
            behind=self._behind(ws, within, by, branch),
        )

    def _tie(self, found: Margins, within: Days) -> TieLine:
        """Income less cost: by the open ledger, and of all groups of all branches together."""
        title = "Ledger, income less cost of these accounts"
        return self.tied(title, sorted(RESULT), "store, all rows", found.every.result, within.time)

    def _said(self, found: Margins, branch: str) -> str:
        rest = found.every.result - found.total.result
        mine, every, others = (self.money(amount) for amount in (found.total.result, found.every.result, rest))
        return f"Branch {branch}: {mine} of {every}; other branches {others}."

    # the table

    def _grid(self, found: Margins, by: str, counts: Mapping[str, int] | None) -> Grid:
        parts = [part for part in Part if part in _ALWAYS or found.total.of(part) or any(m.of(part) for m in found.rows.values())]
        columns = (
            Column(by.capitalize(), "Leads to the entries of the group."),
            Column("Sessions", "Given and not taken back.", numeric=True),
            *(Column(*_MEANINGS[part], numeric=True) for part in parts if part is not Part.BREAKAGE),
            Column("Margin", "What is left before breakage.", numeric=True),
            Column("of income", "The margin in per cent of revenue, fees and refunds.", numeric=True),
            Column(*_MEANINGS[Part.BREAKAGE], numeric=True),
            Column("Result", "Margin and breakage: what the ledger shows.", numeric=True),
        )
        every = {**dict.fromkeys(counts or (), margin_of({})), **found.rows}  # care may leave nothing: an agent's, or a free one
        rows = tuple(
            tuple(self._cells(name, margin, by, parts, counts.get(name, 0) if counts is not None else None))
            for name, margin in sorted(every.items(), key=lambda row: (-row[1].result, row[0]))
        )
        given = sum(counts.values()) if counts is not None else None
        total = (Cell("Total"), *list(self._cells("", found.total, by, parts, given, leads=False))[1:])
        return Grid("revrec-margin", "Margins", columns, rows, _EMPTY, total)

    def _cells(
        self, name: str, margin: Margin, by: str, parts: list[Part], sessions: int | None, *, leads: bool = True
    ) -> Iterator[Cell]:
        label = name or _NONE[by]

        def number(amount: int, part: str, title: str) -> Cell:
            link = self.goto.page(self.name, by=by, group=name, part=part) if leads else ""
            return self.amount(amount, link, f"{title} of {label}")

        yield Cell(label, self.goto.page(self.name, by=by, group=name, part=_ALL) if leads else "", f"the entries of {label}")
        yield Cell("…" if sessions is None else f"{sessions:,}", shape="num")
        for part in parts:
            if part is not Part.BREAKAGE:
                yield number(margin.of(part), part, _MEANINGS[part][0])
        yield number(margin.margin, "margin", "Margin")
        yield Cell("–" if margin.share is None else f"{margin.share / 100:.1f} %", shape="num")
        yield number(margin.of(Part.BREAKAGE), Part.BREAKAGE, "Breakage")
        yield number(margin.result, _ALL, "Result")

    def _sessions(self, ws: Workspace, within: Days, by: str, branch: str | None) -> dict[str, int] | None:
        """How many sessions each group gave; in large books worked out beside the requests, None while they are counted."""
        key = ("sessions", within.first, within.last, by, branch)

        def count(other: Workspace) -> dict[str, int]:
            return app.sessions(other, within.first, within.last, by, branch)

        if not is_large(ws):
            return self.beside.remembered(key, lambda: count(ws))
        worked = self.beside.worked_out(key, count)
        found: dict[str, int] | None = worked.value
        return found

    # the entries behind a number

    def _behind(self, ws: Workspace, within: Days, by: str, branch: str | None) -> Behind | None:
        group, part = request.args.get("group"), request.args.get("part", "")
        if group is None:
            return None
        roles = _roles(part)

        def chooses(key: Earned, _: str) -> bool:
            return bool(getattr(key, by) == group) and branch in (None, key.branch)

        listed = app.entries(ws, within.first, within.last, chooses, roles, cursor())
        title = _MEANINGS[Part(part)][0] if part in tuple(Part) else "Margin" if part == "margin" else "Everything"
        said = f"{title} of {group or _NONE[by]}, {within.first} to {within.last}"
        return behind(self, said, listed, self.goto.page(self.name, by=by))


def _roles(part: str) -> frozenset[Role]:
    """The roles behind a column."""
    if part == "margin":
        return RESULT - roles_of(Part.BREAKAGE)
    return roles_of(Part(part)) if part in tuple(Part) else RESULT
