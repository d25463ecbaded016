"""The producer's declaration of responsibility, which every version of an invoicing system shows (RD 1007/2023 art. 13).

In Spanish, title and items a) to l) in the order of Orden HAC/1177/2024 art. 15.1. The producer signs it, not this program: what
the settings do not say is marked, and until it is filled in there is no declaration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from einvoice.model import IdScheme
from einvoice.regimes.verifactu.build import System

TITLE = "DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN"
MISSING = "[A RELLENAR POR QUIEN PRODUCE EL SISTEMA]"

_COMPLIANCE = (
    "Quien produce el sistema hace constar que, en la versión indicada, cumple con lo dispuesto en el artículo 29.2.j) de la "
    "Ley 58/2003, de 17 de diciembre, General Tributaria; en el Reglamento aprobado por el Real Decreto 1007/2023, de 5 de "
    "diciembre; en la Orden HAC/1177/2024, de 17 de octubre; y en la sede electrónica de la Agencia Estatal de Administración "
    "Tributaria para todo aquello que complete las especificaciones de dicha orden."
)
_ONLY_VERIFACTU = (
    "No procede: el sistema solo funciona como «VERI*FACTU». Los registros no llevan firma propia; se remiten a la AEAT con "
    "autenticación por certificado electrónico cualificado."
)
_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()


@dataclass(frozen=True, slots=True)
class Signing:
    """What only the producer can say: postal address in full, the day, town and country of signing; empty where unsaid."""

    address: str = ""
    signed_on: date | None = None
    town: str = ""
    country: str = ""


def declaration(system: System, components: str, signing: Signing | None = None) -> str:
    """The declaration's text; `components` says in Spanish what the system consists of and does (item d).

    Items that `signing` leaves empty hold `MISSING`.
    """
    items = zip("abcdefghijkl", _items(system, components, signing or Signing()), strict=True)
    return "\n\n".join((TITLE, *(f"{letter}) {heading}: {text or MISSING}" for letter, (heading, text) in items))) + "\n"


def missing(text: str) -> int:
    """How many items of a declaration the producer still has to fill in."""
    return text.count(MISSING)


def _items(system: System, components: str, signing: Signing) -> Iterator[tuple[str, str]]:
    yield "Nombre del sistema informático", system.name
    yield "Código identificador del sistema informático", system.id
    yield "Identificador completo de la versión", system.version
    yield "Componentes, hardware y software, y principales funcionalidades", components
    yield "El sistema solo puede funcionar como «VERI*FACTU»", _yes(system.only_verifactu)
    yield "El sistema permite dar soporte a la facturación de varios obligados tributarios", _yes(system.multi_taxpayer)
    yield "Tipos de firma de los registros si no se usa como «VERI*FACTU»", _ONLY_VERIFACTU if system.only_verifactu else ""
    yield "Nombre y apellidos o razón social de quien produce el sistema", system.producer
    yield _identification(system), system.producer_id.number
    yield "Dirección postal completa de contacto de quien produce el sistema", signing.address
    yield "Cumplimiento", _COMPLIANCE
    yield "Fecha y lugar de suscripción", _place(signing)


def _identification(system: System) -> str:
    spanish = system.producer_id.scheme is IdScheme.NIF
    kind = "Número de identificación fiscal (NIF) español" if spanish else f"Identificación ({system.producer_id.country})"
    return f"{kind} de quien produce el sistema"


def _place(signing: Signing) -> str:
    day = signing.signed_on
    if day is None or not signing.town or not signing.country:
        return ""
    return f"{day.day} de {_MONTHS[day.month - 1]} de {day.year}, {signing.town}, {signing.country}"


def _yes(value: bool) -> str:
    return "S - Sí" if value else "N - No"
