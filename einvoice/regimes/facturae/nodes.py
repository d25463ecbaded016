"""Elements of Facturae: none but the root has a namespace, and what is absent has no element."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from einvoice.model import Period

NAMESPACE: Final = "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_2.xml"


def node(name: str, *content: str | etree._Element | None) -> etree._Element:
    """An element of this name with a text or with children; None leaves a child out."""
    element = etree.Element(name)
    for part in content:
        if isinstance(part, str):
            element.text = part
        elif part is not None:
            element.append(part)
    return element


def optional(name: str, content: str) -> etree._Element | None:
    """An element with a text, None where the text is empty."""
    return node(name, content) if content else None


def money(amount: Decimal) -> str:
    """An amount with two decimals; zero has no sign."""
    return f"{amount + 0:.2f}"


def plain(number: Decimal) -> str:
    """A number with all the decimals that it has, two at least, and no exponent."""
    text = f"{number + 0:f}"
    return text if len(text.partition(".")[2]) >= 2 else f"{number + 0:.2f}"


def day(value: date) -> str:
    """A date as ISO 8601."""
    return value.isoformat()


def period(name: str, value: Period | None) -> etree._Element | None:
    """A first and last day, None where there is no period."""
    if value is None:
        return None
    return node(name, node("StartDate", day(value.first)), node("EndDate", day(value.last)))
