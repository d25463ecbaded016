"""Journal and account pages that a browser survives: the latest rows, and above them a row that says how many there are.

Fava fetches every page of its journal and all rows of an account at once (25,000 rows are 57 MB and 18 s). It has no option
for less, so that some of its insides are replaced here, each for what it did before but bounded; `tests/fava/test_insides.py`
says what they must look like. The table of rows also escapes what stands in the books, which Fava's own does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache, wraps
from typing import Any

from fava.beans.abc import Open
from fava.beans.account import account_tester, get_entry_accounts
from fava.beans.helpers import slice_entry_dates
from fava.core import FavaLedger, FilteredLedger
from fava.core.conversion import conversion_from_str
from fava.core.inventory import CounterInventory
from fava.core.tree import Tree
from flask import Flask
from jinja2 import BaseLoader, Environment

ROWS = 2_000
TABLE = "_journal_table.html"
OPEN = "{% autoescape false %}"
# Fava hides every row whose kind is not switched on: the notice says itself that it is shown.
_ESCAPED = (
    "{% autoescape true %}{% if entries.notice %}<li class='revrec-notice' role='note' style='display: block'>"
    "<p style='padding: 4px 8px; background: var(--background-darker); border-left: 4px solid var(--warning, #dda033)'>"
    "<strong>{{ entries.notice }}</strong></p></li>{% endif %}"
)


_REPLACED = ((FilteredLedger, "paginate_journal"), (FavaLedger, "account_journal"), (FavaLedger, "interval_balances"))


class FavaChanged(RuntimeError):
    """This Fava is not built like the one that revrec knows: its pages would not be bounded."""

    def __init__(self, what: str) -> None:
        super().__init__(f"this version of Fava is not one that revrec knows: {what}. Install the version of constraints.txt")


class Rows(list[Any]):
    """Rows of a journal; `notice` says which of how many they are, where they are not all."""

    def __init__(self, rows: Iterable[Any], notice: str) -> None:
        super().__init__(rows)
        self.notice = notice

    def __reversed__(self) -> Any:
        """Rows again: the template asks what it goes through for its notice."""
        return Rows(self[::-1], self.notice)


def notice(shown: int, total: int, which: str = "latest", more: str = "") -> str:
    """What an auditor must see above rows that are not all."""
    return f"Showing the {which} {shown:,} of {total:,} rows.{more} Set a Time filter to see the others."


def install(app: Flask) -> None:
    """Bound the pages of an application, and escape what they show; raises FavaChanged."""
    for owner, name in _REPLACED:
        if not callable(getattr(owner, name, None)):
            raise FavaChanged(f"{owner.__name__}.{name} is gone")
    _replace(FilteredLedger, "paginate_journal", _paged)
    _replace(FavaLedger, "account_journal", latest)
    _replace(FavaLedger, "interval_balances", growing)
    assert app.jinja_loader is not None
    app.jinja_loader = Escaping(app.jinja_loader)
    app.jinja_env.get_template(TABLE)


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put a bounded method in the place of Fava's, once."""
    original = getattr(owner, name)
    if not hasattr(original, "__wrapped_by_revrec__"):
        bounded = make(original)
        bounded.__wrapped_by_revrec__ = True
        setattr(owner, name, bounded)


def _paged(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def paginate_journal(self: Any, page: int, per_page: int = 1000, order: str = "desc") -> Any:
        found = original(self, page, per_page, order)
        most = max(ROWS // per_page, 1)
        if found is None or found.total_pages <= most:
            return found
        if page > most:
            return None
        entries = found.entries
        if page == 1:
            which = "earliest" if order == "asc" else "latest"
            entries = Rows(entries, notice(most * per_page, len(self.entries_without_prices), which))
        return replace(found, entries=entries, total_pages=most)

    return paginate_journal


def latest(original: Callable[..., Any]) -> Callable[..., Any]:
    """Of a large account the latest rows only: those before them are added up and never converted or written."""

    @wraps(original)
    def account_journal(self: Any, filtered: Any, account_name: str, conversion: Any, *, with_children: bool) -> list[Any]:
        relevant = cache(account_tester(account_name, with_children=with_children))
        found = [each for each in enumerate(filtered.entries_without_prices) if _touches(each[1], relevant)]
        if len(found) <= ROWS:
            rows: list[Any] = original(self, filtered, account_name, conversion, with_children=with_children)
            return rows
        balance = _balance((entry for _, entry in found[:-ROWS]), relevant)
        latest = _rows(found[-ROWS:], relevant, balance, self.prices, conversion_from_str(conversion))
        return Rows(latest, notice(ROWS, len(found), more=" The balances are complete."))

    return account_journal


def _balance(entries: Iterable[Any], relevant: Callable[[str], bool]) -> Any:
    """What the entries come to: added up by currency and cost, each an inventory's only once."""
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in getattr(entry, "postings", ()):
            if relevant(posting.account):
                sums[posting.units.currency, posting.cost] += posting.units.number
    balance = CounterInventory()
    for key, number in sums.items():
        balance.add(key, number)
    return balance


def growing(original: Callable[..., Any]) -> Callable[..., Any]:
    """Balances at the end of each interval in one pass: Fava goes through all entries again for each of them."""

    @wraps(original)
    def interval_balances(self: Any, filtered: Any, interval: Any, account_name: str, *, accumulate: bool = False) -> Any:
        if not accumulate:
            return original(self, filtered, interval, account_name)
        names = [account for account in self.accounts if account.startswith(account_name)]
        ranges = list(filtered.interval_ranges(interval))
        held: dict[str, Any] = defaultdict(CounterInventory)
        trees, begin = [], date.min
        for each in ranges:
            _add(slice_entry_dates(filtered.entries, begin, each.end), names, held)
            trees.append(_tree(names, held))
            begin = each.end
        return trees[::-1], ranges[::-1]

    return interval_balances


def _add(entries: Iterable[Any], names: list[str], held: dict[str, Any]) -> None:
    for entry in entries:
        if isinstance(entry, Open):
            names.append(entry.account)
        for posting in getattr(entry, "postings", ()):
            held[posting.account].add_position(posting)


def _tree(names: list[str], held: dict[str, Any]) -> Tree:
    tree = Tree(None, names)
    for name in sorted(held):
        tree.insert(name, held[name])
    return tree


def _touches(entry: Any, relevant: Callable[[str], bool]) -> bool:
    postings = getattr(entry, "postings", None)
    if postings is None:
        return any(map(relevant, get_entry_accounts(entry)))
    return any(relevant(posting.account) for posting in postings)


def _legs(entry: Any, relevant: Callable[[str], bool]) -> list[Any]:
    return [posting for posting in getattr(entry, "postings", ()) if relevant(posting.account)]


def _rows(found: Iterable[Any], relevant: Callable[[str], bool], balance: Any, prices: Any, conv: Any) -> Iterator[Any]:
    """Index, entry, change and balance, both as the reader wants amounts converted."""
    for index, entry in found:
        change = CounterInventory()
        for posting in _legs(entry, relevant):
            balance.add_position(posting)
            change.add_position(posting)
        yield index, entry, conv.apply(change, prices, entry.date), conv.apply(balance, prices, entry.date)


class Escaping(BaseLoader):
    """Fava's templates; the table of journal rows with everything escaped, and with a place for the notice."""

    def __init__(self, templates: BaseLoader) -> None:
        self.templates = templates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The source of a template."""
        source, name, fresh = self.templates.get_source(environment, template)
        if template == TABLE:
            if source.count(OPEN) != 1:
                raise FavaChanged(f"{TABLE} no longer says {OPEN} once")
            source = source.replace(OPEN, _ESCAPED)
        return source, name, fresh
