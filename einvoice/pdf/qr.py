"""The tax QR code on paper: Orden HAC/1177/2024 and AEAT's description of the QR, 0.4.7."""

from __future__ import annotations

from io import BytesIO

import segno

from einvoice.pdf.page import QrCode
from einvoice.pdf.words import Words


def qr_code(words: Words, url: str, legend: str | None) -> QrCode:
    """A QR code of ISO/IEC 18004, error level M and never another; the template gives it 32 mm and 6 mm of white around.

    `legend` stands below it: `VERI*FACTU`, its long form, or nothing where records are not sent.
    """
    svg = BytesIO()
    segno.make_qr(url, error="m", boost_error=False).save(svg, kind="svg", border=0, omitsize=True)
    return QrCode(svg.getvalue().decode(), words.literal("qr_above"), legend or "", words.label("qr_alt").format(url))
