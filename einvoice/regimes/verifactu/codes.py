"""Dated law, addresses and error codes of VERI*FACTU, read once from `codes.toml`."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from einvoice.errors import EinvoiceError


class NoLaw(EinvoiceError):
    """No version of a limit or date was in force on the day asked for."""


class Environment(StrEnum):
    """Which of AEAT's two installations."""

    PRODUCTION = "production"
    TEST = "test"


class Effect(StrEnum):
    """What an error does to what was sent."""

    MESSAGE = "message"  # the whole message is refused
    RECORD = "record"  # the record is rejected
    ACCEPTED = "accepted"  # the record is accepted with errors


class Law(NamedTuple):
    """One version of a legal value: from `since` to `until`, both counted; `confirmed` against the official text."""

    name: str
    value: str
    since: date
    until: date | None
    article: str
    source: str
    confirmed: bool


class Error(NamedTuple):
    """One of AEAT's error codes, in our words: Spanish, English, and what to do."""

    code: str
    effect: Effect
    es: str
    en: str
    remedy: str


@cache
def law(name: str, on: date) -> Law:
    """The version of a legal value in force on a day; NoLaw if there was none."""
    for version in laws():
        if version.name == name and version.since <= on and (version.until is None or on <= version.until):
            return version
    raise NoLaw(f"{name} had no value on {on}: see codes.toml")


@cache
def laws() -> tuple[Law, ...]:
    """All versions of all legal values but the rates."""
    return tuple(_law(entry, entry["name"], entry["source"]) for entry in _data()["law"])


@cache
def rate_laws() -> tuple[Law, ...]:
    """All VAT rates that a taxed line may ever bear, `value` in percent."""
    return tuple(_law(entry, "rate", "LIVA") for entry in _data()["rate"])


@cache
def rates(on: date) -> frozenset[Decimal]:
    """The VAT rates in percent that a taxed line may bear on a day."""
    return frozenset(
        Decimal(version.value)
        for version in rate_laws()
        if version.since <= on and (version.until is None or on <= version.until)
    )


@cache
def exemption_cause(vatex: str) -> str | None:
    """AEAT's cause of exemption (L10: E1 to E6) for a VATEX code of EN 16931, None for a text that is none."""
    fitting = [entry for entry in _data()["exemption"] if vatex.upper().startswith(entry["prefix"])]
    return max(fitting, key=lambda entry: len(entry["prefix"]))["cause"] if fitting else None


@cache
def countries() -> frozenset[str]:
    """The countries of AEAT's list, which is not quite that of ISO 3166-1."""
    return frozenset(_data()["countries"].split())


def endpoint(environment: Environment, *, seal: bool = False) -> str:
    """Where VERI*FACTU messages go; `seal`: with a certificate of seal rather than of a person or representative."""
    return str(_data()["environment"][environment]["seal" if seal else "personal"])


def qr_page(environment: Environment) -> str:
    """The page where a recipient checks an invoice."""
    return str(_data()["environment"][environment]["qr"])


def error(code: str) -> Error:
    """What an error code means; a code younger than our list is told by its range and AEAT's own description."""
    return errors().get(code) or Error(
        code,
        _effect_by_range(code),
        "error que esta versión no conoce: vea la descripción de la AEAT",
        "an error that this version does not know: see AEAT's description",
        "look the code up in AEAT's list of errors, correct what it names",
    )


@cache
def errors() -> dict[str, Error]:
    """All error codes that we know."""
    return {
        code: Error(code, Effect(effect), *texts)
        for effect, entries in _data()["errors"].items()
        for code, texts in entries.items()
    }


def _effect_by_range(code: str) -> Effect:
    match code[:1]:
        case "4":
            return Effect.MESSAGE
        case "2":
            return Effect.ACCEPTED
        case _:
            return Effect.RECORD


def _law(entry: dict[str, Any], name: str, source: str) -> Law:
    return Law(name, entry["value"], entry["since"], entry.get("until"), entry["article"], source, entry["confirmed"])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("codes.toml").read_text(encoding="utf-8"))
