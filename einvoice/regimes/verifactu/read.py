"""A record read back from its own bytes, for an outbox, a check of the chain, or a tax office."""

from __future__ import annotations

from lxml import etree

from einvoice.chain import Kind, Link, Record
from einvoice.errors import EinvoiceError
from einvoice.regimes.verifactu.build import INFORMATION
from einvoice.xml import parse

_I = f"{{{INFORMATION}}}"


class NotARecord(EinvoiceError):
    """XML that is neither a RegistroAlta nor a RegistroAnulacion, or lacks what its chain needs."""


def read(xml: bytes) -> Record:
    """The record that a RegistroAlta or RegistroAnulacion holds; NotARecord, or XmlRefused for what is no XML."""
    return of_element(parse(xml, "record"), xml)


def of_element(root: etree._Element, xml: bytes) -> Record:
    """The same of an element that stands in a message, `xml` being its bytes."""
    match str(root.tag).removeprefix(_I):
        case "RegistroAlta":
            return _record(root, xml, Kind.ALTA, "")
        case "RegistroAnulacion":
            return _record(root, xml, Kind.ANULACION, "Anulada")
        case other:
            raise NotARecord(f"<{other}> is neither RegistroAlta nor RegistroAnulacion")


def _record(root: etree._Element, xml: bytes, kind: Kind, suffix: str) -> Record:
    alta = kind is Kind.ALTA
    return Record(
        kind,
        *_key(root, suffix),
        _text(root, "TipoFactura") if alta else "",
        _text(root, "CuotaTotal") if alta else "",
        _text(root, "ImporteTotal") if alta else "",
        _previous(root),
        _text(root, "FechaHoraHusoGenRegistro"),
        _text(root, "Huella"),
        xml,
    )


def _key(root: etree._Element, suffix: str) -> tuple[str, str, str]:
    return (
        _text(root, f"IDFactura/{_I}IDEmisorFactura{suffix}"),
        _text(root, f"IDFactura/{_I}NumSerieFactura{suffix}"),
        _text(root, f"IDFactura/{_I}FechaExpedicionFactura{suffix}"),
    )


def _previous(root: etree._Element) -> Link | None:
    before = root.find(f"{_I}Encadenamiento/{_I}RegistroAnterior")
    if before is None:
        return None
    return Link(*(_text(before, name) for name in ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura", "Huella")))


def _text(root: etree._Element, path: str) -> str:
    text = root.findtext(_I + path)
    if text is None:
        raise NotARecord(f"{etree.QName(root).localname} has no {path.replace(_I, '')}")
    return str(text)
