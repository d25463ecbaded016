"""The codes that the local tax office answers and the limits it applies, read from `codes.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Rate(NamedTuple):
    """A VAT rate with the days on which it holds; outside them the answer is `code`."""

    value: Decimal
    since: date
    until: date
    code: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Amounts, dates and tolerances of the validations."""

    first_date: date
    simplified_total: Decimal
    tolerance: Decimal
    macrodata: Decimal
    clock_seconds: int
    years_back: int
    rates: tuple[Rate, ...]


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(files("einvoice.sandbox.aeat").joinpath("codes.toml").read_text(encoding="utf-8"))


@cache
def limits() -> Limits:
    """The limits in force."""
    raw = dict(_file()["limits"])
    for name in ("simplified_total", "tolerance", "macrodata"):
        raw[name] = Decimal(raw[name])
    rates = (
        Rate(Decimal(rate["value"]), rate.get("since", date.min), rate.get("until", date.max), rate.get("code", 1124))
        for rate in _file()["rate"]
    )
    return Limits(**raw, rates=tuple(rates))


@cache
def admitted() -> frozenset[int]:
    """The codes with which a record is accepted all the same."""
    return frozenset(int(code) for code in _file()["admitted"])


def grades() -> Mapping[str, Mapping[str, str]]:
    """Our texts by what the codes do: refuse the `message`, reject the `record`, or leave it `admitted`."""
    return {grade: _file()[grade] for grade in ("message", "record", "admitted")}


def text(code: int) -> str:
    """What a code means; a code that is not listed is one that a script made up."""
    return next((texts[str(code)] for texts in grades().values() if str(code) in texts), "Error de prueba")
