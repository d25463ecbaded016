"""Findings: what is wrong with a document, as values, all at once."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One problem of a document.

    `code` is stable: the rule's own id where an authority or EN 16931 has one (`BR-CO-15`, `1238`, `RCF06002`). `field` is
    the path in the semantic invoice (`buyer.tax_id`, `lines[0].net`) or in the document; `remedy` says what to do.
    """

    code: str
    field: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f". {self.remedy}" if self.remedy else ""
        return f"{self.field}: {self.message}{remedy} ({self.code})"
