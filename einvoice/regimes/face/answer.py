"""What FACe answers: a registration, where an invoice stands, a request taken, the states; or a refusal, or a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from einvoice.regimes.face.codes import State, state
from einvoice.transport import SOAP
from einvoice.xml import XmlRefused, parse

_OK = "0"


class Refusal(NamedTuple):
    """FACe understood and refuses: `code` is the resultado's, or the fault's (401: the request is not signed)."""

    code: str
    message: str
    tracking: str = ""
    fault: bool = False

    @property
    def theirs(self) -> bool:
        """Whether FACe itself has trouble and nothing is wrong with the request (SOAP 1.1, 4.4.1: `Server`, `Server.…`)."""
        return self.fault and self.code.rpartition(":")[2].partition(".")[0] == "Server"


@dataclass(frozen=True, slots=True)
class Registration:
    """The invoice has come in: `number` is what it is asked by from now on; `received_at` is FACe's own text."""

    number: str
    managing_body: str
    processing_unit: str
    accounting_office: str
    issuer: str
    invoice: str
    series: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an invoice and the request to cancel it stand, each with the reason that was given."""

    number: str
    processing: State
    processing_reason: str
    cancellation: State
    cancellation_reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A request to cancel was taken; the administration decides."""

    number: str
    message: str


@dataclass(frozen=True, slots=True)
class States:
    """The states that FACe itself lists, by their codes, with its own words."""

    names: dict[str, str]


Said = Registration | Standing | Taken | States | Refusal


def read(data: bytes) -> Said | None:
    """What an envelope says; None for one that says nothing of all this."""
    try:
        root = parse(data, "FACe's answer")
    except XmlRefused:
        return None
    body = root.find(f"{{{SOAP}}}Body")
    content = body[0] if body is not None and len(body) else None
    if content is None:
        return None
    if content.tag == f"{{{SOAP}}}Fault":
        return Refusal(_text(content, "faultcode"), _text(content, "faultstring"), fault=True)
    returned = content.find("return")
    result = returned.find("resultado") if returned is not None else None
    if result is None:
        return None
    if (code := _text(result, "codigo")) != _OK:
        return Refusal(code, _text(result, "descripcion"), _text(result, "codigoSeguimiento"))
    return _said(etree.QName(content).localname, returned)


def _said(name: str, returned: etree._Element) -> Said | None:
    invoice = returned.find("factura")
    match name:
        case "consultarEstadosResponse":
            return States({_text(each, "codigo"): _text(each, "nombre") for each in returned.iterfind("estados/estado")})
        case "enviarFacturaResponse" if invoice is not None:
            return _registration(invoice)
        case "consultarFacturaResponse" if invoice is not None:
            return _standing(invoice)
        case "anularFacturaResponse" if invoice is not None:
            return Taken(_text(invoice, "numeroRegistro"), _text(invoice, "mensaje"))
        case _:
            return None


def _registration(invoice: etree._Element) -> Registration | None:
    names = ("numeroRegistro", "organoGestor", "unidadTramitadora", "oficinaContable", "identificadorEmisor")
    found = Registration(*(_text(invoice, name) for name in (*names, "numeroFactura", "serieFactura", "fechaRecepcion")))
    return found if found.number else None


def _standing(invoice: etree._Element) -> Standing | None:
    if not (code := _text(invoice, "tramitacion/codigo")):
        return None
    return Standing(
        _text(invoice, "numeroRegistro"),
        state(code),
        _text(invoice, "tramitacion/motivo"),
        state(_text(invoice, "anulacion/codigo") or "4100"),
        _text(invoice, "anulacion/motivo"),
    )


def _text(element: etree._Element, path: str) -> str:
    return str(element.findtext(path) or "").strip()
