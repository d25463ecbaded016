"""What the local tax office says: RespuestaRegFactuSistemaFacturacion and SOAP faults, in AEAT's words and order."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from einvoice.sandbox.aeat.codes import text
from einvoice.sandbox.aeat.judge import Verdict
from einvoice.sandbox.aeat.message import Message, Turned, envelope
from einvoice.sandbox.aeat.node import ANSWER, INFO
from einvoice.sandbox.aeat.record import Record
from einvoice.sandbox.aeat.register import Outcome, Stored
from einvoice.transport import SOAP

MADRID = ZoneInfo("Europe/Madrid")
_NAMES = {"tikR": ANSWER, "tik": INFO}


def receipt(at: datetime, presentation: int) -> str:
    """A CSV, the code under which AEAT keeps a presentation."""
    return "A-" + hashlib.sha256(f"{at.isoformat()}/{presentation}".encode()).hexdigest()[:14].upper()


def answer(message: Message, verdicts: Sequence[Verdict], *, csv: str, presenter: str, at: datetime, wait: int) -> bytes:
    """The envelope that answers a message record by record; without a CSV if all of it is rejected."""
    root = etree.Element(f"{{{ANSWER}}}RespuestaRegFactuSistemaFacturacion", nsmap=_NAMES)
    outcomes = {verdict.outcome for verdict in verdicts}
    if outcomes != {Outcome.REJECTED}:
        _add(root, ANSWER, "CSV", csv)
        data = _add(root, ANSWER, "DatosPresentacion")
        _add(data, INFO, "NIFPresentador", presenter)
        _add(data, INFO, "TimestampPresentacion", moment(at))
    _add(root, ANSWER, "Cabecera").extend(copy.deepcopy(list(message.header.element)))
    _add(root, ANSWER, "TiempoEsperaEnvio", str(wait))
    _add(root, ANSWER, "EstadoEnvio", _whole(outcomes))
    for record, verdict in zip(message.records, verdicts, strict=True):
        _line(root, record, verdict)
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(_NAMES))
    return envelope(root)


def fault(turned: Turned) -> bytes:
    """The SOAP fault that refuses a message."""
    root = etree.Element(f"{{{SOAP}}}Fault", nsmap={"env": SOAP})
    etree.SubElement(root, "faultcode").text = "env:Server" if turned.again else "env:Client"
    etree.SubElement(root, "faultstring").text = _faultstring(turned)
    return envelope(root)


def moment(at: datetime) -> str:
    """A time as AEAT writes it: Madrid, seconds, with its offset."""
    return at.astimezone(MADRID).isoformat(timespec="seconds")


def _faultstring(turned: Turned) -> str:
    if not turned.code:
        return f"Oficina de pruebas: {turned.detail}"
    detail = f".: {turned.detail}" if turned.detail else "."
    return f"Codigo[{turned.code}].{text(turned.code)}{detail}"


def _whole(outcomes: set[Outcome]) -> str:
    if outcomes == {Outcome.REJECTED}:
        return "Incorrecto"
    return "Correcto" if outcomes == {Outcome.CORRECT} else "ParcialmenteCorrecto"


def _line(root: etree._Element, record: Record, verdict: Verdict) -> None:
    line = _add(root, ANSWER, "RespuestaLinea")
    key = _add(line, ANSWER, "IDFactura")
    for name, value in zip(("IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura"), record.key, strict=True):
        _add(key, INFO, name, value)
    operation = _add(line, ANSWER, "Operacion")
    _add(operation, INFO, "TipoOperacion", record.kind)
    for name in ("Subsanacion", "RechazoPrevio", "SinRegistroPrevio"):
        if value := record.node.text(name):
            _add(operation, INFO, name, value)
    if reference := record.node.text("RefExterna"):
        _add(line, ANSWER, "RefExterna", reference)
    _add(line, ANSWER, "EstadoRegistro", verdict.outcome)
    if verdict.code:
        _add(line, ANSWER, "CodigoErrorRegistro", str(verdict.code))
        _add(line, ANSWER, "DescripcionErrorRegistro", _description(record, verdict.code))
    if verdict.duplicate:
        _duplicate(line, verdict.duplicate)


def _description(record: Record, code: int) -> str:
    where = f": {', '.join(record.broken)}" if code == 1100 and record.broken else ""
    return f"{text(code)}{where}"[:1500]


def _duplicate(line: etree._Element, found: Stored) -> None:
    block = _add(line, ANSWER, "RegistroDuplicado")
    _add(block, INFO, "IdPeticionRegistroDuplicado", f"{found.presentation:020d}")
    _add(block, INFO, "EstadoRegistroDuplicado", found.status)
    if found.code:
        _add(block, INFO, "CodigoErrorRegistro", str(found.code))
        _add(block, INFO, "DescripcionErrorRegistro", text(found.code))


def _add(parent: etree._Element, namespace: str, name: str, value: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    child.text = value
    return child
