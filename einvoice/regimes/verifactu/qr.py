"""What the QR code of an invoice holds: the address where its recipient checks it (AEAT, QR 0.4.7).

How it is drawn and where it stands is the page's matter (Orden HAC/1177/2024 arts. 20 and 21): `einvoice/pdf`.
"""

from __future__ import annotations

from urllib.parse import quote

from einvoice.chain import Record
from einvoice.regimes.verifactu.codes import Environment, qr_page

LEGEND = "Factura verificable en la sede electrónica de la AEAT"
LEGEND_SHORT = "VERI*FACTU"


def url(record: Record, environment: Environment) -> str:
    """The address that the QR of an alta holds: issuer, number, issue date and total exactly as its record has them."""
    values = (("nif", record.issuer), ("numserie", record.number), ("fecha", record.issued_on), ("importe", record.total))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in values)
    return f"{qr_page(environment)}?{query}"
