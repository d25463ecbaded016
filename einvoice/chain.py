"""The chain of VERI*FACTU records: each carries the SHA-256 print (huella) of the one generated before it.

One chain per installation and taxpayer; altas and anulaciones of all series stand in it together, in the order of generation,
whatever the tax office answers to them (Orden HAC/1177/2024 arts. 7 and 13; AEAT, huella specification 0.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from einvoice.findings import Finding


class Kind(StrEnum):
    """What a record does: it registers an invoice, or takes back one that should never have existed."""

    ALTA = "alta"
    ANULACION = "anulacion"


class Link(NamedTuple):
    """What a record says of the one before it: issuer's NIF, number, issue date as `dd-mm-yyyy`, huella."""

    issuer: str
    number: str
    issued_on: str
    huella: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is stored, chained and sent: texts exactly as serialised, `xml` the element in UTF-8.

    `type_code`, `tax_total` and `total` are empty in an anulación; `previous` is None in the first record of a chain.
    `issued_on` is `dd-mm-yyyy`, `generated_at` ISO 8601 to the second with an offset. `xml` declares its own namespace and may
    stand in any envelope.
    """

    kind: Kind
    issuer: str
    number: str
    issued_on: str
    type_code: str
    tax_total: str
    total: str
    previous: Link | None
    generated_at: str
    huella: str
    xml: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        """What AEAT knows the invoice by: issuer, number, issue date."""
        return (self.issuer, self.number, self.issued_on)

    @property
    def link(self) -> Link:
        """What the next record of the chain is generated with."""
        return Link(self.issuer, self.number, self.issued_on, self.huella)


def huella(text: str) -> str:
    """SHA-256 of the text in UTF-8 as 64 upper-case hexadecimal digits."""
    return sha256(text.encode()).hexdigest().upper()


def alta_text(key: tuple[str, str, str], type_code: str, tax_total: str, total: str, previous: str, generated_at: str) -> str:
    """What the huella of an alta is taken of; `key` is issuer, number and issue date, `previous` a huella or empty.

    Values are the texts of the XML, trimmed at both ends; inner spaces stay, nothing is escaped.
    """
    issuer, number, issued_on = key
    return (
        f"IDEmisorFactura={issuer.strip()}&NumSerieFactura={number.strip()}&FechaExpedicionFactura={issued_on.strip()}"
        f"&TipoFactura={type_code.strip()}&CuotaTotal={tax_total.strip()}&ImporteTotal={total.strip()}"
        f"&Huella={previous.strip()}&FechaHoraHusoGenRegistro={generated_at.strip()}"
    )


def anulacion_text(key: tuple[str, str, str], previous: str, generated_at: str) -> str:
    """What the huella of an anulación is taken of; arguments as those of `alta_text`."""
    issuer, number, issued_on = key
    return (
        f"IDEmisorFacturaAnulada={issuer.strip()}&NumSerieFacturaAnulada={number.strip()}"
        f"&FechaExpedicionFacturaAnulada={issued_on.strip()}"
        f"&Huella={previous.strip()}&FechaHoraHusoGenRegistro={generated_at.strip()}"
    )


def text_of(record: Record) -> str:
    """What the huella of a record is taken of."""
    previous = record.previous.huella if record.previous else ""
    if record.kind is Kind.ANULACION:
        return anulacion_text(record.key, previous, record.generated_at)
    return alta_text(record.key, record.type_code, record.tax_total, record.total, previous, record.generated_at)


def check(records: Iterable[Record], before: Link | None = None) -> tuple[Finding, ...]:
    """What is wrong with a chain, whose records stand in the order of generation.

    `before` is the record that precedes them, None when they are the whole chain. Each finding's field is the record's
    position, from 0. AEAT's codes where it has one: 2000 huella, 2007 a second first record, 2008 its own predecessor.
    """
    chain = tuple(records)
    findings: list[Finding] = []
    for position, record in enumerate(chain):
        findings.extend(_seal_findings(record, f"records[{position}]"))
        findings.extend(_link_findings(record, before, f"records[{position}]"))
        before = record.link
    findings.extend(_clock_findings(chain))
    return tuple(findings)


def _seal_findings(record: Record, where: str) -> Iterator[Finding]:
    if record.huella != huella(text_of(record)):
        yield Finding(
            "2000",
            f"{where}.huella",
            f"the huella of {record.number} is not that of its contents",
            "the record was changed after it was generated: restore it from a backup",
        )
    if record.previous and record.previous.huella == record.huella:
        yield Finding("2008", f"{where}.previous", f"{record.number} names itself as its predecessor", "generate it again")


def _link_findings(record: Record, before: Link | None, where: str) -> Iterator[Finding]:
    if before is not None and record.previous is None:
        message = f"{record.number} says it is the first record, but {before.number} precedes it"
        remedy = "two writers, or a lost database: start a new installation number"
        yield Finding("2007", f"{where}.previous", message, remedy)
    elif record.previous is not None and record.previous != before:
        stands = f"{before.number} with huella {before.huella}" if before else "no record"
        message = (
            f"{record.number} follows {record.previous.number} with huella {record.previous.huella}, but {stands} precedes it"
        )
        yield Finding("chain-fork", f"{where}.previous", message, "a record is missing, or two were chained to the same one")


def _clock_findings(chain: tuple[Record, ...]) -> Iterator[Finding]:
    for position, (earlier, later) in enumerate(pairwise(chain), start=1):
        if datetime.fromisoformat(later.generated_at) < datetime.fromisoformat(earlier.generated_at):
            yield Finding(
                "chain-clock",
                f"records[{position}].generated_at",
                f"{later.number} was generated at {later.generated_at}, before its predecessor ({earlier.generated_at})",
                "the clock went back: keep it by NTP",
            )
