"""The page of closings: the months and who closed them, and the checklist of one month with the evidence behind each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flask import request

from revrec.app import closings as app
from revrec.app.closings import Act, Item, Month, Seen, State
from revrec.app.records import StoreRecords
from revrec.core.checklist import Outcome, counted
from revrec.core.dates import month_end
from revrec.core.journal import Role
from revrec.fava.asked import Part
from revrec.fava.frame import DIFFERS, FramedPage, today
from revrec.fava.parts import Cell, Column, Grid, TieLine

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.fava.asked import Asked

_MONTHS = (
    Column("Month", "Leads to its checklist."),
    Column("State"),
    Column("Entries", "Leads to them, in the journal.", numeric=True),
    Column("By"),
    Column("On", "The day on which it was recorded."),
    Column("Reason"),
    Column("Failed items", "Items of the checklist that failed when it was closed."),
    Column("Digest of the month", "SHA-256 of the chain's head and of the digests of its day files."),
)
_ITEMS = (
    Column("No."),
    Column("Outcome"),
    Column("Item", "Leads to its entries or report."),
    Column("Evidence", "What it was judged by; the things that it names lead to their chain."),
    Column("Seen", "As of which event it was looked at."),
)
_SHAPES = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.NOT_APPLICABLE: "calm"}
_STATES = {State.OPEN: "calm", State.CLOSED: "good", State.REOPENED: "warn"}
_UNKNOWN = "not looked at yet"
_LOOK = "look"  # in the address: look at what takes long, too
_SHORT = 16  # characters of a digest that a table shows
_ELSEWHERE = "The open ledger holds another time: this month stands in `main`, or in a book of its own (`revrec serve --book`)."
# The rules whose entries an item is about.
_INSTALMENTS = 'rule:"^instalment\\.due$"'
_EXPIRIES = 'rule:"^(breakage\\.(expiry|correction|reinstated)|accrual\\.straight-line|refund-window\\.released)$"'
_REVALUED = 'rule:"^currency\\.revalued$"'
_LATE = 'late:"True"'


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what is known of the chosen month: `code` when it is a digest."""

    title: str
    text: str
    code: bool = False


class Listed(NamedTuple):
    """The checklist of the chosen month: a sentence about it, the table, the command that closes the month.

    `look` is where the items are looked at that take long; "" where all were.
    """

    said: str = ""
    grid: Grid | None = None
    command: str = ""
    look: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """Everything that the template writes."""

    subtitle: str
    ties: tuple[TieLine, ...]
    notices: tuple[str, ...]
    months: Grid
    chosen: str
    state: str
    shape: str
    facts: tuple[Fact, ...]
    list: Listed


class RevrecClose(FramedPage):
    """Months and their checklists."""

    report_title = "Close"
    applies = (Part.TIME,)

    def body(self, ws: Workspace, question: Asked) -> Close:
        """The months that are asked for, and the checklist of one of them."""
        every = app.months(ws)
        shown = [month for month in every if _within(month, question)]
        chosen = _chosen(shown, ws)
        here = chosen is not None and (self.span is None or self.span.holds(chosen.first))
        ties = (self._tie(ws, chosen),) if chosen and here else ()
        return Close(
            subtitle=_counts(shown),
            ties=ties,
            notices=(_ELSEWHERE,) if chosen and not here else () if all(tie.ties for tie in ties) else (DIFFERS,),
            months=self._months(shown, chosen, ws),
            chosen=chosen.name if chosen else "",
            state=chosen.state.value if chosen else "",
            shape=_STATES[chosen.state] if chosen else "",
            facts=tuple(_facts(chosen, ws)) if chosen else (),
            list=self._checklist(ws, chosen) if chosen else Listed(),
        )

    def _tie(self, ws: Workspace, month: Month) -> TieLine:
        """What was owed in sessions at the month's end: by the open ledger, and by the store."""
        last, held = month_end(month.first), (Role.CONTRACT_LIABILITY,)
        title, link = f"Ledger, contract liability at the end of {month.name}", self.account_link(*held, time=month.name)
        return self.tied(title, held, "store", -StoreRecords(ws).balance(held, last), f"{date(1900, 1, 1)} - {last}", link)

    # the months

    def _months(self, months: Sequence[Month], chosen: Month | None, ws: Workspace) -> Grid:
        rows = tuple(tuple(self._month(month, month is chosen, ws)) for month in months)
        return Grid("revrec-months", "Months", _MONTHS, rows, "The books have no entry in that time.")

    def _month(self, month: Month, current: bool, ws: Workspace) -> Iterator[Cell]:
        act = month.acts[-1] if month.acts else None
        closing = month.closing
        yield Cell(f"{month.name} ◂" if current else month.name, self.goto.page(self.name, period=month.name))
        yield Cell(month.state, shape=_STATES[month.state])
        entries = self.goto.journal("", month.name) if month.entries else ""
        yield Cell(f"{month.entries:,}", entries, f"the entries of {month.name}", "num")
        yield Cell(act.approver if act else "")
        yield Cell(_day(act, ws) if act else "")
        yield Cell(_reason(act) if act else "", shape="long" if act and act.reason else "")
        yield Cell(", ".join(map(str, closing.failed)) if closing else "")
        digest = closing.digest if closing else ""
        yield Cell(digest[:_SHORT], shape="code", title=digest)

    # the checklist

    def _checklist(self, ws: Workspace, month: Month) -> Listed:
        """The checklist of a month: as it was at the closing, or as it stands."""
        if month.state is State.CLOSED:
            return self._kept(month)
        found = app.standing(ws, month.first, self._errors(), self._slow(ws, month.first))
        said = f"As it stands at event {found.head:,}: {_said([each.number for each in found.items if each.failed])}"
        behind = any(item.check is None or item.seq not in (None, found.head) for item in found.items)
        if behind and _LOOK in request.args:
            said += " What takes long in books of this size is being looked at: open the page again in a moment."
        look = self.goto.page(self.name, period=month.name, **{_LOOK: "1"}) if behind and _LOOK not in request.args else ""
        return Listed(said, self._grid(found.items, month, found.head), f'revrec close {month.name} --approver "…"', look)

    def _kept(self, month: Month) -> Listed:
        closing = month.closing
        if closing is None:
            return Listed("It has no closing of its own: a later month was closed.")
        if closing.checks is None:
            words = "Its checklist was not kept: it was closed by an event from outside, or by an earlier release."
            return Listed(f"{words} By that event {_said(closing.failed)}")
        items = [Item(check.number, check, closing.seq) for check in closing.checks]
        said = f"As it was when the month was closed, kept for good: {_said(closing.failed)}"
        return Listed(said, self._grid(items, month, closing.seq))

    def _grid(self, items: Sequence[Item], month: Month, head: int) -> Grid:
        rows = tuple(tuple(self._item(item, month, head)) for item in items)
        return Grid("revrec-checklist", f"Checklist of {month.name}", _ITEMS, rows, "")

    def _item(self, item: Item, month: Month, head: int) -> Iterator[Cell]:
        check = item.check
        yield Cell(str(item.number))
        if check is None:
            yield from (Cell(_UNKNOWN, shape="calm"), Cell(""), Cell(""), Cell(""))
            return
        yield Cell(check.outcome, shape=_SHAPES[check.outcome])
        yield Cell(check.name, self._evidence(item.number, month.first), f"the evidence for {check.name}")
        more = tuple(Cell(ref.partition(":")[2], self.goto.trace(ref), f"the chain of {ref}", "quiet") for ref in check.about)
        yield Cell(check.evidence, shape="long", more=more)
        yield Cell(_seen(item, head, closed=month.state is State.CLOSED))

    def _evidence(self, number: int, first: date) -> str:
        """The entries or the report behind an item, one click away."""
        month, until = f"{first:%Y-%m}", f"{date(1970, 1, 1)} - {month_end(first)}"
        goto = self.goto
        links = {
            1: lambda: goto.journal("", month),
            2: lambda: self.account_link(Role.PSP_CLEARING, time=month),
            3: lambda: goto.journal(_INSTALMENTS, month),
            4: lambda: goto.journal(_EXPIRIES, month),
            5: lambda: goto.page("RevrecBreakage", time=month),
            6: lambda: self.account_link(Role.REFUND_LIABILITY, time=month),
            7: lambda: self.account_link(Role.DUE_FROM_BRANCH, Role.DUE_TO_BRANCH),
            8: lambda: goto.journal(_LATE, month),
            9: lambda: goto.journal(_REVALUED, month),
            10: lambda: self.account_link(Role.VAT_OUTPUT, time=month),
            11: lambda: self.account_link(Role.WITHHOLDING_PAYABLE, time=month),
            12: lambda: goto.page("RevrecRollforward", time=month),
            13: lambda: goto.page("RevrecBundles", show="all"),
            14: lambda: goto.url_for("report", report_name="balance_sheet", time=until, filter="", account=""),
            15: lambda: goto.url_for("report", report_name="errors"),
            16: lambda: goto.url_for("report", report_name="trial_balance", time=until, filter="", account=""),
            17: lambda: self.account_link(Role.CASH, time=month),
        }
        return links[number]()

    def _slow(self, ws: Workspace, first: date) -> Seen | None:
        """What takes long, worked out beside the requests once somebody asks for it; nothing yet: None."""
        if _LOOK not in request.args or not app.is_large(ws):
            return None
        errors = self._errors()
        worked = self.beside.worked_out(("checklist", first), lambda other: app.slow(other, first, errors))
        return Seen(worked.seq, worked.value) if worked.value is not None else None

    def _errors(self) -> list[str] | None:
        """What Beancount says of the open ledger; None where that is only a part of the books."""
        if Path(self.ledger.beancount_file_path).name != "main.beancount":
            return None
        return [f"{_place(error.source)}: {error.message}" for error in self.ledger.errors]


def _place(source: Mapping[str, object] | None) -> str:
    """File and line of an error of Beancount."""
    where = source or {}
    return f"{Path(str(where.get('filename', ''))).name}:{where.get('lineno', 0)}"


def _within(month: Month, question: Asked) -> bool:
    first, last = question.first or date.min, question.last or date.max
    return first <= month_end(month.first) and month.first <= last


def _chosen(months: Sequence[Month], ws: Workspace) -> Month | None:
    """The month in the address; else the oldest that may be closed, else the newest that has ended, else any."""
    asked = request.args.get("period", "")
    ended = [month for month in months if month_end(month.first) < today(ws)]
    waiting = [month for month in ended if month.state is not State.CLOSED and month.entries]
    picked = [month for month in months if month.name == asked]
    return next(iter([*picked, *reversed(waiting), *ended, *months]), None)


def _counts(months: Sequence[Month]) -> str:
    by_state = {state: sum(1 for month in months if month.state is state) for state in State}
    return " · ".join(f"{counted(number, 'month')} {state}" for state, number in by_state.items() if number) or "no month yet"


def _day(act: Act, ws: Workspace) -> str:
    return f"{act.at.astimezone(ws.settings.zone):%Y-%m-%d %H:%M}"


def _reason(act: Act) -> str:
    if act.reason:
        return act.reason
    return "sealed: the key of this workspace opens it" if act.sealed else ""


def _said(failed: Sequence[int]) -> str:
    return f"{counted(len(failed), 'item')} failed ({', '.join(map(str, failed))})." if failed else "no item failed."


def _seen(item: Item, head: int, *, closed: bool) -> str:
    """As of which event an item was looked at."""
    if item.seq is None or (item.seq == head and not closed):
        return "now"
    return "at the closing" if closed else f"event {item.seq:,}, {counted(head - item.seq, 'event')} since"


def _facts(month: Month, ws: Workspace) -> Iterator[Fact]:
    """Who did what to a month, in order; the digests of the closing in force."""
    for act in month.acts:
        verb = "closed" if act.closes else f"opened again{'' if act.period == month.first else f', with {act.period:%Y-%m}'},"
        yield Fact(_day(act, ws), f"{verb} by {act.approver}{_because(act)}; event number {act.seq:,}")
    if closing := month.closing:
        yield Fact("Digest of the month", closing.digest, code=True)
        yield Fact("Chain head", closing.head, code=True)
        if tree := closing.tree:
            yield Fact("Signed root of all events and entries", f"{tree.root} over {tree.size:,} leaves", code=True)
            yield Fact("Signed by" if tree.sound else "Signature ✗", tree.signer, code=tree.sound)


def _because(act: Act) -> str:
    return f": {_reason(act)}" if _reason(act) else ", no reason given"
