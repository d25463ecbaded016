"""What the tax office answers: to each record, or a fault of the whole message, or nothing that can be read.

AEAT has three vocabularies for the state of a record: `Verdict` answers a record that was sent, `Stored` tells what a duplicate
already is, `Queried` is what a query would say.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

from lxml import etree

from einvoice.chain import Kind, Record
from einvoice.errors import EinvoiceError
from einvoice.regimes.verifactu.build import INFORMATION
from einvoice.regimes.verifactu.message import SOAP
from einvoice.xml import XmlRefused
from einvoice.xml import parse as parse_xml

RESPONSE = INFORMATION.replace("SuministroInformacion", "RespuestaSuministro")

_S = f"{{{SOAP}}}"
_R = f"{{{RESPONSE}}}"
_I = f"{{{INFORMATION}}}"
_CODE = re.compile(r"Codigo\[(\d+)\]")


class NoAnswer(EinvoiceError):
    """Something came back that says nothing of the records: their state is unknown, send the same message again."""


class EmptyAnswer(NoAnswer):
    """Nothing came back."""


class UnreadableAnswer(NoAnswer):
    """What came back is no XML that we read."""


class UnexpectedAnswer(NoAnswer):
    """XML came back, but neither an answer to records nor a fault; or a value in it is none that AEAT's schema knows."""


class Outcome(StrEnum):
    """What became of the message as a whole (EstadoEnvio)."""

    CORRECT = "Correcto"
    PARTLY = "ParcialmenteCorrecto"
    INCORRECT = "Incorrecto"


class Verdict(StrEnum):
    """What became of a record that was sent (EstadoRegistro)."""

    ACCEPTED = "Correcto"
    ACCEPTED_WITH_ERRORS = "AceptadoConErrores"
    REJECTED = "Incorrecto"


class Stored(StrEnum):
    """What the tax office already has under the key of a duplicate (EstadoRegistroDuplicado)."""

    ACCEPTED = "Correcta"
    ACCEPTED_WITH_ERRORS = "AceptadaConErrores"
    CANCELLED = "Anulada"


class Queried(StrEnum):
    """What a query says of a record (ConsultaLR, EstadoRegistro)."""

    ACCEPTED = "Correcto"
    ACCEPTED_WITH_ERRORS = "AceptadoConErrores"
    CANCELLED = "Anulado"


class Source(StrEnum):
    """Whose mistake a fault is: a server's is sent again as it is, a client's only after the message has been mended."""

    SERVER = "server"
    CLIENT = "client"


class Operation(NamedTuple):
    """What the tax office took a record for: flags are `S`, `N`, `X` or empty."""

    kind: Kind
    amendment: str = ""
    rejected_before: str = ""
    unregistered: str = ""


class Duplicate(NamedTuple):
    """What the tax office already has under the key of a record (RegistroDuplicado)."""

    request: str
    stored: Stored
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The answer to one record; `code` and `message` are empty where there is nothing to say.

    `issuer`, `number` and `issued_on` (`dd-mm-yyyy`) are the record's key.
    """

    issuer: str
    number: str
    issued_on: str
    operation: Operation
    verdict: Verdict
    code: str = ""
    message: str = ""
    duplicate: Duplicate | None = None
    reference: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What AEAT knows the invoice by: issuer, number, issue date."""
        return (self.issuer, self.number, self.issued_on)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a message: `csv` is AEAT's receipt, empty where everything was rejected.

    `wait_seconds` is the least time until the next message, None where the answer does not say; `presented_at` is AEAT's text.
    """

    outcome: Outcome
    lines: tuple[Line, ...]
    wait_seconds: int | None
    csv: str = ""
    presenter: str = ""
    presented_at: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """The whole message was refused; `code` is AEAT's number, empty where the fault has none."""

    source: Source
    message: str
    code: str = ""


def parse(data: bytes) -> Answer | Fault:
    """What the tax office says in a body; NoAnswer (EmptyAnswer, UnreadableAnswer, UnexpectedAnswer) if it says nothing."""
    if not data.strip():
        raise EmptyAnswer("the tax office answered with an empty body: nothing is known of the records, send the message again")
    try:
        root = parse_xml(data, "the tax office's answer")
    except XmlRefused as error:
        raise UnreadableAnswer(f"{error}: nothing is known of the records, send the message again") from error
    fault = root.find(f"{_S}Body/{_S}Fault")
    if fault is not None:
        return _fault(fault)
    answer = root.find(f"{_S}Body/{_R}RespuestaRegFactuSistemaFacturacion")
    if answer is None:
        raise UnexpectedAnswer(f"the answer is <{etree.QName(root).localname}>, no answer to records: send the message again")
    return _answer(answer)


def pair(records: Sequence[Record], answer: Answer) -> tuple[Line | None, ...]:
    """The line that answers each record, by key and kind, in the order sent; None where there is none: its state is unknown."""
    lines: dict[tuple[tuple[str, str, str], Kind], deque[Line]] = {}
    for line in answer.lines:
        lines.setdefault((line.key, line.operation.kind), deque()).append(line)
    found = (lines.get((record.key, record.kind)) for record in records)
    return tuple(waiting.popleft() if waiting else None for waiting in found)


def _fault(fault: etree._Element) -> Fault:
    # A QName whose prefix is the sender's choice: `soapenv:Client.ValidationError` still is a client's mistake.
    name = (fault.findtext("faultcode") or "").rpartition(":")[2].partition(".")[0]
    text = (fault.findtext("faultstring") or "").strip()
    code = _CODE.search(text)
    source = Source.CLIENT if name.lower() == "client" else Source.SERVER
    return Fault(source, text, code.group(1) if code else "")


def _answer(root: etree._Element) -> Answer:
    return Answer(
        _value(Outcome, _text(root, f"{_R}EstadoEnvio")),
        tuple(_line(line) for line in root.iterfind(f"{_R}RespuestaLinea")),
        _seconds(_text(root, f"{_R}TiempoEsperaEnvio")),
        _text(root, f"{_R}CSV"),
        _text(root, f"{_R}DatosPresentacion/{_I}NIFPresentador"),
        _text(root, f"{_R}DatosPresentacion/{_I}TimestampPresentacion"),
    )


def _line(line: etree._Element) -> Line:
    duplicate = line.find(f"{_R}RegistroDuplicado")
    return Line(
        _text(line, f"{_R}IDFactura/{_I}IDEmisorFactura"),
        _text(line, f"{_R}IDFactura/{_I}NumSerieFactura"),
        _text(line, f"{_R}IDFactura/{_I}FechaExpedicionFactura"),
        _operation(line),
        _value(Verdict, _text(line, f"{_R}EstadoRegistro")),
        _text(line, f"{_R}CodigoErrorRegistro"),
        _text(line, f"{_R}DescripcionErrorRegistro"),
        None if duplicate is None else _duplicate(duplicate),
        _text(line, f"{_R}RefExterna"),
    )


def _operation(line: etree._Element) -> Operation:
    path = f"{_R}Operacion/{_I}"
    return Operation(
        _value(Kind, _text(line, f"{path}TipoOperacion").lower()),
        _text(line, f"{path}Subsanacion"),
        _text(line, f"{path}RechazoPrevio"),
        _text(line, f"{path}SinRegistroPrevio"),
    )


def _duplicate(duplicate: etree._Element) -> Duplicate:
    return Duplicate(
        _text(duplicate, f"{_I}IdPeticionRegistroDuplicado"),
        _value(Stored, _text(duplicate, f"{_I}EstadoRegistroDuplicado")),
        _text(duplicate, f"{_I}CodigoErrorRegistro"),
        _text(duplicate, f"{_I}DescripcionErrorRegistro"),
    )


def _text(element: etree._Element, path: str) -> str:
    return str(element.findtext(path) or "").strip()


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


V = TypeVar("V", bound=StrEnum)


def _value(kind: Callable[[str], V], text: str) -> V:
    try:
        return kind(text)
    except ValueError as error:
        raise UnexpectedAnswer(f"{text!r} is no value that AEAT's schema knows: the state of the records is unknown") from error
