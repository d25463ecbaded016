"""The QR code of an invoice: the address where its recipient checks it (Orden HAC/1177/2024 arts. 20 and 21; AEAT, QR 0.4.7)."""

from __future__ import annotations

from urllib.parse import quote

import segno

from einvoice.regimes.verifactu.build import Record
from einvoice.regimes.verifactu.codes import Environment, qr_page

ABOVE = "QR tributario:"
LEGEND = "Factura verificable en la sede electrónica de la AEAT"
LEGEND_SHORT = "VERI*FACTU"


def url(record: Record, environment: Environment) -> str:
    """The address that the QR of an alta holds: issuer, number, issue date and total exactly as its record has them."""
    values = (("nif", record.issuer), ("numserie", record.number), ("fecha", record.issued_on), ("importe", record.total))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in values)
    return f"{qr_page(environment)}?{query}"


def code(address: str) -> segno.QRCode:
    """The QR code of an address, error correction M exactly, as ISO/IEC 18004 draws it.

    To be printed 30 to 40 mm wide with a quiet zone of at least 2 mm (`svg` draws four modules, which is more), `ABOVE` over
    it and `LEGEND` or `LEGEND_SHORT` under it.
    """
    return segno.make_qr(address, error="m", boost_error=False)


def svg(address: str, millimetres: int = 35) -> str:
    """The QR code as an SVG whose code without its quiet zone of four modules is `millimetres` wide."""
    qr = code(address)
    modules = qr.symbol_size(border=0)[0]
    return str(qr.svg_inline(border=4, scale=millimetres / modules, unit="mm", dark="#000", light="#fff"))
