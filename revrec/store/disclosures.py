"""The log of identities that were opened, handed over or destroyed: append-only, with a digest chain of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from revrec.store.statements import PAGE
from revrec.store.store import Store

GENESIS = bytes(32)
VERSION = "A"
_SOURCE = "disclosure"  # what the sealed words are bound to, beside the number


class Kind(StrEnum):
    """What was done with identities."""

    SHOWN = "shown"
    HANDED_OVER = "handed over"
    DESTROYED = "destroyed"


class Disclosure(NamedTuple):
    """One line of the log, as it stands in the table `disclosures`; `scope` says which data, `whom` is a digest."""

    n: int
    at: str
    kind: str
    role: str
    scope: str
    recipient: str
    persons: int
    documents: int
    whom: bytes
    said: bytes
    digest: bytes


class Draft(NamedTuple):
    """A line that is about to be written: what was done, for which office, and who did it `by` and why."""

    kind: Kind
    scope: str
    role: str = ""
    recipient: str = ""
    documents: int = 0
    by: str = ""
    reason: str = ""


class Disclosures:
    """Reads and writes the log inside the transactions of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def head(self) -> tuple[int, bytes]:
        """How many lines there are, and the digest of the last one."""
        row = self.store.row("last_disclosure")
        return (row[0], bytes(row[1])) if row else (0, GENESIS)

    def add(self, draft: Draft, customers: Iterable[str], at: str) -> Disclosure:
        """Append a line about some persons; `at` is a UTC instant. Nothing said is nothing sealed."""
        names = sorted(set(customers))
        number, before = self.head()
        n = number + 1
        said = b""
        if draft.by or draft.reason:
            words = orjson.dumps({"by": draft.by, "reason": draft.reason})
            said = self.store.keys.seal("", _SOURCE, str(n), words).encode()
        columns = (n, at, draft.kind.value, draft.role, draft.scope, draft.recipient, len(names), draft.documents)
        made = Disclosure(*columns, whom(names), said, b"")
        made = made._replace(digest=chained(before, made, self.store.taxpayer_id))
        self.store.keep_keys()
        self.store.write("add_disclosures", [(self.store.taxpayer, *made)])
        self.store.write("add_disclosed", [(self.store.taxpayer, n, name) for name in names])
        return made

    def all(self) -> Iterator[Disclosure]:
        """Every line in order; read in pages."""
        after = 0
        while page := self.store.rows("disclosures", after):
            yield from map(_line, page)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def of(self, customer: str) -> list[Disclosure]:
        """The lines about one person, in order."""
        return [_line(row) for row in self.store.rows("disclosures_of", self.store.taxpayer, customer)]

    def persons(self, n: int) -> Iterator[str]:
        """Whom a line is about, in order of id."""
        after = ""
        while page := self.store.rows("disclosed", n, after):
            yield from (row[0] for row in page)
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def said(self, line: Disclosure) -> tuple[str, str]:
        """Who did it and why: (by, reason), both "" where the calendar did."""
        clear = self.store.keys.unseal("", _SOURCE, str(line.n), line.said.decode()) if line.said else None
        if clear is None:
            return "", ""
        words = orjson.loads(clear)
        return words["by"], words["reason"]


def whom(customers: Iterable[str]) -> bytes:
    """SHA-256 over the ids in order, a line each."""
    digest = hashlib.sha256()
    for customer in customers:
        digest.update(f"{customer}\n".encode())
    return digest.digest()


def chained(before: bytes, line: Disclosure, taxpayer: str) -> bytes:
    """digest(n) = SHA-256(digest(n-1) || bytes(n)); bytes(n) is RFC 8785 JSON of every column, `said` by its SHA-256."""
    body = line._asdict() | {
        "said": hashlib.sha256(line.said).hexdigest(),
        "taxpayer": taxpayer,
        "v": VERSION,
        "whom": line.whom.hex(),
    }
    del body["digest"]
    return hashlib.sha256(before + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


def _line(row: Sequence[Any]) -> Disclosure:
    return Disclosure._make((*row[:8], bytes(row[8]), bytes(row[9]), bytes(row[10])))
