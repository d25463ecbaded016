"""What a reader asks of a page: the boxes of Fava (time, account, filter) in terms that the books know."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from fava.util.date import FiscalYearEnd, parse_date

from revrec.core.words import Word


class Part(Word):
    """The parts of a question that a page may answer."""

    TIME = "time"
    ACCOUNT = "account"
    BUNDLE = "bundle"
    INVOICE = "invoice"
    SESSION = "session"
    CUSTOMER = "customer"
    BRANCH = "branch"


_LINKED = (Part.BUNDLE, Part.INVOICE)
_NAMED = (Part.BUNDLE, Part.SESSION, Part.CUSTOMER, Part.BRANCH)
# One word of Fava's filter: a link, a key with its value, or anything else.
_WORD = re.compile(
    r"""\^(?P<link>[A-Za-z0-9\-_/.]+)"""
    r"""|(?P<key>[a-z][a-zA-Z0-9\-_]+)\s*:\s*(?P<value>"[^"]*"|'[^']*'|[^\s,()"']+)"""
    r"""|"[^"]*"|'[^']*'|[^\s"']+"""
)
_PATTERN = re.compile(r"(?<!\\)[*+?\[\]{}|()]")


class Asked(NamedTuple):
    """The question of one request: both days counted, ids as the books spell them; `rest` is what no page understands."""

    first: date | None = None
    last: date | None = None
    account: str = ""
    bundle: str = ""
    invoice: str = ""
    session: str = ""
    customer: str = ""
    branch: str = ""
    written: Mapping[Part, str] = {}
    rest: tuple[str, ...] = ()

    def beyond(self, applied: Collection[Part]) -> tuple[str, ...]:
        """What stands in the boxes and a page that answers only `applied` does not look at."""
        return (*(text for part, text in self.written.items() if part not in applied), *self.rest)


def asked(boxes: Mapping[str, str], fiscal_year_end: FiscalYearEnd | None = None) -> Asked:
    """The question that stands in the boxes: the query of an address, with `time`, `account` and `filter`."""
    time, account, words = (boxes.get(name, "").strip() for name in ("time", "account", "filter"))
    begin, end = parse_date(time, fiscal_year_end) if time else (None, None)
    terms, rest = _terms(words)
    written = {Part(part): text for part, (_, text) in terms.items()}
    if end:
        written[Part.TIME] = time
    elif time:
        rest = (*rest, time)
    if account:
        written[Part.ACCOUNT] = account
    last = end - timedelta(days=1) if end else None
    return Asked(begin, last, account, **{part: name for part, (name, _) in terms.items()}, written=written, rest=rest)


def _terms(words: str) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """The terms that name one thing each, as (id, as written), and the words that do not.

    Alternatives, negations and parentheses are no terms: then nothing of the box is applied rather than half of it.
    """
    terms: dict[str, tuple[str, str]] = {}
    rest = list[str]()
    for found in _WORD.finditer(words):
        named = _term(found)
        if named is None or named[0] in terms:
            rest.append(found[0])
        else:
            terms[named[0]] = named[1], found[0]
    if rest and any(_joins(word) for word in rest):
        return {}, (words,)
    return terms, tuple(rest)


def _joins(word: str) -> bool:
    """Whether a word of the filter changes what the others mean."""
    return word[0] in "-(" or word[-1] in "()," or word[0] == ","


def _term(found: re.Match[str]) -> tuple[Part, str] | None:
    """The part and the id that a word names, or None."""
    if found["link"]:
        kind, _, name = found["link"].partition("-")
        return (Part(kind), name) if kind in _LINKED and name else None
    if found["key"] not in _NAMED:
        return None
    name = _literal(found["value"])
    return (Part(found["key"]), name) if name else None


def _literal(value: str) -> str | None:
    """The one text that a pattern of Fava's stands for, anchored or not; None for a pattern that may mean several."""
    text = value[1:-1] if value[0] in "\"'" else value
    text = text.removeprefix("^").removesuffix("$")
    return None if _PATTERN.search(text) else re.sub(r"\\(.)", r"\1", text)


def kept(boxes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The boxes as a form carries them along."""
    return ((name, boxes[name]) for name in ("time", "account", "filter") if boxes.get(name))
