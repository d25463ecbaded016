"""The page of the contract liability: its roll-forward, tied to the open ledger.

It reads the workspace beside the ledger. Where none lies there, books that were handed over alone, it adds up the entries that
Fava has loaded: the same numbers, as each entry carries its rule.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from beancount.core.account import has_component
from fava.context import g
from fava.core.filters import Match
from flask import request

from revrec import settings
from revrec.app import liability
from revrec.app.liability import ALL, Movements, Wanted
from revrec.books import summary
from revrec.core.dates import month_end
from revrec.core.errors import RevrecError
from revrec.core.journal import Role
from revrec.core.report import Tie
from revrec.core.rollforward import Line, rollforward
from revrec.fava.asked import Asked, Part, asked
from revrec.fava.books import balance, lines, strayed
from revrec.fava.chart import short
from revrec.fava.frame import LIABILITY_DIFFERS, FramedPage, Shown
from revrec.fava.links import Links
from revrec.fava.page import GROUP, VIEWS, Maker, Page, View, period
from revrec.fava.parts import TieLine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from revrec.app.workspace import Workspace
    from revrec.books.fiscal import Span

_REMEMBERED = 16  # filters whose lines are kept, as many as Fava keeps filtered ledgers
_NO_ROLE = 'No account has the role: put revrec-role: "contract-liability" under an open line of chart.beancount.'
_ALONE = "No workspace lies beside this ledger: the numbers are added up from its entries."
_FROM_STORE = "Read from the store, tied to the ledger that is open"
_FROM_LEDGER = "Added up from the entries of the ledger that is open."


class RevrecRollforward(FramedPage):
    """The roll-forward of the contract liability (IFRS 15.116-118) for what Fava's boxes ask for."""

    report_title = "Contract liability"
    applies = tuple(Part)

    def __init__(self, ledger: Any, config: str | None = None) -> None:
        super().__init__(ledger, config)
        self._strayed = False
        self._lines: dict[tuple[str, str], list[Line]] = {}

    def after_load_file(self) -> None:
        """Read from the ledger what every request needs, and forget what the one before said."""
        super().after_load_file()
        self._strayed = strayed(self.ledger.all_entries_by_type.Transaction, set(self._held))
        self._lines = {}

    def page(self) -> Shown:
        """The page for this request: out of the store, or where there is none of the ledger's own entries."""
        if not self._held:
            return self._shown((), trouble=_NO_ROLE)
        shown = super().page()
        if not shown.trouble or (self.beside.root / settings.FILE).is_file():
            return shown
        try:
            body = self._alone(asked(request.args, self.ledger.fava_options.fiscal_year_end))
        except RevrecError as error:
            return self._shown((), trouble=str(error))
        return self._shown(body.notices, body=body)

    def short(self, minor: int, currency: str) -> str:
        """An amount for the axis of the chart: `12.5k`."""
        return short(minor, currency)

    def body(self, ws: Workspace, question: Asked) -> Page:
        """The roll-forward out of the store."""
        span, booked = self.span, self.booked(ws)
        begin, end = (span.first, span.last) if span and not question.first else (question.first, question.last)
        first, last = period(begin, end, *(booked or (None, None)))
        wanted, unknown = self._wanted(question)
        found = liability.movements(ws, first, last, wanted)
        whole = found if wanted == ALL else liability.movements(ws, first, last)
        tie = self._tie(rollforward(whole.lines, first, last, ()).total.closing, question)
        notices = (*unknown, *(() if tie.ties else self._bounds(span, first, last) or (LIABILITY_DIFFERS,)))
        links = Links(self.goto, sorted(wanted.accounts or self._held), _applied(question), self._strayed)
        return self._maker(first, last, tie, notices, f"{_FROM_STORE}{self._holding(span)}.", links).page(found, _view())

    def _wanted(self, question: Asked) -> tuple[Wanted, tuple[str, ...]]:
        """What the boxes ask for; an account that is none of the contract liability's changes nothing, and that is said."""
        accounts: frozenset[str] | None = None
        unknown: tuple[str, ...] = ()
        if question.account:
            accounts = _matching(question.account, self._held)
            unknown = () if accounts else (f"Filter not applied to this page: {question.account}",)
            if len(accounts) in (0, len(self._held)):
                accounts = None
        q = question
        return Wanted(q.bundle, q.invoice, q.session, q.customer, q.branch, accounts), unknown

    def _tie(self, closing: int, question: Asked) -> TieLine:
        """The whole contract liability at the end of the period: the open ledger's against the store's."""
        time = question.written.get(Part.TIME, "")
        return self.tied("Ledger balance", (Role.CONTRACT_LIABILITY,), "roll-forward closing", closing, time)

    def _holding(self, span: Span | None) -> str:
        """What the open ledger holds, where that is not everything."""
        if self._summed:
            return ", which holds all years by month: the entries of a year stand in its own book"
        if span is None:
            return ""
        return f", which holds {span.title} only" + (", a part of a large year" if "-" in span.name else "")

    def _bounds(self, span: Span | None, first: date, last: date) -> tuple[str, ...]:
        """What the open ledger does not hold of the period, so that it cannot tie."""
        if self._summed and last != month_end(last):
            return ("The open ledger holds whole months: within one it does not tie.",)
        if span and not (span.holds(first) and span.holds(last)):
            return (f"The open ledger holds {span.title} only: what lies outside ties in main.beancount or summary.beancount.",)
        return ()

    def _alone(self, question: Asked) -> Page:
        """The roll-forward of what Fava's boxes leave of the ledger's own entries."""
        found, last_day = self._found(), self._last_day
        days = [line.date for line in found] or ([last_day] if last_day else [])
        latest = max([*days, *([last_day] if last_day else [])], default=None)
        first, last = period(question.first, question.last, min(days, default=None), latest)
        closing = rollforward(found, first, last, ()).total.closing
        ledger = -balance(g.filtered.root_tree, self._held, self.currency)
        tie = self.tie(Tie("Ledger balance", ledger, "roll-forward closing", closing))
        links = Links(self.goto, sorted(self._held), _boxes(), self._strayed)
        return self._maker(first, last, tie, (_ALONE,), _FROM_LEDGER, links).page(Movements(found), _view())

    def _found(self) -> list[Line]:
        """The lines that the account and filter boxes leave; the time box only moves the period, not the opening."""
        wanted = request.args.get("account", ""), request.args.get("filter", "")
        if wanted not in self._lines:
            if len(self._lines) >= _REMEMBERED:
                self._lines.clear()
            filtered = self.ledger.get_filtered(account=wanted[0], filter=wanted[1], time="")
            self._lines[wanted] = list(lines(filtered.entries, self.roles, self.currency))
        return self._lines[wanted]

    def _maker(self, first: date, last: date, tie: TieLine, notices: tuple[str, ...], source: str, links: Links) -> Maker:
        return Maker(
            currency=self.currency,
            first=first,
            last=last,
            ties=(tie,),
            notices=notices,
            source=source,
            time=request.args.get("time") or None,
            money=self.money,
            amount=self.amount,
            links=links,
        )

    @property
    def _held(self) -> list[str]:
        """The accounts of the contract liability."""
        return self.accounts(Role.CONTRACT_LIABILITY)

    @property
    def _summed(self) -> bool:
        """Whether the open ledger is the roll-up by month."""
        return Path(self.ledger.beancount_file_path).name == summary.PATH

    @property
    def _last_day(self) -> date | None:
        return max((entry.date for entry in self.ledger.all_entries_by_type.Transaction), default=None)


def _matching(asked_for: str, accounts: Iterable[str]) -> frozenset[str]:
    """The accounts that Fava's account box means: a part of the name, or a pattern."""
    match = Match(asked_for)
    return frozenset(name for name in accounts if has_component(name, asked_for) or match(name))


def _applied(question: Asked) -> str:
    """The words of Fava's filter box that narrow the numbers."""
    return " ".join(text for part, text in question.written.items() if part not in (Part.TIME, Part.ACCOUNT))


def _boxes() -> str:
    """What stands in Fava's account and filter boxes, as words of the filter box."""
    account, words = request.args.get("account", "").replace('"', "."), request.args.get("filter", "")
    narrowed = f'any(account:"{account}")' if account else ""
    return f"({words}) {narrowed}" if words and narrowed else words or narrowed


def _view() -> View:
    """What the reader asked for in the address; anything unknown is the view by month."""
    name = request.args.get("view", "")
    group = {key: request.args[key] or None for key in GROUP if key in request.args}
    return View(name if name in VIEWS else "months", group)
