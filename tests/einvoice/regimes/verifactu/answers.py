"""Answers of the tax office, written as RespuestaSuministro.xsd has them."""

from __future__ import annotations

from collections.abc import Sequence

from einvoice.chain import Kind, Record
from einvoice.regimes.verifactu.answer import RESPONSE
from einvoice.regimes.verifactu.build import INFORMATION
from einvoice.regimes.verifactu.message import SOAP

HEAD = (
    "<R:Cabecera><I:ObligadoEmision><I:NombreRazon>Centro de Pruebas SL</I:NombreRazon><I:NIF>B64717838</I:NIF>"
    "</I:ObligadoEmision></R:Cabecera>"
)
RECEIPT = (
    "<R:CSV>A-TESTCSV0123456</R:CSV><R:DatosPresentacion><I:NIFPresentador>B64717838</I:NIFPresentador>"
    "<I:TimestampPresentacion>2026-03-02T10:05:00+01:00</I:TimestampPresentacion></R:DatosPresentacion>"
)


def line(record: Record, verdict: str, code: str = "", duplicate: str = "", flags: str = "") -> str:
    """The answer to one record; `duplicate` is the state that AEAT already has."""
    operation = "Alta" if record.kind is Kind.ALTA else "Anulacion"
    error = (
        f"<R:CodigoErrorRegistro>{code}</R:CodigoErrorRegistro>"
        "<R:DescripcionErrorRegistro>Descripción</R:DescripcionErrorRegistro>"
    )
    stored = (
        "<R:RegistroDuplicado><I:IdPeticionRegistroDuplicado>20260302100400</I:IdPeticionRegistroDuplicado>"
        f"<I:EstadoRegistroDuplicado>{duplicate}</I:EstadoRegistroDuplicado></R:RegistroDuplicado>"
    )
    return (
        f"<R:RespuestaLinea><R:IDFactura><I:IDEmisorFactura>{record.issuer}</I:IDEmisorFactura>"
        f"<I:NumSerieFactura>{record.number}</I:NumSerieFactura>"
        f"<I:FechaExpedicionFactura>{record.issued_on}</I:FechaExpedicionFactura></R:IDFactura>"
        f"<R:Operacion><I:TipoOperacion>{operation}</I:TipoOperacion>{flags}</R:Operacion>"
        f"<R:EstadoRegistro>{verdict}</R:EstadoRegistro>{error if code else ''}{stored if duplicate else ''}</R:RespuestaLinea>"
    )


def answer(outcome: str, lines: Sequence[str], *, receipt: str = RECEIPT, wait: str = "60") -> bytes:
    """A whole answer in its envelope."""
    inner = (
        f'<R:RespuestaRegFactuSistemaFacturacion xmlns:R="{RESPONSE}" xmlns:I="{INFORMATION}">{receipt}{HEAD}'
        f"<R:TiempoEsperaEnvio>{wait}</R:TiempoEsperaEnvio><R:EstadoEnvio>{outcome}</R:EstadoEnvio>{''.join(lines)}"
        "</R:RespuestaRegFactuSistemaFacturacion>"
    )
    return envelope(inner)


def fault(code: str, text: str) -> bytes:
    """A SOAP fault."""
    return envelope(f"<env:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring></env:Fault>")


def envelope(inner: str) -> bytes:
    """A SOAP envelope."""
    head = f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{SOAP}">'
    return f"{head}<env:Body>{inner}</env:Body></env:Envelope>".encode()
