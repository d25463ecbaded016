"""A record as it arrives: RegistroAlta or RegistroAnulacion, its key, its chain, its huella recomputed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from lxml import etree

from einvoice.sandbox.aeat.node import Node

_SEEDS = {
    # Specification of the huella, 0.1.2: names and order of what is hashed; the previous huella stands before the time.
    "Alta": ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura", "TipoFactura", "CuotaTotal", "ImporteTotal"),
    "Anulacion": ("IDEmisorFacturaAnulada", "NumSerieFacturaAnulada", "FechaExpedicionFacturaAnulada"),
}


class RecordKind(StrEnum):
    """TipoOperacion."""

    ALTA = "Alta"
    ANULACION = "Anulacion"


class Key(NamedTuple):
    """What identifies an invoice at AEAT: issuer, number, date of issue (dd-mm-yyyy)."""

    issuer: str
    number: str
    issued_on: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a message, read but not judged; `broken` says which of its values the XSD refuses."""

    node: Node
    kind: RecordKind
    obligado: str
    broken: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """The invoice it is about."""
        tail = "Anulada" if self.kind is RecordKind.ANULACION else ""
        names = ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura")
        return Key(*(self.node.text("IDFactura", name + tail) for name in names))

    @property
    def chain(self) -> str:
        """The chain it belongs to: producer, system, installation and obligado."""
        system = self.node.at("SistemaInformatico") or self.node
        producer = system.text("NIF") or system.text("IDOtro", "ID")
        return "/".join((producer, system.text("IdSistemaInformatico"), system.text("NumeroInstalacion"), self.obligado))

    @property
    def first(self) -> bool:
        """Whether it says that it begins a chain."""
        return self.node.text("Encadenamiento", "PrimerRegistro") == "S"

    @property
    def previous(self) -> str:
        """The huella of the record before it, "" for the first."""
        return self.node.text("Encadenamiento", "RegistroAnterior", "Huella")

    @property
    def huella(self) -> str:
        """The huella that it says it has."""
        return self.node.text("Huella")

    @property
    def amends(self) -> bool:
        """Whether it is a subsanación."""
        return self.node.text("Subsanacion") == "S"

    @property
    def generated_at(self) -> datetime | None:
        """When it was made; None where that cannot be read."""
        return moment(self.node.text("FechaHoraHusoGenRegistro"))

    def recomputed(self) -> str:
        """The huella that it must have: of the texts as they were sent (specification 0.1.2)."""
        place = self.node.at("IDFactura")
        parts = []
        for name in _SEEDS[self.kind]:
            text = place.text(name) if place and name in place else self.node.text(name)
            parts.append(f"{name}={text}")
        parts += [f"Huella={self.previous}", f"FechaHoraHusoGenRegistro={self.node.text('FechaHoraHusoGenRegistro')}"]
        return hashlib.sha256("&".join(parts).encode()).hexdigest().upper()

    def xml(self) -> bytes:
        """The record as canonical bytes."""
        content: bytes = etree.tostring(self.node.element, method="c14n")
        return content


def day(text: str) -> date | None:
    """A date as AEAT writes it, dd-mm-yyyy; None where there is none on the calendar."""
    try:
        return datetime.strptime(text, "%d-%m-%Y").date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """A time with its offset; None where there is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
