"""Invented certificate holders, a clock that tests move, and a clinic that generates chained records."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from einvoice.chain import Link, Record
from einvoice.keys import FileSigner, load
from einvoice.model import Invoice, TaxId
from einvoice.regimes.verifactu.build import System, cancel, register
from einvoice.regimes.verifactu.message import Taxpayer, message
from einvoice.sandbox.pki import Authority, Holder, Issued, Validity, valid
from tests.einvoice.documents import exempt

MADRID = ZoneInfo("Europe/Madrid")
NIF = "B64717838"
CLINIC = Taxpayer("Centro de Pruebas SL", NIF)
NOON = datetime(2026, 3, 2, 12, tzinfo=MADRID)
OWNER = Holder("Elena", "Ficticia Roca", "00000000T", "Centro de Pruebas SL", NIF)
STRANGER = Holder("Juan", "Español Español", "99999999R")
PASSWORD = "sandbox"
SYSTEM = System("Casa de Programas SL", TaxId("B12345674"), "Programa", "RR", "1.0", "1")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def signer(folder: Path, issued: Issued, now: datetime) -> FileSigner:
    """The signer in a PKCS#12 file made of what was issued."""
    path = folder / f"{issued.certificate.serial_number}.p12"
    path.write_bytes(issued.pkcs12(PASSWORD))
    return load(path, PASSWORD, now)


def client(authority: Authority, folder: Path, holder: Holder = OWNER, validity: Validity | None = None) -> FileSigner:
    """A client's signer, as FNMT would issue it; read as of a moment within its validity."""
    validity = validity or valid(datetime.now(MADRID))
    return signer(folder, authority.client(holder, validity), validity.since + timedelta(days=1))


@dataclass
class Clinic:
    """Generates records one chained to the other, ten seconds apart, from `at` on."""

    clock: Clock
    system: System = SYSTEM
    previous: Link | None = None
    made: list[Record] = field(default_factory=list)

    def alta(self, number: str, invoice: Invoice | None = None, **how) -> Record:
        """The alta of an invoice of today."""
        document = replace(invoice or exempt(), number=number, series="", issued_on=self.clock().date())
        return self._made(register(document, self.system, self.previous, self._at(), **how))

    def anulacion(self, number: str, issued_on: date | None = None, **how) -> Record:
        """The anulación of one."""
        day = issued_on or self.clock().date()
        return self._made(cancel(NIF, number, day, self.system, self.previous, self._at(), **how))

    def altas(self, count: int, prefix: str = "F-") -> list[Record]:
        """Several new ones."""
        return [self.alta(f"{prefix}{n}") for n in range(1, count + 1)]

    def _at(self) -> datetime:
        return self.clock()

    def _made(self, record: Record) -> Record:
        self.previous = record.link
        self.made.append(record)
        return record


def until(condition: Callable[[], object], patience: float = 20) -> None:
    """Wait for what another thread is about to do."""
    ends = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def envelope(*records: Record, **how) -> bytes:
    """A message of the clinic."""
    return message(CLINIC, records, **how)
