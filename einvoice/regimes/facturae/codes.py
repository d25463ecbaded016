"""The codes of Facturae 3.2.2 as data, read once from `codes.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

from einvoice.model import Category, CorrectionCode, CorrectionMethod, Means

_OTHER_UNIT = "05"
_SPECIAL_MEANS = "13"


class Coded(NamedTuple):
    """A code with the words that must stand beside it."""

    code: str
    text: str


class Codes(NamedTuple):
    """The tables of `codes.toml`, in the terms of the semantic invoice."""

    reasons: dict[CorrectionCode, Coded]
    methods: dict[CorrectionMethod, Coded]
    taxes: dict[Category, str]
    special: dict[Category, str]
    exemptions: dict[str, str]
    literals: dict[str, str]
    units: dict[str, str]
    means: dict[Means, str]
    languages: frozenset[str]
    union: frozenset[str]
    countries: dict[str, str]
    provinces: dict[str, str]

    def unit(self, code: str) -> str:
        """UnitOfMeasure of a UN/ECE Recommendation 20 code."""
        return self.units.get(code, _OTHER_UNIT)

    def paid_by(self, means: Means) -> str:
        """PaymentMeans of a UNTDID 4461 code."""
        return self.means.get(means, _SPECIAL_MEANS)


@cache
def codes() -> Codes:
    """The codes of the version in force."""
    table = tomllib.loads(resources.files(__package__).joinpath("codes.toml").read_text(encoding="utf-8"))
    lists = table["lists"]
    exempt = table["exempt"]["text"]
    return Codes(
        {CorrectionCode(key): Coded(each["code"], table["reasons"][each["code"]]) for key, each in table["reason_of"].items()},
        {CorrectionMethod(key): Coded(each["code"], each["text"]) for key, each in table["methods"].items()},
        {Category(key): value for key, value in table["taxes"].items()},
        {Category(key): value for key, value in table["special"].items()},
        {key: exempt.format(each["number"]) for key, each in table["exemptions"].items()},
        {key: each["text"] for key, each in table["literals"].items()},
        table["units"],
        {Means(key): value for key, value in table["means"].items()},
        frozenset(lists["languages"].split()),
        frozenset(lists["union"].split()),
        dict(pair.split("=") for pair in lists["countries"].split()),
        dict(line.split(" ", 1) for line in lists["provinces"].strip().splitlines()),
    )
