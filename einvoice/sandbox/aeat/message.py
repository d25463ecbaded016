"""A message as it arrives: the SOAP envelope opened, checked against the XSD, its header read; or refused as a whole."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from typing import NamedTuple

from lxml import etree

from einvoice.sandbox.aeat.node import LR, QUERY, Node
from einvoice.sandbox.aeat.record import Record, RecordKind
from einvoice.transport import SOAP
from einvoice.xml import NotUtf8, XmlRefused, parse
from einvoice.xsd import schema

MAX_RECORDS = 1000
SUBMISSION = f"{{{LR}}}RegFactuSistemaFacturacion"
CONSULTATION = f"{{{QUERY}}}ConsultaFactuSistemaFacturacion"
# What libxml2 says of wrong structure, as against a wrong value.
_STRUCTURE = ("is not expected", "Missing child element", "No matching global", "is not allowed", "content is not allowed")
_PLACE = re.compile(r"/RegistroFactura(?:\[(\d+)\])?/")


class Turned(Exception):
    """A message refused as a whole, with a SOAP fault: AEAT's code, or 0 for what only the sandbox asks."""

    def __init__(self, code: int, detail: str = "", *, again: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.again = again  # faultcode Server: nothing is wrong with the message, send it again


class Message(NamedTuple):
    """An opened submission: its header, who must issue, who represents, whether it tells of an incident, its records."""

    header: Node
    obligado: str
    representative: str
    incident: bool
    records: tuple[Record, ...]


def opened(body: bytes) -> Node:
    """The one element in the body of the envelope, detached. Raises Turned."""
    try:
        root = parse(body, "message")
    except NotUtf8 as error:
        raise Turned(4119, str(error)) from None
    except XmlRefused as error:
        raise Turned(4103, str(error)) from None
    content = root.find(f"{{{SOAP}}}Body") if root.tag == f"{{{SOAP}}}Envelope" else None
    if content is None or len(content) != 1:
        raise Turned(4118)
    return Node(copy.deepcopy(content[0]))


def submission(root: Node) -> Message:
    """The submission in `root`. Raises Turned."""
    items = list(root.all("RegistroFactura"))
    if len(items) > MAX_RECORDS:
        raise Turned(4114, str(len(items)))
    broken = _broken(root)
    header = Node(next(iter(root.element)))
    obligado = header.text("ObligadoEmision", "NIF")
    records = tuple(_record(item, obligado, tuple(broken[at])) for at, item in enumerate(items, 1))
    voluntary = header.at("RemisionVoluntaria")
    return Message(
        header,
        obligado,
        header.text("Representante", "NIF"),
        voluntary is not None and voluntary.text("Incidencia") == "S",
        records,
    )


def _record(item: Node, obligado: str, broken: tuple[str, ...]) -> Record:
    node = Node(next(iter(item.element)))
    kind = RecordKind.ALTA if node.name == "RegistroAlta" else RecordKind.ANULACION
    return Record(node, kind, obligado, broken)


def _broken(root: Node) -> dict[int, list[str]]:
    """Wrong values by the place of their record, from 1; anything wrong outside, or with the structure, refuses the message."""
    found: dict[int, list[str]] = defaultdict(list)
    for finding in schema("verifactu/SuministroLR").findings(root.element):
        place = _PLACE.search(f"{finding.field}/")
        if place is None or any(words in finding.message for words in _STRUCTURE):
            raise Turned(4102, f"{finding.field}: {finding.message}")
        found[int(place[1] or 1)].append(finding.field.rpartition("/")[2])
    return found


def envelope(content: etree._Element) -> bytes:
    """`content` in a SOAP envelope, as bytes."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"env": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Header")
    etree.SubElement(root, f"{{{SOAP}}}Body").append(content)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data
