"""The page of the books in Fava: the roll-forward of the contract liability, tied to the ledger that it stands beside.

Fava finds it through `custom "fava-extension" "revrec.fava"` in `main.beancount`; where revrec is not installed
Fava reports that it could not import it, and the books open all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fava.application import url_for
from fava.context import g
from fava.ext import FavaExtensionBase
from flask import request

from revrec.core.errors import RevrecError
from revrec.core.journal import Role
from revrec.core.money import decimal
from revrec.fava.books import balance, lines, roles, strayed
from revrec.fava.breakage import RevrecBreakage
from revrec.fava.bundles import RevrecBundles
from revrec.fava.chart import short
from revrec.fava.close import RevrecClose
from revrec.fava.frame import Tab, style_link, tabs
from revrec.fava.invoices import RevrecInvoices
from revrec.fava.links import Links, liability_account
from revrec.fava.margin import RevrecMargin
from revrec.fava.page import GROUP, VIEWS, Maker, Page, View, period
from revrec.fava.trace import RevrecTrace

if TYPE_CHECKING:
    from datetime import date

    from revrec.core.rollforward import Line

__all__ = ["RevrecBreakage", "RevrecBundles", "RevrecClose", "RevrecInvoices", "RevrecMargin", "RevrecRollforward", "RevrecTrace"]

_REMEMBERED = 16  # filters whose lines are kept, as many as Fava keeps filtered ledgers


class RevrecRollforward(FavaExtensionBase):
    """The roll-forward of the contract liability (IFRS 15.116-118) for what Fava's filters leave."""

    report_title = "Contract liability"

    def __init__(self, ledger: Any, config: str | None = None) -> None:
        super().__init__(ledger, config)
        self._roles: dict[str, str] = {}
        self._liabilities: list[str] = []
        self._last_day: date | None = None
        self._strayed = False
        self._lines: dict[tuple[str, str], list[Line]] = {}

    def after_load_file(self) -> None:
        """Read from the ledger what every request needs, and forget what the one before said."""
        self._roles = roles(self.ledger.all_entries_by_type.Open)
        self._liabilities = [account for account, role in self._roles.items() if role == Role.CONTRACT_LIABILITY]
        self._last_day = max((entry.date for entry in self.ledger.all_entries_by_type.Transaction), default=None)
        self._strayed = strayed(self.ledger.all_entries_by_type.Transaction, set(self._liabilities))
        self._lines = {}

    def page(self) -> Page | str:
        """The page for this request, or a sentence saying why there is none."""
        if not self._liabilities:
            return 'No account has the role: put revrec-role: "contract-liability" under an open line of chart.beancount.'
        try:
            return self._page()
        except (RevrecError, ValueError) as error:
            return str(error)

    def short(self, minor: int, currency: str) -> str:
        """An amount for the axis of the chart: `12.5k`."""
        return short(minor, currency)

    def tabs(self) -> tuple[Tab, ...]:
        """The other pages of the books."""
        return tabs(self.ledger, self.name)

    def style_link(self) -> str:
        """The style sheet of all pages."""
        return style_link()

    def _page(self) -> Page:
        currency = (self.ledger.options["operating_currency"] or ["EUR"])[0]
        found, within = self._found(currency), g.filtered.date_range
        begin, end = (within.begin, within.end_inclusive) if within else (None, None)
        first, last = period(begin, end, found, self._last_day)
        maker = Maker(
            currency=currency,
            first=first,
            last=last,
            ledger=-balance(g.filtered.root_tree, self._liabilities, currency),
            time=request.args.get("time") or None,
            money=lambda minor: self.ledger.format_decimal(decimal(minor, currency), currency),
            links=Links(
                url_for,
                liability_account(self._liabilities, self.ledger.accounts.__contains__),
                request.args.get("filter", ""),
                self._strayed,
            ),
        )
        return maker.page(found, _view())

    def _found(self, currency: str) -> list[Line]:
        """The lines that the account and filter boxes leave; the time box only moves the period, not the opening."""
        wanted = request.args.get("account", ""), request.args.get("filter", "")
        if wanted not in self._lines:
            if len(self._lines) >= _REMEMBERED:
                self._lines.clear()
            filtered = self.ledger.get_filtered(account=wanted[0], filter=wanted[1], time="")
            self._lines[wanted] = list(lines(filtered.entries, self._roles, currency))
        return self._lines[wanted]


def _view() -> View:
    """What the reader asked for in the address; anything unknown is the view by month."""
    name = request.args.get("view", "")
    group = {key: request.args[key] or None for key in GROUP if key in request.args}
    return View(name if name in VIEWS else "months", group)
