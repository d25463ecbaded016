"""Words, numbers and dates in the language of a document; every label and literal stands in `words.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from einvoice.errors import EinvoiceError
from einvoice.model import Means, Vat

_MINUS = "−"
_HARD_SPACE = "\N{NO-BREAK SPACE}"


class UnknownLanguage(EinvoiceError):
    """A document asks for a language that `words.toml` does not speak."""

    def __init__(self, language: str) -> None:
        known = ", ".join(sorted(_data()["languages"]))
        super().__init__(
            f"language {language!r}: documents are printed in {known}. Choose one of them as the document's language"
        )


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("einvoice.pdf") / "words.toml").read_text(encoding="utf-8"))


def languages() -> tuple[str, ...]:
    """The languages that documents can be printed in, ISO 639-1."""
    return tuple(_data()["languages"])


@dataclass(frozen=True, slots=True)
class Words:
    """One language, one currency (ISO 4217) and one day: what a document issued then says, and how it writes amounts."""

    language: str
    currency: str
    day: date

    def __post_init__(self) -> None:
        if self.language not in languages():
            raise UnknownLanguage(self.language)

    def of(self, group: str, key: str, **values: str) -> str:
        """The words of one key in a group of `words.toml`, its gaps filled."""
        text: str = _data()[group][key][self.language]
        return text.format(**values) if values else text

    def label(self, key: str, **values: str) -> str:
        """A label of the form."""
        return self.of("labels", key, **values)

    def literal(self, key: str, **values: str) -> str:
        """A mention that a law asks for; "" where it was not in force on the day of the document."""
        law = _data()["literals"][key]
        if not law["since"] <= self.day <= law.get("until", date.max):
            return ""
        return self.of("literals", key, **values)

    def means(self, means: Means) -> str:
        """How money moved."""
        return self.of("means", means)

    def unit(self, code: str) -> str:
        """The abbreviation of a UN/ECE Rec 20 unit, "" where a plain number says it."""
        return self.of("units", code) if code in _data()["units"] else ""

    def country(self, code: str) -> str:
        """A country's name, or its ISO 3166-1 code where the language does not name it."""
        return self.of("countries", code) if code in _data()["countries"] else code

    def category(self, vat: Vat) -> str:
        """How something is taxed, in the few letters of a column."""
        return self.of("categories", vat.category).format(self.percent(vat.rate))

    def number(self, value: Decimal, places: int) -> str:
        """A number with at least so many decimals: none that stands in the value is ever dropped."""
        style = _data()["languages"][self.language]
        text = f"{abs(value):,.{max(places, decimals(value))}f}"
        sign = _MINUS if value < 0 else ""
        return sign + text.translate(str.maketrans({",": style["group"], ".": style["decimal"]}))

    def percent(self, rate: Decimal) -> str:
        """A rate that is stated in percent: `21 %`, `5.2%`."""
        pattern: str = _data()["languages"][self.language]["percent"]
        return pattern.replace(" ", _HARD_SPACE).format(self.number(rate, 0))

    @property
    def places(self) -> int:
        """The decimals of the currency."""
        places: int = _data()["decimals"].get(self.currency, 2)
        return places

    def amount(self, value: Decimal) -> str:
        """An amount without its currency, for a column that names it at the top."""
        return self.number(value, self.places)

    def money(self, value: Decimal) -> str:
        """An amount with its currency: the symbol of those that nobody can mistake, else the code."""
        symbol = _data()["symbols"].get(self.currency, self.currency)
        gap = _HARD_SPACE if symbol == self.currency else ""
        pattern: str = _data()["languages"][self.language]["money"]
        text = pattern.replace(" ", _HARD_SPACE).replace("{symbol}{amount}", "{symbol}" + gap + "{amount}")
        written = text.format(symbol=symbol, amount=self.amount(abs(value)))
        return _MINUS + written if value < 0 else written

    def long(self, day: date) -> str:
        """A day in words: `2 de marzo de 2026`."""
        return self._dated("long_date", day)

    def short(self, day: date) -> str:
        """A day for a narrow place: `02/03/2026`."""
        return self._dated("short_date", day)

    def span(self, first: date, last: date) -> str:
        """A period, both days counted."""
        return f"{self.short(first)} – {self.short(last)}"

    def _dated(self, pattern: str, day: date) -> str:
        style = _data()["languages"][self.language]
        text: str = style[pattern].format(day=day.day, number=day.month, month=style["months"][day.month - 1], year=day.year)
        return text


def decimals(value: Decimal) -> int:
    """How many decimals a number needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
