"""The page of all bundles at a glance, tied to the contract liability of the open ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request

from revrec.app import glance as app
from revrec.app.glance import Glance, Line, Payment, Show, Standing, Wanted
from revrec.core import units
from revrec.core.checklist import counted
from revrec.core.journal import Role
from revrec.fava.asked import Part
from revrec.fava.frame import LIABILITY_DIFFERS, FramedPage, day_asked, number_asked, page_asked, today
from revrec.fava.parts import Cell, Column, Grid, Pager, Sheet, TieLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from revrec.app.workspace import Workspace
    from revrec.fava.asked import Asked

_TITLES = {
    Show.OPEN: "Open",
    Show.EXPIRING: "Expiring soon",
    Show.UNPAID: "Unpaid",
    Show.INACTIVE: "Inactive",
    Show.ENDED: "Ended",
    Show.ALL: "All",
}
_COUNTED = (Show.EXPIRING, Show.INACTIVE)  # those that a number of days belongs to
_MOST_DAYS = 3660
# Word and shape say it; the colour only repeats it.
_STANDINGS = {Standing.OPEN: "good", Standing.EXPIRING: "warn", Standing.LAPSED: "bad"}
_PAYMENTS = {Payment.PAID: "good", Payment.PENDING: "warn", Payment.DUE: "warn", Payment.OVERDUE: "bad"}
_COLUMNS = (
    Column("Bundle", "Leads to its whole chain, and to its entries in the journal."),
    Column("Customer"),
    Column("Package"),
    Column("Left", "Units that may still be used, of those that were sold.", numeric=True),
    Column("Last use", "The day of the last session; of the sale where there was none."),
    Column("Expires", "The last day of use."),
    Column("Days", "Days to the last day on which it may be used, grace included.", numeric=True),
    Column("Deferred", "What is owed in sessions: its part of the contract liability. Leads to the entries.", numeric=True),
    Column("Refund today", "What the policy would pay back of all that is unused.", numeric=True),
    Column("Owed", "What the customer owes on it. Leads to the entries.", numeric=True),
    Column("Payment"),
    Column("Status"),
)
_SUBTITLE = "What is left, until when, what is deferred, refundable and owed · as the books stand, days counted from {day}"
_STOPPED = "The calendar of these books stands at {day}: days are counted from there. `revrec advance --to DATE` runs it."
_EMPTY = {
    Show.OPEN: "No bundle is open.",
    Show.EXPIRING: "No open bundle expires in that time.",
    Show.UNPAID: "Nothing is owed, and every bundle is paid.",
    Show.INACTIVE: "No open bundle has been without a session for so long.",
    Show.ENDED: "No bundle has ended yet.",
    Show.ALL: "No bundle was sold yet.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundles(Sheet):
    """A page of bundles, and what its form asks for."""

    on: date
    days: int
    show: Show
    counted: bool
    pager: Pager


class RevrecBundles(FramedPage):
    """All bundles at a glance."""

    report_title = "Bundles"
    applies = (Part.BUNDLE, Part.INVOICE, Part.SESSION, Part.CUSTOMER, Part.BRANCH)

    def body(self, ws: Workspace, question: Asked) -> Bundles:
        """A page of the bundles that are asked for."""
        wanted = _wanted(ws, question)
        usual = app.day_of(ws, today(ws))
        found = app.glance(ws, wanted, day_asked(usual))
        tie = self._tie(ws, found)
        stopped = (_STOPPED.format(day=usual),) if found.on == usual < today(ws) else ()
        kept = {name: request.args[name] for name in ("days", "on") if request.args.get(name)}
        return Bundles(
            subtitle=_SUBTITLE.format(day=found.on),
            on=found.on,
            days=wanted.days,
            show=wanted.show,
            counted=wanted.show in _COUNTED,
            said=self._said(found),
            tabs=self.views("show", _TITLES.items(), wanted.show, **kept),
            grid=self._grid(found),
            pager=self.pager(wanted.page, found.pages),
            ties=(tie,),
            notices=stopped if tie.ties else (*stopped, LIABILITY_DIFFERS),
        )

    def _tie(self, ws: Workspace, found: Glance) -> TieLine:
        """The contract liability of the open ledger against all bundles of the store, whatever is chosen.

        A book that ends before the others is tied to the store at its end: the bundles of then are not those of now.
        """
        store, amount = f"store, {counted(found.every.bundles, 'bundle')}", found.every.liability
        then = app.ledger_until(ws, self.span.last) if self.span else None
        if self.span and then is not None:
            store, amount = f"store at the end of {self.span.last}", then
        return self.tied("Ledger, contract liability", (Role.CONTRACT_LIABILITY,), store, amount)

    def _said(self, found: Glance) -> str:
        """What part of the balance the chosen bundles stand for."""
        chosen, every = found.chosen, found.every
        if chosen.bundles == every.bundles:
            return f"All bundles are shown; what is deferred of them adds up to {self.money(every.liability)}."
        return (
            f"{counted(chosen.bundles, 'bundle')} chosen, {self.money(chosen.liability)} of {self.money(every.liability)}; "
            f"the other {every.bundles - chosen.bundles:,} for {self.money(every.liability - chosen.liability)}."
        )

    def _grid(self, found: Glance) -> Grid:
        chosen = found.chosen
        total = (
            Cell(counted(chosen.bundles, "bundle")),
            *(Cell(""),) * 6,
            self.amount(chosen.liability),
            Cell(""),
            self.amount(chosen.owed),
            *(Cell(""),) * 2,
        )
        liability, claims = self.accounts(Role.CONTRACT_LIABILITY), self.accounts(Role.RECEIVABLE, Role.CONTRACT_ASSET)
        rows = tuple(tuple(self._cells(line, liability, claims)) for line in found.lines)
        return Grid("revrec-bundles", "Bundles", _COLUMNS, rows, _EMPTY[found.wanted.show], total)

    def _cells(self, line: Line, liability: list[str], claims: list[str]) -> Iterator[Cell]:
        bundle, package = line.bundle, line.bundle.terms.package
        journal = Cell("journal", self.goto.bundle(bundle.id), f"the entries of bundle {bundle.id} in the journal", "quiet")
        yield Cell(bundle.id, self.goto.trace(f"bundle:{bundle.id}"), f"the chain of bundle {bundle.id}", more=(journal,))
        yield Cell(bundle.customer, self.goto.trace(f"customer:{bundle.customer}"), f"the chain of customer {bundle.customer}")
        yield Cell(package.id)
        unit = "" if package.unit == units.Unit.SESSION else f" {package.unit}s"
        yield Cell(f"{units.text(line.left)} of {units.text(bundle.units)}{unit}", shape="num")
        yield Cell(f"{line.used_on}")
        yield Cell(f"{bundle.expires_on or '–'}")
        yield Cell("–" if line.days is None else str(line.days), shape="num")
        yield self.amount(line.liability, self.goto.bundle(bundle.id, liability), f"deferred of bundle {bundle.id}")
        yield self.amount(line.refund.amount)._replace(title=line.refund.formula)
        yield self.amount(line.owed, self.goto.bundle(bundle.id, claims), f"owed on bundle {bundle.id}")
        yield Cell(_payment(line), shape=_PAYMENTS.get(line.payment, "calm"))
        yield Cell(_standing(line), shape=_STANDINGS.get(line.standing, "calm"))


def _wanted(ws: Workspace, question: Asked) -> Wanted:
    """What is asked for: the address, and the terms of Fava's filter; an id shows its bundle whatever its state."""
    show = request.args.get("show", "")
    bundle: str | None = question.bundle or None
    if question.session or question.invoice:
        found = app.bundle_of(ws, session=question.session, invoice=question.invoice)
        bundle = found if found and bundle in (None, found) else ""  # nothing is called so: both are asked for at once
    usual = Show.OPEN if bundle is None else Show.ALL
    return Wanted(
        Show(show) if show in tuple(Show) else usual,
        number_asked("days", app.SOON, _MOST_DAYS),
        question.branch or None,
        question.customer or None,
        bundle,
        page_asked(),
    )


def _payment(line: Line) -> str:
    if line.payment is Payment.OVERDUE and line.owed_since:
        return f"overdue since {line.owed_since}"
    if line.payment is Payment.PENDING and line.next_instalment:
        return f"pending, instalment {line.next_instalment}"
    return str(line.payment)


def _standing(line: Line) -> str:
    if line.standing is Standing.ENDED:
        return str(line.bundle.status).replace("_", " ")
    if line.standing is Standing.EXPIRED:
        return f"expired {line.bundle.lapsed_on}"
    return str(line.standing)
