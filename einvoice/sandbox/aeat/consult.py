"""ConsultaFactuSistemaFacturacion: what is registered of one obligado in one month, a page at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from lxml import etree

from einvoice.sandbox.aeat.answer import moment
from einvoice.sandbox.aeat.codes import text
from einvoice.sandbox.aeat.message import Turned, envelope
from einvoice.sandbox.aeat.node import INFO, QUERY_ANSWER, Node
from einvoice.sandbox.aeat.record import Key, day
from einvoice.sandbox.aeat.register import Register, Status, Stored
from einvoice.xml import parse
from einvoice.xsd import schema

PAGE = 10_000
_STATES = {Status.CORRECT: "Correcto", Status.WITH_ERRORS: "AceptadoConErrores", Status.CANCELLED: "Anulado"}
_KEY = ("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura")
# Blocks whose children belong to the answer's own namespace.
_LOCAL = frozenset({"FacturasRectificadas", "FacturasSustituidas", "Destinatarios", "Encadenamiento"})
_HIDDEN = frozenset({"IDVersion", "IDFactura", "Signature"})
_ON_DEMAND = {"NombreRazonEmisor": "MostrarNombreRazonEmisor", "SistemaInformatico": "MostrarSistemaInformatico"}


def consult(root: Node, register: Register, page: int = PAGE) -> bytes:
    """The envelope that answers a consultation. Raises Turned."""
    for finding in schema("verifactu/ConsultaLR").findings(root.element):
        raise Turned(4102, f"{finding.field}: {finding.message}")
    wanted = list(_wanted(root, register))
    shown = wanted[:page]
    answer = etree.Element(_q("RespuestaConsultaFactuSistemaFacturacion"), nsmap={"tikLRRC": QUERY_ANSWER, "tik": INFO})
    header = root.at("Cabecera") or root
    _add(answer, "Cabecera").extend(copy.deepcopy(list(header.element)))
    period = _add(answer, "PeriodoImputacion")
    for name in ("Ejercicio", "Periodo"):
        _add(period, name, root.text("FiltroConsulta", "PeriodoImputacion", name))
    _add(answer, "IndicadorPaginacion", "S" if len(wanted) > page else "N")
    _add(answer, "ResultadoConsulta", "ConDatos" if shown else "SinDatos")
    for stored in shown:
        _record(answer, stored, root)
    if len(wanted) > page:
        _key(_add(answer, "ClavePaginacion"), shown[-1].key)
    etree.cleanup_namespaces(answer, keep_ns_prefixes=["tik"])
    return envelope(answer)


def _wanted(root: Node, register: Register) -> Iterator[Stored]:
    """The invoices that the filter lets through, behind the page key if there is one, in the order of their keys."""
    query = root.at("FiltroConsulta") or root
    obligado = root.text("Cabecera", "ObligadoEmision", "NIF")
    behind = _order(Key(*(query.text("ClavePaginacion", name) for name in _KEY))) if "ClavePaginacion" in query else None
    newest = {stored.key: stored for stored in register.records() if stored.key.issuer == obligado}
    for key in sorted(newest, key=_order):
        if (behind is None or _order(key) > behind) and _lets_through(query, newest[key]):
            yield newest[key]


def _order(key: Key) -> tuple[str, str, str]:
    return key.issued_on[6:] + key.issued_on[3:5] + key.issued_on[:2], key.number, key.issuer


def _lets_through(query: Node, stored: Stored) -> bool:
    key, issued = stored.key, day(stored.key.issued_on)
    month = f"{query.text('PeriodoImputacion', 'Periodo')}-{query.text('PeriodoImputacion', 'Ejercicio')}"
    first = day(query.text("FechaExpedicionFactura", "RangoFechaExpedicion", "Desde"))
    last = day(query.text("FechaExpedicionFactura", "RangoFechaExpedicion", "Hasta"))
    return (
        key.issued_on[3:] == month
        and query.text("NumSerieFactura") in {"", key.number}
        and query.text("FechaExpedicionFactura", "FechaExpedicionFactura") in {"", key.issued_on}
        and (first is None or issued is None or first <= issued)
        and (last is None or issued is None or issued <= last)
        and query.text("RefExterna") in {"", _content(stored).text("RefExterna")}
    )


def _content(stored: Stored) -> Node:
    return Node(parse(stored.xml, "record"))


def _record(answer: etree._Element, stored: Stored, root: Node) -> None:
    block = _add(answer, "RegistroRespuestaConsultaFactuSistemaFacturacion")
    _key(_add(block, "IDFactura"), stored.key)
    data = _add(block, "DatosRegistroFacturacion")
    for child in _content(stored).element:
        name = etree.QName(child).localname
        flag = _ON_DEMAND.get(name)
        if name not in _HIDDEN and (flag is None or root.text("DatosAdicionalesRespuesta", flag) == "S"):
            data.append(_renamed(copy.deepcopy(child), deep=name in _LOCAL))
    presented = _add(block, "DatosPresentacion")
    for name, value in (
        ("NIFPresentador", stored.presenter),
        ("TimestampPresentacion", moment(stored.presented_at)),
        ("IdPeticion", f"{stored.presentation:020d}"),
    ):
        etree.SubElement(presented, f"{{{INFO}}}{name}").text = value
    _state(_add(block, "EstadoRegistro"), stored)


def _state(block: etree._Element, stored: Stored) -> None:
    _add(block, "TimestampUltimaModificacion", moment(stored.presented_at))
    _add(block, "EstadoRegistro", _STATES[stored.status])
    if stored.code:
        _add(block, "CodigoErrorRegistro", str(stored.code))
        _add(block, "DescripcionErrorRegistro", text(stored.code))


def _renamed(element: etree._Element, *, deep: bool) -> etree._Element:
    element.tag = _q(etree.QName(element).localname)
    for child in element if deep else ():
        _renamed(child, deep=False)
    return element


def _key(block: etree._Element, key: Key) -> None:
    for name, value in zip(_KEY, key, strict=True):
        etree.SubElement(block, f"{{{INFO}}}{name}").text = value


def _q(name: str) -> str:
    return f"{{{QUERY_ANSWER}}}{name}"


def _add(parent: etree._Element, name: str, value: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, _q(name))
    child.text = value
    return child
