"""FACe behind the socket: requests whose signature holds are served; invoices are validated, registered and kept."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cryptography import x509
from lxml import etree

from einvoice.regimes.face.codes import namespace, state, states
from einvoice.sandbox.face.register import Duplicate, NotReceived, Received, Register
from einvoice.sandbox.face.security import BadSignature, Unsigned, signer
from einvoice.sandbox.faults import PAGE, Fault, Kind, Plan, after, before
from einvoice.sandbox.server import Call, Reply
from einvoice.sign import verify
from einvoice.transport import SOAP
from einvoice.xml import XmlRefused, parse
from einvoice.xsd import schema

PATH = "/facturasspp2"
_PATHS = frozenset({PATH, "/"})
_FINAL = frozenset({"2500", "2600", "3100"})


class Code(StrEnum):
    """resultado.codigo and faultcode. Only OK, UNSIGNED and SIGNATURE are FACe's [1]; the others are the sandbox's own [U]."""

    OK = "0"
    UNSIGNED = "401"
    SIGNATURE = "428"
    FORMAT = "900"
    DUPLICATE = "901"
    OFFICES = "902"
    UNKNOWN = "903"
    TOO_LATE = "904"


class _Refused(Exception):
    """A request that is understood and refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Faulty(_Refused):
    """A request that is not understood: a SOAP fault."""


class _Offices(NamedTuple):
    accounting_office: str
    managing_body: str
    processing_unit: str


class Office:
    """Serves SSPP v2 to whom `trusted` authorities issued a certificate; `register` lets the administration move invoices on.

    Faults of `plan` as for the tax office; `refuse=CODE` refuses an invoice, `fault-client` and `fault-server` are SOAP faults.
    """

    def __init__(
        self,
        register: Register,
        clock: Callable[[], datetime],
        trusted: Sequence[x509.Certificate],
        *,
        plan: Plan | None = None,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.register = register
        self.plan = plan or Plan()
        self._clock = clock
        self._trusted = tuple(trusted)
        self._log = log
        schema("facturae/3.2.2")  # compiled now, so that a missing one is said before anything is served

    def answer(self, call: Call) -> Reply:
        """The reply to one call."""
        fault = self.plan.next()
        if call.path not in _PATHS:
            return PAGE
        if early := before(fault, _soap_fault):
            self._log(f"fault {fault and fault.kind}: nothing done")
            return early
        return after(fault, self._served(call.body, fault))

    def _served(self, body: bytes, fault: Fault | None) -> Reply:
        try:
            operation = self._operation(body)
            name = etree.QName(operation).localname
            work = self._work(operation)
        except _Faulty as faulty:
            self._log(f"request turned away: {faulty.code} {faulty.message}")
            return _fault(faulty.code, faulty.message)
        if fault and fault.kind is Kind.REFUSE:
            return Reply(_response(name, f"{fault.value:g}", "rechazada a petición de la prueba"))
        try:
            content = work(operation)
        except _Refused as refused:
            self._log(f"{name}: refused, {refused.code} {refused.message}")
            return Reply(_response(name, refused.code, refused.message))
        self._log(f"{name}: done")
        return Reply(_response(name, Code.OK, "Correcto", content))

    def _operation(self, body: bytes) -> etree._Element:
        """What a request whose signature holds asks for."""
        try:
            root = parse(body, "request")
            signer(root, self._trusted, self._clock())
        except XmlRefused as refused:
            raise _Faulty("Client", str(refused)) from None
        except Unsigned:
            raise _Faulty(Code.UNSIGNED, "La petición no está firmada") from None
        except BadSignature as bad:
            raise _Faulty(Code.SIGNATURE, f"Firma incorrecta: {bad}") from None
        operation = next(iter(root.find(f"{{{SOAP}}}Body")), None)
        if operation is None:
            raise _Faulty("Client", "Petición vacía")
        return operation

    def _work(self, operation: etree._Element) -> Callable[[etree._Element], etree._Element]:
        known = {
            "enviarFactura": self._submitted,
            "consultarFactura": self._consulted,
            "anularFactura": self._cancelled,
            "consultarEstados": _listed,
        }
        name = etree.QName(operation)
        if name.namespace != namespace() or name.localname not in known:
            raise _Faulty("Client", f"Operación desconocida: {name.localname}")
        return known[name.localname]

    def _submitted(self, operation: etree._Element) -> etree._Element:
        try:
            content = b64decode(operation.findtext("request/factura/factura") or "", validate=True)
        except binascii.Error as error:
            raise _Refused(Code.FORMAT, f"la factura no está en base64: {error}") from None
        try:
            kept = self.register.add(self._accepted(content, operation.findtext("request/correo") or ""))
        except Duplicate as known:
            raise _Refused(Code.DUPLICATE, f"factura duplicada: ya está registrada con el número {known.number}") from None
        names = {
            "numeroRegistro": kept.number,
            "organoGestor": kept.managing_body,
            "unidadTramitadora": kept.processing_unit,
            "oficinaContable": kept.accounting_office,
            "identificadorEmisor": kept.issuer,
            "numeroFactura": kept.invoice,
            "serieFactura": kept.series,
            "fechaRecepcion": f"{kept.received_at:%Y-%m-%d %H:%M:%S}",
        }
        return _block("factura", names)

    def _accepted(self, content: bytes, email: str) -> Received:
        """The invoice in a file, if schema, signature and offices are right."""
        try:
            root = parse(content, "invoice")
        except XmlRefused as refused:
            raise _Refused(Code.FORMAT, str(refused)) from None
        for finding in schema("facturae/3.2.2").findings(root):
            raise _Refused(Code.FORMAT, f"{finding.field}: {finding.message}")
        for finding in verify(content, at=self._clock(), trusted=self._trusted).findings:
            raise _Refused(Code.SIGNATURE, f"firma incorrecta: {finding.message}")
        header = root.find("Invoices/Invoice/InvoiceHeader")
        offices = _offices(root)
        return Received(
            "",
            self._clock(),
            email,
            root.findtext("Parties/SellerParty/TaxIdentification/TaxIdentificationNumber") or "",
            header.findtext("InvoiceSeriesCode") or "",
            header.findtext("InvoiceNumber") or "",
            root.findtext("Invoices/Invoice/InvoiceIssueData/IssueDate") or "",
            offices.managing_body,
            offices.processing_unit,
            offices.accounting_office,
            content,
        )

    def _consulted(self, operation: etree._Element) -> etree._Element:
        kept = self._found(operation)
        block = _block("factura", {"numeroRegistro": kept.number})
        block.append(_standing("tramitacion", kept.processing, kept.processing_reason))
        block.append(_standing("anulacion", kept.cancellation, kept.cancellation_reason))
        return block

    def _cancelled(self, operation: etree._Element) -> etree._Element:
        kept = self._found(operation)
        if kept.processing in _FINAL or kept.cancellation != "4100":
            raise _Refused(Code.TOO_LATE, f"no se puede anular: {kept.processing}, {kept.cancellation}")
        self.register.decide(kept.number, "4200", operation.findtext("motivo") or "")
        return _block("factura", {"numeroRegistro": kept.number, "mensaje": "Anulación solicitada"})

    def _found(self, operation: etree._Element) -> Received:
        try:
            return self.register.find(operation.findtext("numeroRegistro") or "")
        except NotReceived as missing:
            raise _Refused(Code.UNKNOWN, str(missing)) from None


def _offices(root: etree._Element) -> _Offices:
    """The DIR3 codes of the buyer, by the roles 01 accounting office, 02 managing body, 03 processing unit."""
    centres = {
        centre.findtext("RoleTypeCode"): centre.findtext("CentreCode") or ""
        for centre in root.iterfind("Parties/BuyerParty/AdministrativeCentres/AdministrativeCentre")
    }
    if not all(centres.get(role) for role in ("01", "02", "03")):
        raise _Refused(Code.OFFICES, "faltan los códigos DIR3 de oficina contable, órgano gestor o unidad tramitadora")
    return _Offices(centres["01"], centres["02"], centres["03"])


def _listed(_operation: etree._Element) -> etree._Element:
    block = etree.Element("estados")
    for each in states().values():
        block.append(_block("estado", {"nombre": each.es, "codigo": each.code, "descripcion": each.es}))
    return block


def _standing(name: str, code: str, reason: str) -> etree._Element:
    return _block(name, {"codigo": code, "descripcion": state(code).es, "motivo": reason})


def _block(name: str, texts: dict[str, str]) -> etree._Element:
    block = etree.Element(name)
    for child, text in texts.items():
        etree.SubElement(block, child).text = text
    return block


def _response(name: str, code: str, message: str, content: etree._Element | None = None) -> bytes:
    response = etree.Element(f"{{{namespace()}}}{name}Response", nsmap={"ns1": namespace()})
    returned = etree.SubElement(response, "return")
    returned.append(_block("resultado", {"codigo": code, "descripcion": message, "codigoSeguimiento": ""}))
    if content is not None:
        returned.append(content)
    return _envelope(response)


def _fault(code: str, message: str) -> Reply:
    root = etree.Element(f"{{{SOAP}}}Fault", nsmap={"SOAP-ENV": SOAP})
    for name, text in (("faultcode", code), ("faultstring", message)):
        etree.SubElement(root, name).text = text
    return Reply(_envelope(root), status=500)


def _envelope(content: etree._Element) -> bytes:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"SOAP-ENV": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Body").append(content)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data


def _soap_fault(fault: Fault) -> Reply:
    return _fault("Server", "Error interno") if fault.kind is Kind.SERVER else _fault(f"{fault.value:g}", "Petición incorrecta")
