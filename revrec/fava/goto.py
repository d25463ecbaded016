"""Where a page of the books leads: to Fava's journal, filtered to the entries behind a number, and to the other pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

# What Fava reads as a link in its filter box.
_LINK = re.compile(r"[A-Za-z0-9\-_/.]+")
_CLEAR = {"time": "", "account": "", "filter": ""}


class Goto(NamedTuple):
    """Makes addresses; `url_for` is Fava's: it carries the boxes along unless they are given anew.

    In a book without single entries (`summary.beancount`) what would lead to them leads to the chain instead.
    """

    url_for: Callable[..., str]
    entries: bool = True

    def page(self, name: str, **query: str) -> str:
        """A page of an extension by the name of its class, the boxes kept."""
        return self.url_for("extension_report", extension_name=name, **query)

    def trace(self, ref: str) -> str:
        """The chain of an id."""
        return self.url_for("extension_report", extension_name="RevrecTrace", id=ref, **_CLEAR)

    def journal(self, words: str, time: str = "") -> str:
        """The journal filtered by words of the filter box."""
        return self.url_for("report", report_name="journal", filter=words, time=time, account="")

    def accounts(self, names: Sequence[str], words: str = "", time: str = "") -> str:
        """The entries of some accounts: the page of the one, else the journal of all of them."""
        if len(names) == 1:
            return self.url_for("account", name=names[0], filter=words, time=time, account="")
        return self.url_for("report", report_name="journal", filter=words, time=time, account=any_of(sorted(names)))

    def bundle(self, bundle: str, names: Sequence[str] = ()) -> str:
        """The entries of a bundle: in the journal, or those that moved some accounts."""
        if not self.entries:
            return self.trace(f"bundle:{bundle}")
        words = link("bundle", bundle)
        return self.accounts(names, words) if names else self.journal(words)

    def invoice(self, number: str) -> str:
        """The entry with which a document was born, in the journal."""
        return self.journal(link("invoice", number)) if self.entries else self.trace(f"invoice:{number}")

    def entry(self, number: int | str) -> str:
        """One entry, in the journal: by `12` or `E-12`."""
        name = f"E-{str(number).removeprefix('E-')}"
        return self.journal(exactly("entry", name)) if self.entries else self.trace(f"entry:{name}")

    def document(self, path: str) -> str:
        """A file under `documents/`, as Fava serves it."""
        return self.url_for("document", filename=path, **_CLEAR)


def link(kind: str, name: str) -> str:
    """The filter of a link, or of the metadata where the id is none that Fava reads as a link."""
    return f"^{kind}-{name}" if _LINK.fullmatch(name) else exactly(kind, name)


def exactly(key: str, value: str) -> str:
    """The filter of the entries, or legs, whose metadata is this very value."""
    return f'{key}:"^{pattern(value)}$"'


def any_of(values: Iterable[str]) -> str:
    """The pattern of any of some values."""
    return f"^({'|'.join(map(pattern, values))})$"


def pattern(value: str) -> str:
    """The value as a pattern that matches it and nothing else; a quote cannot stand in Fava's filter."""
    return re.escape(value).replace('"', ".")
