"""The VAT breakdown (BG-23): a group for each category and rate, its base the sum of its lines, its tax the rate of its base.

Where prices include tax, base = gross × 100 ÷ (100 + rate) half up and tax = gross − base: at most a cent off base × rate. A
corrective by differences takes back the difference of two such pairs: at most two.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from einvoice.check.codes import vatex
from einvoice.check.figures import CENT
from einvoice.findings import Finding
from einvoice.model import Category, CorrectionCode, CorrectionMethod, Invoice, Vat

# The names of the categories in the ids of the rules.
PREFIX = {
    Category.STANDARD: "S",
    Category.ZERO: "Z",
    Category.EXEMPT: "E",
    Category.REVERSE_CHARGE: "AE",
    Category.INTRA_COMMUNITY: "IC",
    Category.EXPORT: "G",
    Category.OUTSIDE: "O",
    Category.CANARY: "AF",
    Category.CEUTA_MELILLA: "AG",
}
_RATED = {Category.STANDARD, Category.CANARY, Category.CEUTA_MELILLA}
_REASONED = {Category.EXEMPT, Category.REVERSE_CHARGE, Category.INTRA_COMMUNITY, Category.EXPORT, Category.OUTSIDE}
# Reasons of one category only (PEPPOL-EN16931-P0104 to P0107); every other one is of exempt supplies.
_REASON_OF = {
    "VATEX-EU-G": (Category.EXPORT, "PEPPOL-EN16931-P0104"),
    "VATEX-EU-O": (Category.OUTSIDE, "PEPPOL-EN16931-P0105"),
    "VATEX-EU-IC": (Category.INTRA_COMMUNITY, "PEPPOL-EN16931-P0106"),
    "VATEX-EU-AE": (Category.REVERSE_CHARGE, "PEPPOL-EN16931-P0107"),
    "VATEX-FR-AE": (Category.REVERSE_CHARGE, "ES-EXEMPTION"),
}


class Taxed(NamedTuple):
    """Where a tax is stated: the `lines` or the breakdown (`vat`), the place there."""

    part: str
    place: int
    vat: Vat

    @property
    def field(self) -> str:
        """Its path."""
        return f"{self.part}[{self.place}].vat"


def rule(category: Category, number: str) -> str:
    """The id of a rule of a category: `BR-E-08`."""
    return f"BR-{PREFIX[category]}-{number}"


def stated(invoice: Invoice) -> list[Taxed]:
    """Every tax of the lines and of the breakdown."""
    found = [Taxed("lines", index, line.vat) for index, line in enumerate(invoice.lines)]
    found += [Taxed("vat", index, group.vat) for index, group in enumerate(invoice.vat)]
    return found


def rates(invoice: Invoice) -> Iterator[Finding]:
    """The rate fits the category (BR-S-05, BR-E-05 …)."""
    for taxed in stated(invoice):
        category, rate = taxed.vat.category, taxed.vat.rate
        if category is Category.STANDARD and rate <= 0:
            yield _finding(taxed, "05", "rate", f"{rate} is no rate above zero", "Set the rate, or another category")
        elif category in _RATED and not 0 <= rate < 100:
            yield _finding(taxed, "05", "rate", f"{rate} is no rate in percent", "Set the rate")
        elif rate and category not in _RATED:
            yield _finding(taxed, "05", "rate", f"category {category} bears no tax, its rate is {rate}", "Set the rate to 0")


def reasons(invoice: Invoice) -> Iterator[Finding]:
    """What bears no tax says why (BR-E-10 …), by a code that exists (BR-CL-22) and is of its category."""
    for taxed in stated(invoice):
        vat = taxed.vat
        reasoned = bool(vat.exemption or vat.reason.strip())
        if vat.category in _REASONED and not reasoned:
            remedy = "Give the exemption code of the tax, such as VATEX-EU-132-1C, or its text"
            yield _finding(taxed, "10", "exemption", f"category {vat.category} gives no reason", remedy)
        elif vat.category not in _REASONED and reasoned:
            yield _finding(taxed, "10", "exemption", f"category {vat.category} has no reason for exemption", "Leave it out")
        elif vat.exemption and vat.exemption not in vatex():
            message = f"{vat.exemption!r} is no VATEX code"
            yield Finding("BR-CL-22", f"{taxed.field}.exemption", message, "Choose one of the list")
        elif vat.exemption:
            yield from _category_of(taxed)


def _finding(taxed: Taxed, number: str, member: str, message: str, remedy: str) -> Finding:
    return Finding(rule(taxed.vat.category, number), f"{taxed.field}.{member}", message, remedy)


def _category_of(taxed: Taxed) -> Iterator[Finding]:
    vat = taxed.vat
    category, code = _REASON_OF.get(vat.exemption, (Category.EXEMPT, "ES-EXEMPTION"))
    if vat.category is not category:
        message = f"{vat.exemption} is a reason of category {category}, not of {vat.category}"
        yield Finding(code, f"{taxed.field}.exemption", message, "Mend the code or the category")


def groups(invoice: Invoice) -> Iterator[Finding]:
    """There is a breakdown (BR-CO-18) with a group for each category of the lines, one where no tax is borne (BR-E-01)."""
    if not invoice.vat:
        yield Finding("BR-CO-18", "vat", "the invoice has no VAT breakdown", "State base and tax of each rate, exempt or not")
        return
    counts = [group.vat.category for group in invoice.vat]
    for category in dict.fromkeys((*(line.vat.category for line in invoice.lines), *counts)):
        count, code = counts.count(category), rule(category, "01")
        if not count:
            yield Finding(code, "vat", f"the lines of category {category} have no group", "Add their group")
        elif count > 1 and category not in _RATED:
            message = f"{count} groups of category {category}, one is allowed: one reason an invoice"
            yield Finding(code, "vat", message, "Issue an invoice for each reason")
    if Category.OUTSIDE in counts and len(set(counts)) > 1:
        message = "what is outside VAT stands beside other taxes"
        yield Finding("BR-O-11", "vat", message, "Issue an invoice of its own for what is outside VAT")


def one_reason(invoice: Invoice) -> Iterator[Finding]:
    """Lines and group of a category give the same reason: the breakdown has room for one (BR-E-01 …)."""
    codes: dict[Category, set[str]] = {}
    texts: dict[Category, set[str]] = {}
    for vat in (taxed.vat for taxed in stated(invoice)):
        if vat.category in _REASONED:
            codes.setdefault(vat.category, set()).update({vat.exemption} - {""})
            texts.setdefault(vat.category, set()).update({vat.reason} - {""})
    for category, found in codes.items():
        several = found if len(found) > 1 else texts[category]
        if len(several) > 1:
            message = f"category {category} has several reasons: {', '.join(sorted(several))}"
            yield Finding(rule(category, "01"), "lines", message, "Issue an invoice for each reason")


def bases(invoice: Invoice) -> Iterator[Finding]:
    """The base of a group is the sum of the lines of its category and rate (BR-S-08 …); every line has its group."""
    sums: dict[tuple[Category, Decimal], Decimal] = {}
    for line in invoice.lines:
        key = (line.vat.category, line.vat.rate)
        sums[key] = sums.get(key, Decimal(0)) + line.net
    for index, group in enumerate(invoice.vat):
        right = sums.pop((group.vat.category, group.vat.rate), Decimal(0))
        if group.base != right:
            message = f"{group.base} is not the sum of its lines, {right}"
            yield Finding(rule(group.vat.category, "08"), f"vat[{index}].base", message, "Add them up again")
    stated_categories = {group.vat.category for group in invoice.vat}
    for category, rate in sums:
        if category in stated_categories:  # else BR-*-01 says it
            yield Finding(rule(category, "08"), "vat", f"the lines at {rate} % have no group", "Add their group")


def taxes(invoice: Invoice) -> Iterator[Finding]:
    """The tax of a group is the rate of its base (BR-CO-17), zero where no tax is borne (BR-E-09 …), of the same sign.

    Prices include tax, and base and tax are the pair of each line: a cent of rounding a line is in the sum.
    """
    correction = invoice.correction
    if correction and correction.code in {CorrectionCode.R2, CorrectionCode.R3}:
        return  # LIVA 80.Tres and 80.Cuatro: the tax is taken back, the base stays
    more = 1 if correction and correction.method is CorrectionMethod.DIFFERENCES else 0
    for index, group in enumerate(invoice.vat):
        vat, field = group.vat, f"vat[{index}].tax"
        cents = more + max(sum(line.vat == vat for line in invoice.lines), 1)
        if vat.category not in _RATED and group.tax:
            remedy = "Set it to 0"
            yield Finding(rule(vat.category, "09"), field, f"{group.tax} is borne by category {vat.category}", remedy)
        elif abs(group.tax - group.base * vat.rate / 100) > cents * CENT:
            message = f"{group.tax} is not {vat.rate} % of {group.base} to the cent"
            yield Finding("BR-CO-17", field, message, "Work the tax out again")
        elif group.base * group.tax < 0:
            message = f"base {group.base} and tax {group.tax} have different signs"
            yield Finding("ES-SIGN", field, message, "Mend the sign")


def abroad(invoice: Invoice) -> Iterator[Finding]:
    """What a buyer must have that owes the tax (BR-AE-02) or takes goods to another state (BR-IC-02, BR-IC-11)."""
    categories = {taxed.vat.category for taxed in stated(invoice)}
    number = invoice.buyer.tax_id if invoice.buyer else None
    if Category.REVERSE_CHARGE in categories and number is None:
        message = "a reverse charge needs the tax number of the buyer"
        yield Finding("BR-AE-02", "buyer.tax_id", message, "Ask for the number")
    if Category.INTRA_COMMUNITY not in categories:
        return
    if number is None or number.scheme != "02":
        message = "a supply to another state of the Union needs the VAT number of the buyer"
        yield Finding("BR-IC-02", "buyer.tax_id", message, "Ask for the VAT number (kind 02), and check it in VIES")
    if invoice.operation_on is None and invoice.period is None:
        message = "a supply to another state of the Union says when it was delivered"
        yield Finding("BR-IC-11", "operation_on", message, "Set the day of delivery")


RULES = (groups, one_reason, rates, reasons, bases, taxes, abroad)
