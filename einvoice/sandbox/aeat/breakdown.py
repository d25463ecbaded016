"""The Desglose of an alta: what a line may say, and whether the totals are its sum (Validaciones 1.2.0, 15 to 17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from einvoice.sandbox.aeat.codes import limits
from einvoice.sandbox.aeat.node import Node
from einvoice.sandbox.aeat.record import Record, day

Codes = Iterator[int]
_VAT, _IPSI, _IGIC, _OTHER = "01", "02", "03", "05"
_CHARGED = ("TipoImpositivo", "CuotaRepercutida", "TipoRecargoEquivalencia", "CuotaRecargoEquivalencia")
_REGIMES = {
    _VAT: frozenset("01 02 03 04 05 06 07 08 09 10 11 14 15 17 18 19 20".split()),
    _IGIC: frozenset("01 02 03 04 05 06 07 08 09 10 11 14 15 17 18 19 20 21".split()),
    _IPSI: frozenset("01 08 11 18 19 20".split()),
}
# Regimes in which the total is not the sum of the lines.
_NOT_SUMMED = frozenset({"03", "05", "06", "08", "09"})


def lines(record: Record) -> list[Node]:
    """The DetalleDesglose of an alta."""
    block = record.node.at("Desglose")
    return list(block.all("DetalleDesglose")) if block else []


def breakdown(record: Record) -> Codes:
    """The codes that the lines earn, in their order."""
    for line in lines(record):
        if line.text("OperacionExenta"):
            yield from _exempt(line)
        else:
            yield from _qualified(line, record)
        yield from _regime(line, record)
        if line.text("CalificacionOperacion") == "S1":
            yield from _tax(line, record)


def _tax_kind(line: Node) -> str:
    return line.text("Impuesto") or _VAT


def _amount(line: Node, name: str) -> Decimal:
    return Decimal(line.text(name) or "0")


def _exempt(line: Node) -> Codes:
    cause, general = line.text("OperacionExenta"), line.text("ClaveRegimen") == "01"
    if cause in {"E7", "E8"} and _tax_kind(line) != _IGIC:
        yield 1182
    if any(name in line for name in _CHARGED):
        yield 1238
    if cause in {"E2", "E3"} and general and _tax_kind(line) in {_VAT, _IGIC}:
        yield 1199


def _qualified(line: Node, record: Record) -> Codes:
    how = line.text("CalificacionOperacion")
    if how == "S2":
        if record.node.text("TipoFactura") in {"F2", "R5"}:
            yield 1197
        if _amount(line, "TipoImpositivo") or _amount(line, "CuotaRepercutida"):
            yield 1198
    if how in {"N1", "N2"}:
        if _tax_kind(line) == _VAT and any(name in line for name in _CHARGED):
            yield 1237
        elif _amount(line, "CuotaRepercutida"):
            yield 1207
    at_cost = "BaseImponibleACoste" in line
    if how == "S1" and not at_cost and not ("TipoImpositivo" in line and "CuotaRepercutida" in line):
        yield 1208


def _regime(line: Node, record: Record) -> Codes:
    regime, tax = line.text("ClaveRegimen"), _tax_kind(line)
    if tax == _OTHER:
        return
    if not regime:
        yield 2009 if tax == _IPSI else 1245
    elif regime not in _REGIMES[tax]:
        yield 1246
    elif tax == _VAT:
        yield from _vat_regime(regime, line, record)


def _vat_regime(regime: str, line: Node, record: Record) -> Codes:
    how, cause = line.text("CalificacionOperacion"), line.text("OperacionExenta")
    if regime == "02" and not cause:
        yield 1286
    if regime == "07" and (how in {"S2", "N1", "N2"} or cause in {"E2", "E3", "E4", "E5"}):
        yield 1203
    if regime == "08" and how != "N2":
        yield 1252
    if regime == "10" and (how != "N1" or record.node.text("TipoFactura") != "F1"):
        yield 1205
    if regime == "11" and _amount(line, "TipoImpositivo") != 21:
        yield 1206


def _tax(line: Node, record: Record) -> Codes:
    if "TipoImpositivo" not in line or "CuotaRepercutida" not in line:
        return
    if _tax_kind(line) == _VAT:
        yield from _rate(_amount(line, "TipoImpositivo"), _tax_day(record))
    # Corrections by differences, insolvency and bad debts may state a tax that is no product.
    if record.node.text("TipoRectificativa") == "I" or record.node.text("TipoFactura") in {"R2", "R3"}:
        return
    at_cost = "BaseImponibleACoste" in line
    base = _amount(line, "BaseImponibleACoste" if at_cost else "BaseImponibleOimporteNoSujeto")
    tax = _amount(line, "CuotaRepercutida")
    if abs(tax - base * _amount(line, "TipoImpositivo") / 100) > limits().tolerance:
        yield 1144 if at_cost else 1142
    if tax * base < 0:
        yield 1140 if at_cost else 1143


def _rate(rate: Decimal, at: date | None) -> Codes:
    known = next((each for each in limits().rates if each.value == rate), None)
    if known is None:
        yield 1124
    elif at and not known.since <= at <= known.until:
        yield known.code


def _tax_day(record: Record) -> date | None:
    """The day whose rates hold: of the operation, else of issue."""
    return day(record.node.text("FechaOperacion") or record.key.issued_on)


def totals(record: Record) -> Codes:
    """Whether CuotaTotal and ImporteTotal are the sums of the lines; AEAT admits ten euros either way."""
    tax = sum(
        (_amount(line, "CuotaRepercutida") + _amount(line, "CuotaRecargoEquivalencia") for line in lines(record)), Decimal(0)
    )
    base = sum((_amount(line, "BaseImponibleOimporteNoSujeto") for line in lines(record)), Decimal(0))
    tolerance = limits().tolerance
    if any(line.text("ClaveRegimen") in _NOT_SUMMED for line in lines(record)):
        return
    if abs(_amount(record.node, "ImporteTotal") - base - tax) > tolerance:
        yield 2005
    if abs(_amount(record.node, "CuotaTotal") - tax) > tolerance:
        yield 2006
