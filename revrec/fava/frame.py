"""What every page of the books has: tabs, what was asked, the line that ties it to the open ledger, tables, words of trouble.

A page is a class with a template of its name that extends `frame.html`; it answers `body` and names the parts of the
question that it applies. Import this module from pages, never into `revrec.fava` itself: Fava takes each class that it
finds there for a page.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from fava.application import url_for
from fava.ext import FavaExtensionBase, extension_endpoint
from fava.util.date import parse_date
from flask import Response, request

from revrec.books.fiscal import named
from revrec.core.errors import RevrecError
from revrec.core.money import decimal
from revrec.core.report import Tie
from revrec.fava.asked import Asked, Part, asked, kept
from revrec.fava.beside import Beside, beside
from revrec.fava.books import ENTRY, held, manual, roles
from revrec.fava.goto import Goto
from revrec.fava.parts import Cell, Pager, Tab, TieLine

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.books.fiscal import Span
    from revrec.core.journal import Role

# The pages in the order of their tabs: class and title. One that is not there has no tab.
PAGES = (
    ("RevrecRollforward", "Contract liability"),
    ("RevrecBundles", "Bundles"),
    ("RevrecTrace", "Session trace"),
    ("RevrecInvoices", "Invoices"),
    ("RevrecClose", "Close"),
    ("RevrecBreakage", "Breakage"),
    ("RevrecMargin", "Margin"),
)
_STYLED = "RevrecTrace"  # whose address the style sheet has: one for all pages, so that a browser keeps it
_STYLE = Path(__file__).with_name("frame.css")
_YEAR = 31_536_000
_QUOTED = re.compile(r"'[^']*'")
_DIGITS = 10  # of a number in an address
_MOST_PAGES = 1_000_000
_DIFFER = "The open ledger and the store differ. Run `revrec books build` to write the books again, then `revrec verify`"
DIFFERS = f"{_DIFFER}."
LIABILITY_DIFFERS = f"{_DIFFER}; an entry on the contract liability that was made by hand needs the tag #manual."


class Body(Protocol):
    """What a page works out: the part of the frame that it fills, beside what only its own template knows."""

    @property
    def subtitle(self) -> str:
        """What is shown: of which days, filtered by what."""

    @property
    def ties(self) -> Sequence[TieLine]:
        """The lines that tie the page to the open ledger."""

    @property
    def notices(self) -> Sequence[str]:
        """Whole sentences that a reader must know before the numbers."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that `frame.html` writes; `trouble` says why there is no body."""

    title: str
    tabs: tuple[Tab, ...]
    style: str
    notices: tuple[str, ...]
    trouble: str = ""
    body: Any = None


class FramedPage(FavaExtensionBase, ABC):
    """A page in the frame; `applies` are the parts of the question that its numbers follow."""

    applies: ClassVar[Collection[Part]] = ()

    def __init__(self, ledger: Any, config: str | None = None) -> None:
        super().__init__(ledger, config)
        self.roles: dict[str, str] = {}
        self._entries = True
        self._manual: list[Any] = []

    def after_load_file(self) -> None:
        """Read from the ledger what every request needs."""
        self.roles = roles(self.ledger.all_entries_by_type.Open)
        made = self.ledger.all_entries_by_type.Transaction
        self._entries = not made or any(ENTRY in entry.meta for entry in made)
        self._manual = list(manual(made))

    @abstractmethod
    def body(self, ws: Workspace, question: Asked) -> Body:
        """What this page shows of the books for a question."""

    # what templates call

    def page(self) -> Shown:
        """The page for this request; where the workspace cannot be read, the words that say so."""
        question = asked(request.args, self.ledger.fava_options.fiscal_year_end)
        try:
            with self.beside.opened() as ws:
                body = self.body(ws, question)
        except (RevrecError, OSError) as error:
            return self._shown((), trouble=str(error))
        return self._shown((*unapplied(question, self.applies), *body.notices), body=body)

    @extension_endpoint
    def style(self) -> Response:
        """The style sheet of all pages."""
        answer = Response(_STYLE.read_bytes(), mimetype="text/css")
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        return answer

    def boxes(self) -> list[tuple[str, str]]:
        """Fava's boxes as a form of the page carries them along."""
        return list(kept(request.args))

    def _shown(self, notices: tuple[str, ...], **more: Any) -> Shown:
        title = next((title for name, title in PAGES if name == self.name), self.report_title or self.name)
        return Shown(title, tabs(self.ledger, self.name), style_link(), notices, **more)

    # what pages call

    @property
    def beside(self) -> Beside:
        """The workspace beside the open ledger."""
        return beside(Path(self.ledger.beancount_file_path))

    @property
    def goto(self) -> Goto:
        """Where numbers lead."""
        return Goto(url_for, self._entries)

    @property
    def currency(self) -> str:
        """The currency of the books."""
        return str((self.ledger.options["operating_currency"] or ["EUR"])[0])

    def money(self, minor: int) -> str:
        """An amount of minor units as Fava writes it."""
        return str(self.ledger.format_decimal(decimal(minor, self.currency), self.currency))

    def amount(self, minor: int, link: str = "", says: str = "") -> Cell:
        """A field with an amount; nought leads nowhere."""
        if not minor:
            return Cell(self.money(0), shape="num nil", amount=True)
        return Cell(self.money(minor), link, f"{says}: {self.money(minor)}" if says else "", "num", amount=True)

    def views(self, key: str, titles: Iterable[tuple[str, str]], current: str, **kept: str) -> tuple[Tab, ...]:
        """The ways to see this page, by the words that stand for them in the address under a key."""
        return tuple(Tab(title, self.goto.page(self.name, **{key: word}, **kept), word == current) for word, title in titles)

    def pager(self, page: int, pages: int) -> Pager:
        """The neighbours of a page of a list, everything else in the address kept."""
        there = {name: value for name, value in request.args.items() if name not in ("page", "partial")}

        def at(number: int) -> str:
            return self.goto.page(self.name, **there, page=str(number)) if 1 <= number <= pages else ""

        return Pager(page, pages, at(page - 1), at(page + 1))

    def accounts(self, *of: Role) -> list[str]:
        """The accounts of some roles in the open ledger."""
        return [account for account, role in self.roles.items() if role in of]

    @property
    def span(self) -> Span | None:
        """The days of the open book where it does not hold all: the result of the others stands in its equity."""
        return named(Path(self.ledger.beancount_file_path).name)

    def booked(self, ws: Workspace) -> tuple[date, date] | None:
        """The days of the first and of the last entry of the store; None where nothing was booked."""

        def found() -> tuple[date, date] | None:
            days = [day.date for day in ws.store.days() if day.entries]
            return (days[0], days[-1]) if days else None

        return self.beside.remembered("booked", found)

    def balance(self, *of: Role, time: str = "") -> int:
        """What the open ledger says that the accounts of some roles hold together, debit positive, in minor units.

        `time` is what would stand in Fava's box: the balance at its end, of income and expense what moved in it. The entries are
        added up here, which is what Fava's own trees say, without the second that Fava takes to cut a large ledger to a period.
        """
        return self._added(self.ledger.all_entries_by_type.Transaction, of, time)

    def by_hand(self, *of: Role, time: str = "") -> int:
        """What of a balance stands on entries that the accountant made by hand: the store does not know them."""
        return self._added(self._manual, of, time)

    def _added(self, entries: Iterable[Any], of: Collection[Role], time: str) -> int:
        begin, end = parse_date(time, self.ledger.fava_options.fiscal_year_end) if time else (None, None)
        return held(entries, self.accounts(*of), self.currency, begin, end)

    def account_link(self, *of: Role, time: str = "") -> str:
        """Where the entries of the accounts of some roles are; nowhere when the open ledger has no such account."""
        accounts = self.accounts(*of)
        return self.goto.accounts(accounts, time=time) if accounts else ""

    def tied(self, title: str, of: Collection[Role], store: str, amount: int, time: str = "", link: str = "") -> TieLine:
        """The open ledger's balance of some roles, credit positive, and the amount that the store says.

        What was posted by hand stands in the ledger only: it is added to the amount, and that is said. `time` is of the balance;
        `link` leads to the entries behind it, unless it is said to those of that time.
        """
        if by_hand := -self.by_hand(*of, time=time):
            store = f"{store} {self.money(amount)} and entries made by hand {self.money(by_hand)}, together"
        tie = Tie(title, -self.balance(*of, time=time), store, amount + by_hand)
        return self.tie(tie, link or self.account_link(*of, time=time))

    def tie(self, tie: Tie, link: str = "") -> TieLine:
        """A tie as the page writes it; `link` leads to the entries behind the left balance."""
        texts = (self.money(tie.left), tie.right_label, self.money(tie.right), self.money(tie.difference))
        return TieLine(tie.left_label, *texts, not tie.difference, link)


def discreet(message: str) -> str:
    """A message without the values that it quotes: a wrong tax number is a person's all the same."""
    return _QUOTED.sub("'…'", message)


def unapplied(question: Asked, applies: Collection[Part]) -> tuple[str, ...]:
    """The sentence about what stands in Fava's boxes and changes nothing here; none when all of it was applied."""
    words = question.beyond(applies)
    return (f"Filter not applied to this page: {' '.join(words)}",) if words else ()


def tabs(ledger: Any, current: str) -> tuple[Tab, ...]:
    """The pages that are there, the boxes of Fava kept."""
    there = {each.name for each in ledger.extensions.extension_details}
    goto = Goto(url_for)
    return tuple(Tab(title, goto.page(name), name == current) for name, title in PAGES if name in there)


def style_link() -> str:
    """The address of the style sheet: another one when it changes."""
    clear: dict[str, Any] = dict.fromkeys(("time", "account", "filter", "conversion", "interval"))
    # Fava's `url_for` calls its own parameter `endpoint`, too: the rest of the address is written here.
    return f"{url_for('extension_report', extension_name=_STYLED, **clear)}style?v={_version()}"


@cache
def _version() -> str:
    return sha256(_STYLE.read_bytes()).hexdigest()[:12]


def number_asked(name: str, usual: int, most: int) -> int:
    """A number from 1 in the address, at most `most`; what is none is the usual one."""
    text = request.args.get(name, "")
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < _DIGITS else usual


def page_asked() -> int:
    """The page of a list in the address, else the first."""
    return number_asked("page", 1, _MOST_PAGES)


def word_asked(name: str, known: Sequence[str]) -> str:
    """A word in the address that is one of those known, else the first of them."""
    word = request.args.get(name, "")
    return word if word in known else known[0]


def today(ws: Workspace) -> date:
    """Today where the taxpayer is."""
    return datetime.now(ws.settings.zone).date()


def day_asked(usual: date, name: str = "on") -> date:
    """The day that a page counts from: the one in the address, else the usual one."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return usual
