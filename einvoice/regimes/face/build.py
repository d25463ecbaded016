"""The requests to FACe as elements: operations of SSPP version 2, whose parameters stand in no namespace (RPC style)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from einvoice.errors import EinvoiceError
from einvoice.regimes.face.codes import limit, mime, namespace


class NotAttachable(EinvoiceError):
    """A file of a kind that FACe does not take."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: FACe takes no file of this kind. Attach a PDF, an office document or plain text")


class TooMuch(EinvoiceError):
    """More attachments, or more bytes, than FACe takes."""


class File(NamedTuple):
    """A file of a request: its name, whose end says its type, and its bytes. The invoice is `….xsig`, signed."""

    name: str
    content: bytes


def submission(invoice: File, email: str, attachments: Sequence[File] = ()) -> etree._Element:
    """enviarFactura: `email` is told what becomes of the invoice. Raises NotAttachable, TooMuch."""
    if len(attachments) > limit("attachments"):
        raise TooMuch(f"{invoice.name}: {len(attachments)} attachments; FACe takes {limit('attachments')}: attach fewer")
    size = sum(len(each.content) * 4 // 3 for each in (invoice, *attachments))  # in base64
    if size > limit("bytes"):
        remedy = "attach less" if attachments else "split the invoice"
        raise TooMuch(f"{invoice.name}: the request would have {size} bytes; FACe takes {limit('bytes')}: {remedy}")
    root = _operation("enviarFactura")
    request = etree.SubElement(root, "request")
    _add(request, "correo", email)
    _file(etree.SubElement(request, "factura"), "factura", invoice)
    annexes = etree.SubElement(request, "anexos")
    for each in attachments:
        _file(etree.SubElement(annexes, "anexo"), "anexo", each)
    return root


def consultation(number: str) -> etree._Element:
    """consultarFactura: `number` is the numeroRegistro under which FACe has the invoice."""
    return _add(_operation("consultarFactura"), "numeroRegistro", number)


def cancellation(number: str, reason: str) -> etree._Element:
    """anularFactura: asks the administration to let the invoice be cancelled."""
    return _add(_add(_operation("anularFactura"), "numeroRegistro", number), "motivo", reason)


def catalogue() -> etree._Element:
    """consultarEstados: the states that there are."""
    return _operation("consultarEstados")


def _operation(name: str) -> etree._Element:
    return etree.Element(f"{{{namespace()}}}{name}", nsmap={"web": namespace()})


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    etree.SubElement(parent, name).text = text
    return parent


def _file(parent: etree._Element, name: str, file: File) -> None:
    kind = mime(file.name)
    if kind is None:
        raise NotAttachable(file.name)
    _add(parent, name, b64encode(file.content).decode())
    _add(parent, "nombre", file.name)
    _add(parent, "mime", kind)
