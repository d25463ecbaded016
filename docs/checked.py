"""The page of the checks of every invoice, written from `einvoice/check/codes.toml`."""  # noqa: INP001  docs is no package

from __future__ import annotations

from collections.abc import Iterator

from einvoice.check import codes

_FAMILIES = {
    "BR-": ("EN 16931", "The rules of the European standard, by their own ids."),
    "PEPPOL-": ("Peppol", "Rules of Peppol BIS Billing that the standard has no id for."),
    "ROF-": ("RD 1619/2012", "The Spanish regulation of invoices; the code is the article."),
    "ES-": ("Ours", "What no norm gives an id, with the norm that it follows from."),
}


_HEAD = """\
# What is checked before an invoice is numbered

*Generated from `einvoice/check/codes.toml`; run `python -m docs.generate` after a change.*

Every invoice passes these checks, whatever its format. All findings are shown at once, each with the field, what is wrong there,
and what to do. Arithmetic is exact to the cent, where the rules of CEN let a difference below a euro pass and AEAT one of ten.
What one authority or format asks for beyond this (lengths, characters, limits, dates) its own checks add: those of VERI*FACTU
carry [AEAT's codes](verifactu-codes.md). `*` stands for the letters of a VAT category: S, Z, E, AE, IC, G, O, AF (Canary
Islands), AG (Ceuta and Melilla).

Not asked for: a day when money is due (BR-CO-25; without one it is due at once), the address of a private person (RD 1619/2012
art. 6.1.e), the absence of VAT numbers beside what is outside VAT (BR-O-02; a Spanish invoice always has the NIF)."""


def page() -> str:
    """The whole page."""
    return "\n".join((_HEAD, *(line for prefix in _FAMILIES for line in _family(prefix)))) + "\n"


def _family(prefix: str) -> Iterator[str]:
    title, what = _FAMILIES[prefix]
    yield from ("", f"## {title}", "", what, "", "| code | asks that | source |", "|---|---|---|")
    for rule in codes.rules():
        if rule.code.startswith(prefix):
            yield f"| `{rule.code}` | {rule.says} | {rule.source} |"
