"""What documents say in words, in the customer's language: neutral, without speciality, therapy, diagnosis or beneficiary.

Texts of exemptions name the article that the law wants on the invoice (RD 1619/2012 art. 6.1.j).
"""

from __future__ import annotations

from typing import NamedTuple

from revrec.core.billing import Subject
from revrec.core.units import Unit

LANGUAGES = ("es", "en")
_SPANISH = frozenset(
    {"ES", "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "GT", "HN", "MX", "NI", "PA", "PE", "PY", "SV", "UY", "VE"}
)


class Phrase(NamedTuple):
    """The same in both languages."""

    es: str
    en: str

    def said(self, language: str, **values: str) -> str:
        """The phrase in a language, Spanish where there is no other, with its values."""
        return (self.en if language == "en" else self.es).format(**values)


UNITS = {
    Unit.SESSION: Phrase("Bono de {count} sesiones", "Bundle of {count} sessions"),
    Unit.HOUR: Phrase("Bono de {count} horas", "Bundle of {count} hours"),
    Unit.MINUTE: Phrase("Bono de {count} minutos", "Bundle of {count} minutes"),
    Unit.MONEY: Phrase("Bono de saldo", "Prepaid balance"),
}
SUBJECTS = {
    Subject.VISIT: Phrase("Sesión", "Session"),
    Subject.EXTRA: Phrase("Sesión: cantidad adicional o suplemento", "Session: additional quantity or surcharge"),
    Subject.FEE: Phrase("Cargo según las condiciones aceptadas", "Fee under the accepted terms"),
    Subject.COMMISSION: Phrase("Comisión de intermediación", "Agency commission"),
}
DELIVERED = Phrase("Sesión prestada con cargo al bono", "Session delivered from the bundle")
SESSION = Phrase("{bundle}: sesión", "{bundle}: session")
PART = Phrase("{bundle} (pago a cuenta)", "{bundle} (payment on account)")
CORRECTS = Phrase("Rectificación de la factura {number}: {what}", "Correction of invoice {number}: {what}")
TERMS = Phrase(
    "Condiciones del bono: política {policy}, huella {digest}", "Terms of the bundle: policy {policy}, digest {digest}"
)
COLLECTED = Phrase("Cobrado el {day}", "Collected on {day}")
# Why an invoice is corrected, by the type of the event that made it due.
REASONS = {
    "refund.issued": Phrase("Devolución de la parte no prestada", "Refund of the part not delivered"),
    "refund.reversed": Phrase("Devolución anulada", "Refund undone"),
    "bundle.price_reduced": Phrase("Reducción del precio acordada", "Agreed price reduction"),
    "payment.reversed": Phrase("Cobro devuelto: la operación queda sin efecto", "Payment returned: the operation has no effect"),
    "chargeback.lost": Phrase("Cobro devuelto por el banco del cliente", "Payment taken back by the customer's bank"),
    "bundle.cancelled_for_default": Phrase(
        "Resolución por impago de la parte no prestada", "Cancelled for default: part not delivered"
    ),
    "receivable.written_off": Phrase("La parte no prestada queda sin efecto", "The part not delivered has no effect"),
    "receivable.vat_recovered": Phrase(
        "Crédito incobrable (art. 80.Cuatro Ley 37/1992)", "Uncollectable (art. 80.Four Spanish VAT Act)"
    ),
    "receivable.recovered": Phrase("Crédito incobrable cobrado", "Uncollectable claim that was collected"),
    "session.reversed": Phrase("La sesión facturada no se prestó", "The session invoiced was not delivered"),
    "session.waived": Phrase("Cargo condonado", "Charge waived"),
    "bundle.upgraded": Phrase("Cambio de bono", "Change of bundle"),
    "bundle.transferred": Phrase("Transmisión del bono", "Transfer of the bundle"),
}
OTHER_REASON = Phrase("Error en el importe facturado", "Error in the amount invoiced")

EXEMPTIONS = {
    "VATEX-EU-132-1B": Phrase(
        "Operación exenta de IVA: art. 20.Uno.2.º Ley 37/1992",
        "Exempt from VAT: art. 20.One.2 Spanish VAT Act (Dir. 2006/112 132.1.b)",
    ),
    "VATEX-EU-132-1C": Phrase(
        "Operación exenta de IVA: art. 20.Uno.3.º Ley 37/1992",
        "Exempt from VAT: art. 20.One.3 Spanish VAT Act (Dir. 2006/112 132.1.c)",
    ),
    "VATEX-EU-132-1I": Phrase(
        "Operación exenta de IVA: art. 20.Uno.9.º Ley 37/1992",
        "Exempt from VAT: art. 20.One.9 Spanish VAT Act (Dir. 2006/112 132.1.i)",
    ),
    "VATEX-EU-132-1J": Phrase(
        "Operación exenta de IVA: art. 20.Uno.10.º Ley 37/1992",
        "Exempt from VAT: art. 20.One.10 Spanish VAT Act (Dir. 2006/112 132.1.j)",
    ),
    "VATEX-EU-132-1M": Phrase(
        "Operación exenta de IVA: art. 20.Uno.13.º Ley 37/1992",
        "Exempt from VAT: art. 20.One.13 Spanish VAT Act (Dir. 2006/112 132.1.m)",
    ),
}
EXEMPT = Phrase("Operación exenta de IVA ({code})", "Exempt from VAT ({code})")
OUTSIDE = Phrase("Operación no sujeta a IVA", "Outside the scope of VAT")


def language_of(country: str) -> str:
    """The language of documents for a customer of a country: Spanish where it is spoken, else English."""
    return "es" if country in _SPANISH else "en"


def exemption(code: str, language: str) -> str:
    """What the law wants on the invoice for an exemption code."""
    return EXEMPTIONS.get(code.upper(), EXEMPT).said(language, code=code)
