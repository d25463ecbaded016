"""The invoices that the pretended FACe has received, and where each stands, in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from pathlib import Path

from einvoice.errors import EinvoiceError

_TABLE = """
CREATE TABLE IF NOT EXISTS invoice(
    id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, received_at TEXT NOT NULL, email TEXT NOT NULL, issuer TEXT NOT NULL,
    series TEXT NOT NULL, invoice TEXT NOT NULL, issued_on TEXT NOT NULL, managing_body TEXT NOT NULL,
    processing_unit TEXT NOT NULL, accounting_office TEXT NOT NULL, content BLOB NOT NULL, processing TEXT NOT NULL,
    processing_reason TEXT NOT NULL, cancellation TEXT NOT NULL, cancellation_reason TEXT NOT NULL,
    UNIQUE (issuer, series, invoice, issued_on)) STRICT;
"""


class NotReceived(EinvoiceError):
    """A registration number that nobody has."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no invoice is registered as {number}")


class Duplicate(EinvoiceError):
    """An invoice that came before."""

    def __init__(self, number: str) -> None:
        super().__init__(f"the invoice is registered as {number}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Received:
    """An invoice as it stands; states are FACe's codes, 1200 and 4100 at first."""

    number: str
    received_at: datetime
    email: str
    issuer: str
    series: str
    invoice: str
    issued_on: str
    managing_body: str
    processing_unit: str
    accounting_office: str
    content: bytes
    processing: str = "1200"
    processing_reason: str = ""
    cancellation: str = "4100"
    cancellation_reason: str = ""


class Register:
    """The memory of the pretended FACe; `path` None keeps it for the life of the process only."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._sql = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.executescript(_TABLE)

    def close(self) -> None:
        """Let the file go, once nobody writes."""
        with self._lock:
            self._sql.close()

    def add(self, new: Received) -> Received:
        """Keep an invoice under the next registration number of the year. Raises Duplicate."""
        with self._lock:
            same = "SELECT * FROM invoice WHERE issuer = ? AND series = ? AND invoice = ? AND issued_on = ?"
            if known := self._all(same, new.issuer, new.series, new.invoice, new.issued_on):
                raise Duplicate(known[0].number)
            (count,) = self._sql.execute("SELECT count(*) FROM invoice").fetchone()
            kept = replace(new, number=f"{new.received_at.year}{count + 1:08d}")
            values = [value.isoformat() if isinstance(value, datetime) else value for value in (count + 1, *astuple(kept))]
            self._sql.execute("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            return kept

    def find(self, number: str) -> Received:
        """The invoice of a registration number. Raises NotReceived."""
        found = self._all("SELECT * FROM invoice WHERE number = ?", number)
        if not found:
            raise NotReceived(number)
        return found[0]

    def invoices(self) -> tuple[Received, ...]:
        """All of them, in the order of arrival."""
        return self._all("SELECT * FROM invoice ORDER BY id")

    def process(self, number: str, code: str, reason: str = "") -> None:
        """Let the administration move an invoice on (1300, 2400, 2500, 2600, 3100). Raises NotReceived."""
        self._set("UPDATE invoice SET processing = ?, processing_reason = ? WHERE number = ?", number, code, reason)

    def decide(self, number: str, code: str, reason: str = "") -> None:
        """Ask for a cancellation (4200), accept it (4300) or refuse it (4400). Raises NotReceived."""
        self._set("UPDATE invoice SET cancellation = ?, cancellation_reason = ? WHERE number = ?", number, code, reason)

    def _all(self, sql: str, *values: str) -> tuple[Received, ...]:
        with self._lock:
            rows = self._sql.execute(sql, values).fetchall()
        return tuple(Received(row[1], datetime.fromisoformat(row[2]), *row[3:]) for row in rows)

    def _set(self, sql: str, number: str, code: str, reason: str) -> None:
        with self._lock:
            if not self._sql.execute(sql, (code, reason, number)).rowcount:
                raise NotReceived(number)
