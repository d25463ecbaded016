"""What the local tax office has: presentations, records, waiting times and what senders did wrong, in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from einvoice.sandbox.aeat.record import Key, Record

_TABLES = """
CREATE TABLE IF NOT EXISTS presentation(
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, presenter TEXT NOT NULL, obligado TEXT NOT NULL,
    wait INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS record(
    id INTEGER PRIMARY KEY, presentation INTEGER NOT NULL REFERENCES presentation, chain TEXT NOT NULL, kind TEXT NOT NULL,
    issuer TEXT NOT NULL, number TEXT NOT NULL, issued_on TEXT NOT NULL, huella TEXT NOT NULL, previous TEXT NOT NULL,
    generated_at TEXT NOT NULL, outcome TEXT NOT NULL, code INTEGER NOT NULL, again INTEGER NOT NULL, xml BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS record_key ON record(issuer, number, issued_on);
CREATE INDEX IF NOT EXISTS record_chain ON record(chain, again);
CREATE INDEX IF NOT EXISTS record_huella ON record(huella);
CREATE TABLE IF NOT EXISTS pace(chain TEXT PRIMARY KEY, at TEXT NOT NULL, wait INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS violation(id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, chain TEXT NOT NULL,
    detail TEXT NOT NULL) STRICT;
"""
_RECORD = (
    "r.id, r.presentation, r.chain, r.kind, r.issuer, r.number, r.issued_on, r.huella, r.previous, r.generated_at, r.outcome"
)
_FIELDS = f"{_RECORD}, r.code, r.xml, p.at, p.presenter, p.answered"
_FROM = "FROM record r JOIN presentation p ON p.id = r.presentation"


class Outcome(StrEnum):
    """EstadoRegistro of an answer."""

    CORRECT = "Correcto"
    WITH_ERRORS = "AceptadoConErrores"
    REJECTED = "Incorrecto"


class Status(StrEnum):
    """EstadoRegistroDuplicado: how an invoice stands."""

    CORRECT = "Correcta"
    WITH_ERRORS = "AceptadaConErrores"
    CANCELLED = "Anulada"


class ViolationKind(StrEnum):
    """What no good sender does, whether AEAT would notice or not."""

    PARALLEL = "parallel"  # a message while another of the same chain is under way
    EARLY = "early"  # fewer than 1,000 records before TiempoEsperaEnvio had passed
    OUT_OF_ORDER = "out-of-order"  # a record before the one that it is chained to, or older than one sent before
    FORK = "fork"  # two records chained to the same one, or two that begin the chain
    REPEATED = "repeated"  # sent as new after it had been accepted and answered (also: killed before the answer was stored)


class Violation(NamedTuple):
    """One of them: when, what, on which chain, and the record or message it was about."""

    at: datetime
    kind: ViolationKind
    chain: str
    detail: str


class Stored(NamedTuple):
    """A record as the office has it. `outcome` and `code` (0: none) are what was answered; `answered`: the answer left."""

    id: int
    presentation: int
    chain: str
    kind: str
    key: Key
    huella: str
    previous: str
    generated_at: str
    outcome: Outcome
    code: int
    xml: bytes
    presented_at: datetime
    presenter: str
    answered: bool

    @property
    def status(self) -> Status:
        """How the invoice stands if this is the last record about it."""
        if self.kind == "Anulacion":
            return Status.CANCELLED
        return Status.WITH_ERRORS if self.outcome is Outcome.WITH_ERRORS else Status.CORRECT


class Pace(NamedTuple):
    """When a chain was last answered, and the seconds that it was told to wait from then."""

    at: datetime
    wait: int


class Register:
    """The office's memory; `path` None keeps it for the life of the process only."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._sql = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.executescript(_TABLES)

    def close(self) -> None:
        """Let the file go, once nobody writes."""
        with self._lock:
            self._sql.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of a message or nothing of it; one message at a time."""
        with self._lock:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")

    def present(self, at: datetime, presenter: str, obligado: str, wait: int) -> int:
        """The number of a new presentation."""
        sql = "INSERT INTO presentation(at, presenter, obligado, wait) VALUES (?, ?, ?, ?)"
        return int(self._sql.execute(sql, (at.isoformat(), presenter, obligado, wait)).lastrowid or 0)

    def add(self, presentation: int, record: Record, outcome: Outcome, code: int) -> None:
        """Keep what became of a record; `again` when the same one had come before."""
        again = self.seen(record.chain, record.huella)
        values = (presentation, record.chain, record.kind, *record.key, record.huella, record.previous)
        moment = record.node.text("FechaHoraHusoGenRegistro")
        self._sql.execute(
            "INSERT INTO record(presentation, chain, kind, issuer, number, issued_on, huella, previous, generated_at, outcome,"
            " code, again, xml) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, moment, outcome, code, int(again), record.xml()),
        )

    def answered(self, presentation: int, chains: frozenset[str]) -> None:
        """The answer has left: from its time on, these chains wait as long as it said."""
        with self.transaction():
            self._sql.execute("UPDATE presentation SET answered = 1 WHERE id = ?", (presentation,))
            sql = "INSERT OR REPLACE INTO pace SELECT ?, at, wait FROM presentation WHERE id = ?"
            self._sql.executemany(sql, [(chain, presentation) for chain in chains])

    def violate(self, at: datetime, kind: ViolationKind, chain: str, detail: str) -> None:
        """Remember a violation, whatever becomes of its message."""
        with self._lock:
            self._sql.execute(
                "INSERT INTO violation(at, kind, chain, detail) VALUES (?, ?, ?, ?)", (at.isoformat(), kind, chain, detail)
            )

    def pace(self, chain: str) -> Pace | None:
        """How the chain must pace itself; None before its first answer."""
        row = self._one("SELECT at, wait FROM pace WHERE chain = ?", chain)
        return Pace(datetime.fromisoformat(row[0]), row[1]) if row else None

    def seen(self, chain: str, huella: str) -> bool:
        """Whether a record of that huella came before, accepted or not."""
        return self._one("SELECT 1 FROM record WHERE huella = ? AND chain = ?", huella, chain) is not None

    def last(self, chain: str) -> Stored | None:
        """The last record of a chain that came for the first time."""
        return self._stored(f"SELECT {_FIELDS} {_FROM} WHERE chain = ? AND again = 0 ORDER BY r.id DESC LIMIT 1", chain)

    def accepted(self, chain: str, huella: str) -> Stored | None:
        """The accepted record of that huella."""
        return self._stored(
            f"SELECT {_FIELDS} {_FROM} WHERE huella = ? AND chain = ? AND outcome <> 'Incorrecto' ORDER BY r.id DESC LIMIT 1",
            huella,
            chain,
        )

    def invoice(self, key: Key) -> Stored | None:
        """The last accepted record about an invoice."""
        return self._stored(
            f"SELECT {_FIELDS} {_FROM} WHERE issuer = ? AND number = ? AND issued_on = ? AND outcome <> 'Incorrecto'"
            " ORDER BY r.id DESC LIMIT 1",
            *key,
        )

    def records(self) -> tuple[Stored, ...]:
        """What is accepted, in the order of acceptance."""
        return self._all(f"SELECT {_FIELDS} {_FROM} WHERE outcome <> 'Incorrecto' ORDER BY r.id")

    def attempts(self) -> tuple[Stored, ...]:
        """All that ever came in a readable message, rejected or not."""
        return self._all(f"SELECT {_FIELDS} {_FROM} ORDER BY r.id")

    def violations(self) -> tuple[Violation, ...]:
        """What senders did wrong, in order."""
        with self._lock:
            rows = self._sql.execute("SELECT at, kind, chain, detail FROM violation ORDER BY id").fetchall()
        return tuple(
            Violation(datetime.fromisoformat(at), ViolationKind(kind), chain, detail) for at, kind, chain, detail in rows
        )

    def _one(self, sql: str, *values: str) -> tuple[str, int] | None:
        with self._lock:
            row: tuple[str, int] | None = self._sql.execute(sql, values).fetchone()
        return row

    def _stored(self, sql: str, *values: str) -> Stored | None:
        return next(iter(self._all(sql, *values)), None)

    def _all(self, sql: str, *values: str) -> tuple[Stored, ...]:
        with self._lock:
            return tuple(_read(*row) for row in self._sql.execute(sql, values).fetchall())


def _read(*row: Any) -> Stored:
    number, presentation, chain, kind, issuer, serial, issued_on, huella, previous, made, outcome, code, xml, at, *rest = row
    presenter, answered = rest
    key, moment = Key(issuer, serial, issued_on), datetime.fromisoformat(at)
    facts = (chain, kind, key, huella, previous, made, Outcome(outcome), code, xml, moment, presenter)
    return Stored(number, presentation, *facts, answered=bool(answered))
