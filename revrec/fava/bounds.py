"""Journal and account pages that a browser survives: the latest rows, and above them a row that says how many there are.

Fava fetches every page of its journal and all rows of an account at once (25,000 rows are 57 MB and 18 s). It has no option
for less, so that three of its insides are replaced here, each for what it did before but bounded; `tests/fava/test_insides.py`
says what they must look like. The table of rows also escapes what stands in the books, which Fava's own does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any

from fava.core import FavaLedger, FilteredLedger
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
    for owner, name in ((FilteredLedger, "paginate_journal"), (FavaLedger, "account_journal")):
        if not callable(getattr(owner, name, None)):
            raise FavaChanged(f"{owner.__name__}.{name} is gone")
    _replace(FilteredLedger, "paginate_journal", _paged)
    _replace(FavaLedger, "account_journal", _latest)
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


def _latest(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def account_journal(self: Any, *given: Any, **more: Any) -> list[Any]:
        rows: list[Any] = original(self, *given, **more)
        if len(rows) <= ROWS:
            return rows
        return Rows(rows[-ROWS:], notice(ROWS, len(rows), more=" The balances are complete."))

    return account_journal


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
