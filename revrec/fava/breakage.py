"""The page of breakage: how cohorts use what they bought, what was expected, and the breakage booked, tied to the open ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from flask import request

from revrec.app import cohorts as app
from revrec.app.closings import is_large
from revrec.core import units
from revrec.core.checklist import counted
from revrec.core.journal import Role
from revrec.core.reports.breakage import Cohort
from revrec.core.reports.frame import UNNAMED
from revrec.fava.asked import Part
from revrec.fava.behind import Behind, behind, cursor
from revrec.fava.curves import Curves, curves
from revrec.fava.frame import DIFFERS, FramedPage, word_asked
from revrec.fava.parts import Cell, Column, Grid, Sheet, TieLine
from revrec.fava.span import Days, days

if TYPE_CHECKING:
    from revrec.app.cohorts import Cohorts
    from revrec.app.workspace import Workspace
    from revrec.fava.asked import Asked

_TITLES = {"quarter": "By quarter of sale", "month": "By month of sale", "package": "By package"}
_DRAWN_BY = ("quarter", "month")  # a package that is still sold has no one age
_DRAWN = 8  # curves of the newest cohorts: more cannot be told apart
_COLUMNS = (
    Column("Cohort", "The bundles that were sold together. Leads to the entries of their breakage."),
    Column("Bundles", numeric=True),
    Column("Sold", "Units sold: sessions, and hours, minutes or money where a package is counted in them.", numeric=True),
    Column("Used", "Units used up to now.", numeric=True),
    Column("Expired", "Units that were never used and expired.", numeric=True),
    Column("Used %", "Of the units sold.", numeric=True),
    Column("Expected at sale", "The policy's estimate of what will be used (`expected_used`).", numeric=True),
    Column("Estimate now", "The estimate in force, by its latest approval.", numeric=True),
    Column("Difference", "Of a cohort that has ended: what was used less what was expected at the sale.", numeric=True),
    Column("State"),
    Column("Breakage of the period", "Leads to its entries.", numeric=True),
    Column("Breakage since the sale", numeric=True),
)
_EMPTY = "No bundle was sold yet."
_NOT_YET = "The cohorts are being worked out: open the page again in a moment."
_OLDER = "The cohorts stand as of event {seq:,}; newer ones are being worked out: open the page again in a moment."
_MILLIONTHS = 100  # of a hundredth of a percent


class Drawing(NamedTuple):
    """A chart for wide or for narrow screens."""

    shape: str
    curves: Curves


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSheet(Sheet):
    """Curves above the table, each leading somewhere; or the entries behind one number instead of both."""

    drawings: tuple[Drawing, ...] = ()
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    behind: Behind | None = None


class RevrecBreakage(FramedPage):
    """Cohorts, their use against the estimate, and their breakage."""

    report_title = "Breakage"
    applies = (Part.TIME, Part.BRANCH)

    def body(self, ws: Workspace, question: Asked) -> CohortSheet:
        """The cohorts, and the entries behind one number."""
        by = word_asked("by", app.BY)
        tabs = self.views("by", _TITLES.items(), by)
        within = days(self.booked(ws), question, self.span)
        if within is None:
            return CohortSheet(tabs=tabs, grid=self._grid({}, by))
        branch = question.branch or None
        subtitle, listed = _subtitle(within, branch), self._behind(ws, within, by, branch)
        found, notice = self._cohorts(ws, within, by, branch)
        if found is None:
            grid = self._grid({}, by, notice)
            return CohortSheet(subtitle=subtitle, notices=(notice,), tabs=tabs, grid=grid, behind=listed)
        ties = (self._tie(found.rows, within),) if branch is None else ()
        notes = (notice, *(() if all(tie.ties for tie in ties) else (DIFFERS,)))
        return CohortSheet(
            subtitle=subtitle,
            ties=ties,
            notices=tuple(note for note in notes if note),
            tabs=tabs,
            drawings=tuple(_drawings(found)) if by in _DRAWN_BY else (),
            links={name: (self._link(name, by), _title(name, cohort)) for name, cohort in found.rows.items()},
            said=_back_test(found.rows),
            grid=self._grid(found.rows, by),
            behind=listed,
        )

    def _cohorts(self, ws: Workspace, within: Days, by: str, branch: str | None) -> tuple[Cohorts | None, str]:
        """The cohorts, and what is to be said of them; in large books worked out beside the requests."""
        key = ("cohorts", within.first, within.last, by, branch)

        def make(other: Workspace) -> Cohorts:
            return app.cohorts(other, within.first, within.last, by, branch)

        if not is_large(ws):
            return self.beside.remembered(key, lambda: make(ws)), ""
        worked = self.beside.worked_out(key, make)
        if worked.value is None:
            return None, _NOT_YET
        return worked.value, "" if worked.current else _OLDER.format(seq=worked.seq)

    def _tie(self, found: Mapping[str, Cohort], within: Days) -> TieLine:
        """The breakage of the period: by the open ledger, and of all cohorts together."""
        store = sum(cohort.recent for cohort in found.values())
        return self.tied("Ledger, breakage of the period", (Role.BREAKAGE,), "all cohorts", store, within.time)

    def _grid(self, found: Mapping[str, Cohort], by: str, empty: str = _EMPTY) -> Grid:
        rows = tuple(tuple(self._cells(name, cohort, self._link(name, by))) for name, cohort in reversed(list(found.items())))
        total = tuple(self._cells("Total", _together(found), "")) if found else ()
        return Grid("revrec-breakage", "Cohorts", _COLUMNS, rows, empty, total)

    def _link(self, name: str, by: str) -> str:
        return self.goto.page(self.name, by=by, cohort=name)

    def _cells(self, name: str, cohort: Cohort, link: str) -> Iterator[Cell]:
        label = "no bundle" if name == UNNAMED else name
        now = cohort.estimate.share // _MILLIONTHS if cohort.estimate else None
        yield Cell(label, link, f"the entries of the breakage of {label}")
        yield Cell(f"{cohort.bundles:,}", shape="num")
        for quanta in (cohort.sold, cohort.used, cohort.expired):
            yield Cell(_units(quanta), shape="num")
        for each in (cohort.used_share, cohort.expected, now):
            yield Cell(_percent(each), shape="num")
        yield Cell(_points(cohort.back_test), shape="num")
        yield Cell("ended", shape="good") if cohort.ended else Cell("running", shape="calm")
        yield self.amount(cohort.recent, link, f"Breakage of {label}")
        yield self.amount(cohort.breakage)

    def _behind(self, ws: Workspace, within: Days, by: str, branch: str | None) -> Behind | None:
        cohort = request.args.get("cohort")
        if cohort is None:
            return None
        listed = app.behind(ws, within.first, within.last, by, cohort, branch, cursor())
        said = f"Breakage of {'no bundle' if cohort == UNNAMED else cohort}, {within.first} to {within.last}"
        return behind(self, said, listed, self.goto.page(self.name, by=by))


def _subtitle(within: Days, branch: str | None) -> str:
    where = f" · branch {branch}" if branch else ""
    return f"Use as the books stand · breakage of {within.first} to {within.last}{where}"


def _drawings(found: Cohorts) -> Iterator[Drawing]:
    """The newest cohorts that have an age, for both widths of a screen."""
    drawn = [(name, tuple(cohort.curve(found.on))) for name, cohort in found.rows.items() if name != UNNAMED]
    drawn = [(name, shares) for name, shares in drawn if shares and shares[0] is not None][-_DRAWN:]
    if drawn:
        expected = _together(found.rows).expected
        yield Drawing("wide", curves(drawn, expected, _DRAWN, 860, 320))
        yield Drawing("narrow", curves(drawn, expected, _DRAWN, 400, 300))


def _together(found: Mapping[str, Cohort]) -> Cohort:
    """All cohorts as one."""
    total = Cohort(ended=all(cohort.ended for cohort in found.values()))
    for cohort in found.values():
        total.bundles += cohort.bundles
        total.sold += cohort.sold
        total.used += cohort.used
        total.expired += cohort.expired
        total.recent += cohort.recent
        total.breakage += cohort.breakage
        total.estimated += cohort.estimated
        total.estimated_used += cohort.estimated_used
        total.at_sale += cohort.at_sale
    return total


def _back_test(found: Mapping[str, Cohort]) -> str:
    """Estimate against actual, over the cohorts that have ended."""
    ended = _together({name: cohort for name, cohort in found.items() if cohort.back_test is not None})
    if not ended.bundles:
        return "No cohort under an estimate has ended yet: there is nothing to compare the estimate with."
    return (
        f"Cohorts that have ended ({counted(ended.bundles, 'bundle')}): expected {_percent(ended.expected)}, "
        f"used {_percent(ended.estimated_share)}, difference {_points(ended.back_test)}."
    )


def _title(name: str, cohort: Cohort) -> str:
    return f"{name}: {counted(cohort.bundles, 'bundle')}, {_percent(cohort.used_share)} used"


def _units(quanta: int) -> str:
    """Units to a tenth: `1,234.5`."""
    return f"{Decimal(quanta) / units.UNIT:,.1f}".removesuffix(".0")


def _percent(part: int | None) -> str:
    return "–" if part is None else f"{part / 100:.1f} %"


def _points(part: int | None) -> str:
    return "–" if part is None else f"{part / 100:+.1f} points"
