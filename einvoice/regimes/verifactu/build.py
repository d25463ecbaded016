"""The records: RegistroAlta and RegistroAnulacion, written to the byte as AEAT's schema orders their elements.

A record is written as text rather than as a tree: it is built inside the transaction that numbers the invoice, and its huella
is taken of exactly the texts that it carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from einvoice.chain import Kind, Link, Record, alta_text, anulacion_text, huella
from einvoice.errors import EinvoiceError
from einvoice.model import CorrectionMethod, IdScheme, Invoice, IssuedBy, Party, Reference, TaxId
from einvoice.regimes.verifactu.breakdown import Detail, NotRecordable, details
from einvoice.xml import escaped

__all__ = [
    "INFORMATION",
    "Amendment",
    "GeneratedBy",
    "NoOffset",
    "NotRecordable",
    "Record",
    "System",
    "amount",
    "cancel",
    "day",
    "is_identified",
    "moment",
    "register",
    "type_code",
    "vat_number",
]

INFORMATION = (
    "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
    "SuministroInformacion.xsd"
)
MACRODATA = Decimal(100_000_000)
_HUELLA_TYPE = "01"  # SHA-256, AEAT list L12
_VAT_PREFIXES = {"GR": "EL"}  # Directive 2006/112/EC art. 215: Greece may use EL


class NoOffset(EinvoiceError):
    """A moment without its offset from UTC, which the record must state (Orden HAC/1177/2024 art. 7)."""


class Amendment(StrEnum):
    """Why an alta is generated again for the same invoice: `Subsanacion` is S, this is its `RechazoPrevio`."""

    ACCEPTED = "N"  # the tax office has the invoice, a datum of the record was wrong
    REJECTED = "S"  # it has the invoice, and rejected the last amendment
    UNKNOWN = "X"  # it has no record of this invoice: the first alta was rejected


class GeneratedBy(StrEnum):
    """Who generates an anulación, where that must be said (AEAT list L16)."""

    ISSUER = "E"
    RECIPIENT = "D"
    THIRD_PARTY = "T"


@dataclass(frozen=True, slots=True)
class System:
    """The invoicing system: `SistemaInformatico`. With the producer's id and `installation` it identifies a chain.

    `producer` and `producer_id` are who made the software; `id` two of A-Z and 0-9 that the producer chose; `several_taxpayers`
    whether it serves more than one taxpayer today, `multi_taxpayer` whether it can.
    """

    producer: str
    producer_id: TaxId
    name: str
    id: str
    version: str
    installation: str
    only_verifactu: bool = True
    multi_taxpayer: bool = True
    several_taxpayers: bool = False


def register(
    invoice: Invoice,
    system: System,
    previous: Link | None,
    at: datetime,
    *,
    amendment: Amendment | None = None,
    reference: str = "",
) -> Record:
    """The alta of an invoice that passes `rules.check`, chained to `previous` (None: the first of the chain).

    `at` is the moment of generation in the taxpayer's time zone; `reference` comes back in the answer (at most 60 characters).
    NotRecordable for an invoice that no record can state, NoOffset for a moment without time zone.
    """
    issuer = _seller_nif(invoice)
    issued_on, generated_at = day(invoice.issued_on), moment(at)
    code = type_code(invoice)
    tax_total, total = amount(invoice.totals.tax), amount(invoice.totals.gross)
    key = (issuer, invoice.number, issued_on)
    digest = huella(alta_text(key, code, tax_total, total, previous.huella if previous else "", generated_at))
    xml = (
        f'<sum1:RegistroAlta xmlns:sum1="{INFORMATION}"><sum1:IDVersion>1.0</sum1:IDVersion>'
        f"<sum1:IDFactura>{_invoice_id(*key)}</sum1:IDFactura>{_optional('RefExterna', reference)}"
        f"<sum1:NombreRazonEmisor>{escaped(invoice.seller.name)}</sum1:NombreRazonEmisor>{_amendment(amendment)}"
        f"<sum1:TipoFactura>{code}</sum1:TipoFactura>{_correction(invoice, issuer)}{_operation(invoice)}"
        f"{_qualified(invoice, code)}{_macrodata(invoice)}{_issued_by(invoice)}{_recipient(invoice, code)}"
        f"<sum1:Desglose>{''.join(map(_detail, details(invoice)))}</sum1:Desglose>"
        f"<sum1:CuotaTotal>{tax_total}</sum1:CuotaTotal><sum1:ImporteTotal>{total}</sum1:ImporteTotal>"
        f"{_tail(system, previous, generated_at, digest)}</sum1:RegistroAlta>"
    )
    return Record(Kind.ALTA, *key, code, tax_total, total, previous, generated_at, digest, xml.encode())


def cancel(
    issuer: str,
    number: str,
    issued_on: date,
    system: System,
    previous: Link | None,
    at: datetime,
    *,
    unregistered: bool = False,
    rejected: bool = False,
    generated_by: GeneratedBy | None = None,
    generator: Party | None = None,
    reference: str = "",
) -> Record:
    """The anulación of an invoice that should never have existed; a refund is a corrective invoice, never this.

    `unregistered`: the tax office has no record of it (`SinRegistroPrevio`); `rejected`: it rejected an anulación of it before
    (`RechazoPrevio`). `generated_by` and `generator` go together. Errors as `register`.
    """
    key = (issuer, number, day(issued_on))
    generated_at = moment(at)
    digest = huella(anulacion_text(key, previous.huella if previous else "", generated_at))
    xml = (
        f'<sum1:RegistroAnulacion xmlns:sum1="{INFORMATION}"><sum1:IDVersion>1.0</sum1:IDVersion>'
        f"<sum1:IDFactura>{_invoice_id(*key, suffix='Anulada')}</sum1:IDFactura>{_optional('RefExterna', reference)}"
        f"{_optional('SinRegistroPrevio', 'S' if unregistered else '')}{_optional('RechazoPrevio', 'S' if rejected else '')}"
        f"{_generator(generated_by, generator)}{_tail(system, previous, generated_at, digest)}</sum1:RegistroAnulacion>"
    )
    return Record(Kind.ANULACION, *key, "", "", "", previous, generated_at, digest, xml.encode())


def type_code(invoice: Invoice) -> str:
    """TipoFactura (AEAT list L2): a simplified invoice whose recipient is identified goes as a full one (RD 1619/2012 7.2)."""
    if invoice.correction is not None:
        return invoice.correction.code.value
    if invoice.replaces:
        return "F3"
    return "F2" if invoice.simplified and not is_identified(invoice.buyer) else "F1"


def is_identified(buyer: Party | None) -> bool:
    """Whether the recipient has a number by which AEAT can know them."""
    return buyer is not None and buyer.tax_id is not None


def day(value: date) -> str:
    """A date as AEAT writes it: `dd-mm-yyyy`."""
    return f"{value.day:02}-{value.month:02}-{value.year:04}"


def moment(at: datetime) -> str:
    """A moment as AEAT wants it: ISO 8601 to the second with a numeric offset, never Z; NoOffset without time zone."""
    if at.tzinfo is None:
        raise NoOffset(f"{at.isoformat()} has no offset from UTC: pass a moment in the taxpayer's time zone")
    return at.isoformat(timespec="seconds")


def amount(value: Decimal) -> str:
    """An amount with exactly two decimals, without a plus sign, never `-0.00`; NotRecordable if it has more decimals."""
    text = f"{value:.2f}"
    if Decimal(text) != value:
        raise NotRecordable(f"{value} has more than two decimals: round it before the invoice is issued")
    return "0.00" if text == "-0.00" else text


def _seller_nif(invoice: Invoice) -> str:
    tax_id = invoice.seller.tax_id
    if tax_id is None or tax_id.scheme is not IdScheme.NIF:
        raise NotRecordable("seller.tax_id: a VERI*FACTU record needs the Spanish NIF of the taxpayer")
    return tax_id.number


def _optional(name: str, value: str) -> str:
    return f"<sum1:{name}>{escaped(value)}</sum1:{name}>" if value else ""


def _invoice_id(issuer: str, number: str, issued_on: str, suffix: str = "") -> str:
    return (
        f"<sum1:IDEmisorFactura{suffix}>{escaped(issuer)}</sum1:IDEmisorFactura{suffix}>"
        f"<sum1:NumSerieFactura{suffix}>{escaped(number)}</sum1:NumSerieFactura{suffix}>"
        f"<sum1:FechaExpedicionFactura{suffix}>{issued_on}</sum1:FechaExpedicionFactura{suffix}>"
    )


def _amendment(amendment: Amendment | None) -> str:
    if amendment is None:
        return ""
    rejection = "" if amendment is Amendment.ACCEPTED else amendment.value
    return f"<sum1:Subsanacion>S</sum1:Subsanacion>{_optional('RechazoPrevio', rejection)}"


def _correction(invoice: Invoice, issuer: str) -> str:
    correction = invoice.correction
    if correction is None:
        return _references("FacturasSustituidas", "IDFacturaSustituida", invoice.replaces, issuer)
    replaced = ""
    if correction.method is CorrectionMethod.SUBSTITUTION:
        if correction.replaced_base is None or correction.replaced_tax is None:
            raise NotRecordable("correction: by substitution the base and the tax that are replaced must be stated")
        replaced = (
            f"<sum1:ImporteRectificacion><sum1:BaseRectificada>{amount(correction.replaced_base)}</sum1:BaseRectificada>"
            f"<sum1:CuotaRectificada>{amount(correction.replaced_tax)}</sum1:CuotaRectificada></sum1:ImporteRectificacion>"
        )
    references = _references("FacturasRectificadas", "IDFacturaRectificada", correction.references, issuer)
    return f"<sum1:TipoRectificativa>{correction.method}</sum1:TipoRectificativa>{references}{replaced}"


def _references(group: str, name: str, references: tuple[Reference, ...], issuer: str) -> str:
    if not references:
        return ""
    items = "".join(
        f"<sum1:{name}>{_invoice_id(issuer, reference.number, day(reference.issued_on))}</sum1:{name}>"
        for reference in references
    )
    return f"<sum1:{group}>{items}</sum1:{group}>"


def _operation(invoice: Invoice) -> str:
    on = invoice.operation_on
    when = "" if on is None or on == invoice.issued_on else f"<sum1:FechaOperacion>{day(on)}</sum1:FechaOperacion>"
    return f"{when}<sum1:DescripcionOperacion>{escaped(invoice.description)}</sum1:DescripcionOperacion>"


def _qualified(invoice: Invoice, code: str) -> str:
    full = code not in {"F2", "R5"}
    return "<sum1:FacturaSimplificadaArt7273>S</sum1:FacturaSimplificadaArt7273>" if invoice.simplified and full else ""


def _macrodata(invoice: Invoice) -> str:
    return "<sum1:Macrodato>S</sum1:Macrodato>" if abs(invoice.totals.gross) >= MACRODATA else ""


def _issued_by(invoice: Invoice) -> str:
    if invoice.issued_by is IssuedBy.SELLER:
        return ""
    if invoice.issued_by is IssuedBy.BUYER:
        return "<sum1:EmitidaPorTerceroODestinatario>D</sum1:EmitidaPorTerceroODestinatario>"
    if invoice.third_party is None:
        raise NotRecordable("third_party: an invoice issued by a third party must name it")
    return (
        "<sum1:EmitidaPorTerceroODestinatario>T</sum1:EmitidaPorTerceroODestinatario>"
        f"<sum1:Tercero>{_party(invoice.third_party)}</sum1:Tercero>"
    )


def _recipient(invoice: Invoice, code: str) -> str:
    # AEAT errors 1189 and 1190: every kind but these two names its recipient, and these two name none.
    if code in {"F2", "R5"}:
        return ""
    if invoice.buyer is None:
        raise NotRecordable(f"buyer: an invoice of type {code} must name its recipient")
    return f"<sum1:Destinatarios><sum1:IDDestinatario>{_party(invoice.buyer)}</sum1:IDDestinatario></sum1:Destinatarios>"


def _party(party: Party) -> str:
    if party.tax_id is None:
        raise NotRecordable(f"{party.name} has no tax id: a full invoice needs one, or another identification")
    return f"<sum1:NombreRazon>{escaped(party.name)}</sum1:NombreRazon>{_identification(party.tax_id)}"


def _identification(tax_id: TaxId) -> str:
    if tax_id.scheme is IdScheme.NIF:
        return f"<sum1:NIF>{escaped(tax_id.number)}</sum1:NIF>"
    # A VAT number begins with its country, and says it once (AEAT errors 1111 and 1122).
    by_vat = tax_id.scheme is IdScheme.VAT
    country = "" if by_vat else f"<sum1:CodigoPais>{escaped(tax_id.country)}</sum1:CodigoPais>"
    number = vat_number(tax_id) if by_vat else tax_id.number
    return f"<sum1:IDOtro>{country}<sum1:IDType>{tax_id.scheme}</sum1:IDType><sum1:ID>{escaped(number)}</sum1:ID></sum1:IDOtro>"


def vat_number(tax_id: TaxId) -> str:
    """A VAT number with its country's prefix, as VIES knows it."""
    return _VAT_PREFIXES.get(tax_id.country, tax_id.country) + tax_id.number


def _detail(detail: Detail) -> str:
    nature = detail.nature
    element = "OperacionExenta" if nature.exempt else "CalificacionOperacion"
    rate = "" if nature.rate is None else f"<sum1:TipoImpositivo>{amount(nature.rate)}</sum1:TipoImpositivo>"
    quota = "" if detail.quota is None else f"<sum1:CuotaRepercutida>{amount(detail.quota)}</sum1:CuotaRepercutida>"
    return (
        f"<sum1:DetalleDesglose><sum1:Impuesto>{nature.tax}</sum1:Impuesto>"
        f"<sum1:ClaveRegimen>{nature.regime}</sum1:ClaveRegimen><sum1:{element}>{nature.code}</sum1:{element}>{rate}"
        f"<sum1:BaseImponibleOimporteNoSujeto>{amount(detail.base)}</sum1:BaseImponibleOimporteNoSujeto>{quota}"
        "</sum1:DetalleDesglose>"
    )


def _generator(generated_by: GeneratedBy | None, generator: Party | None) -> str:
    if generated_by is None and generator is None:
        return ""
    if generated_by is None or generator is None:
        raise NotRecordable("generated_by and generator go together (AEAT error 1224)")
    return f"<sum1:GeneradoPor>{generated_by}</sum1:GeneradoPor><sum1:Generador>{_party(generator)}</sum1:Generador>"


def _tail(system: System, previous: Link | None, generated_at: str, digest: str) -> str:
    before = "<sum1:PrimerRegistro>S</sum1:PrimerRegistro>"
    if previous is not None:
        key = _invoice_id(previous.issuer, previous.number, previous.issued_on)
        before = f"<sum1:RegistroAnterior>{key}<sum1:Huella>{previous.huella}</sum1:Huella></sum1:RegistroAnterior>"
    return (
        f"<sum1:Encadenamiento>{before}</sum1:Encadenamiento>{_system(system)}"
        f"<sum1:FechaHoraHusoGenRegistro>{generated_at}</sum1:FechaHoraHusoGenRegistro>"
        f"<sum1:TipoHuella>{_HUELLA_TYPE}</sum1:TipoHuella><sum1:Huella>{digest}</sum1:Huella>"
    )


@lru_cache(maxsize=64)
def _system(system: System) -> str:
    return (
        f"<sum1:SistemaInformatico><sum1:NombreRazon>{escaped(system.producer)}</sum1:NombreRazon>"
        f"{_identification(system.producer_id)}"
        f"<sum1:NombreSistemaInformatico>{escaped(system.name)}</sum1:NombreSistemaInformatico>"
        f"<sum1:IdSistemaInformatico>{escaped(system.id)}</sum1:IdSistemaInformatico>"
        f"<sum1:Version>{escaped(system.version)}</sum1:Version>"
        f"<sum1:NumeroInstalacion>{escaped(system.installation)}</sum1:NumeroInstalacion>"
        f"<sum1:TipoUsoPosibleSoloVerifactu>{_yes(system.only_verifactu)}</sum1:TipoUsoPosibleSoloVerifactu>"
        f"<sum1:TipoUsoPosibleMultiOT>{_yes(system.multi_taxpayer)}</sum1:TipoUsoPosibleMultiOT>"
        f"<sum1:IndicadorMultiplesOT>{_yes(system.several_taxpayers)}</sum1:IndicadorMultiplesOT></sum1:SistemaInformatico>"
    )


def _yes(value: bool) -> str:
    return "S" if value else "N"
