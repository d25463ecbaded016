"""R6, the age of unused rights: what is still owed in sessions, by time since purchase and by days left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from revrec.core import money
from revrec.core.bundle import Bundle
from revrec.core.dates import add_months
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.units import Unit

EXPIRED = "expired, not released"
GRACE = "in grace"
NEVER = "no expiry"


class Right(NamedTuple):
    """What is unused of one bundle at the end of a day: `left` in quanta, `value` its part of the contract liability."""

    bundle: str
    unit: Unit
    left: int
    value: int
    sold_on: date
    expires_on: date | None
    valid_until: date | None
    last_use: date | None


def right(bundle: Bundle, on: date, value: int, last_use: date | None) -> Right | None:
    """The right that a bundle still is at the end of the day, or None: used up, ended, or expired and released."""
    lapsed = bundle.lapsed_on is not None or bundle.expired(on)
    left = 0 if lapsed and not value else bundle.left
    if not left and not value:
        return None
    unit = bundle.terms.package.unit
    return Right(bundle.id, unit, left, value, bundle.sold_on, bundle.expires_on, bundle.valid_until, last_use)


def age_band(held: Right, on: date) -> str:
    """How long ago the bundle was sold."""
    bands = ((3, "sold within 3 months"), (6, "3 to 6 months ago"), (12, "6 to 12 months ago"))
    return next((name for months, name in bands if add_months(held.sold_on, months) > on), "over 12 months ago")


def expiry_band(held: Right, on: date) -> str:
    """How long the bundle may still be used."""
    if held.valid_until is None or held.expires_on is None:
        return NEVER
    if held.valid_until < on:
        return EXPIRED
    if held.expires_on < on:
        return GRACE
    days = (held.expires_on - on).days
    bands = ((30, "0 to 30 days left"), (90, "31 to 90 days"), (180, "91 to 180 days"), (365, "181 to 365 days"))
    return next((name for most, name in bands if days <= most), "over 365 days")


AGES = ("sold within 3 months", "3 to 6 months ago", "6 to 12 months ago", "over 12 months ago")
EXPIRIES = (
    EXPIRED,
    GRACE,
    "0 to 30 days left",
    "31 to 90 days",
    "91 to 180 days",
    "181 to 365 days",
    "over 365 days",
    NEVER,
)
_UNITS = {Unit.SESSION: "Sessions", Unit.HOUR: "Hours", Unit.MINUTE: "Minutes", Unit.MONEY: "Money"}
COLUMNS = (
    Column("by", "By", Kind.TEXT),
    Column("band", "Band", Kind.TEXT),
    Column("bundles", "Bundles", Kind.COUNT),
    *(Column(f"{unit}_left", f"{_UNITS[unit]} left", Kind.UNITS, sparse=True) for unit in Unit),
    Column("value", "Value", Kind.AMOUNT),
    Column("last_use", "Last use", Kind.DATE),
)


def table(rights: Sequence[Right], on: date, currency: str, *, ledger: int) -> Table:
    """The report at the end of a day; `ledger` is the balance of the contract liability."""
    rows = (*_section("age", AGES, rights, on, age_band), *_section("expiry", EXPIRIES, rights, on, expiry_band))
    late = sum(held.value for held in rights if expiry_band(held, on) == EXPIRED)
    tie = Tie("Unused rights", sum(held.value for held in rights), "ledger balance", ledger)
    said = f"{money.text(late, currency)} has expired and is not released. Hint: `revrec advance --to {on}` releases it"
    title = f"Unused rights at the end of {on}"
    total = _row("", "Total", rights)
    return Table("aging", title, currency, COLUMNS, rows, total, (tie,), findings=(said,) if late else ())


def _section(
    by: str, bands: Iterable[str], rights: Sequence[Right], on: date, band_of: Callable[[Right, date], str]
) -> list[tuple[Cell, ...]]:
    """A row for each band, empty ones too: a reader looks for what is not there."""
    sorted_in: dict[str, list[Right]] = {band: [] for band in bands}
    for held in rights:
        sorted_in[band_of(held, on)].append(held)
    return [_row(by, band, held) for band, held in sorted_in.items()]


def _row(by: str, band: str, rights: Sequence[Right]) -> tuple[Cell, ...]:
    left = (sum(held.left for held in rights if held.unit is unit) for unit in Unit)
    last = max((held.last_use for held in rights if held.last_use), default=None)
    return (by, band, len(rights), *left, sum(held.value for held in rights), last)
