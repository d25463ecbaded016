"""Units of a bundle as exact integers: sessions, hours, minutes and money alike."""

from __future__ import annotations

from decimal import Decimal

from revrec.core.words import Word

# One unit in quanta. A multiple of 60 so that a minute of an hour is exact, and of 10^6 for six decimals.
UNIT = 60_000_000
DECIMALS = 6


class Unit(Word):
    """What a bundle is counted in (events.md 2, `unit`)."""

    SESSION = "session"
    HOUR = "hour"
    MINUTE = "minute"
    MONEY = "money"


def quanta(quantity: str | int | Decimal) -> int:
    """Quanta of a decimal quantity; ValueError when it has more than six decimals."""
    scaled = Decimal(quantity) * UNIT
    if scaled % 60:
        raise ValueError(f"{quantity} has more than {DECIMALS} decimals")
    return int(scaled)


def text(units: int) -> str:
    """A quantity for people, at most four decimals, without trailing zeros: `7`, `0.8333`."""
    number = (Decimal(units) / UNIT).quantize(Decimal("0.0001")).normalize()
    return f"{number:f}"


def minutes(unit: Unit, count: int) -> int:
    """Quanta of a number of minutes in a bundle counted in hours or minutes."""
    return count * (UNIT // 60 if unit is Unit.HOUR else UNIT)


def round_up(units: int, unit: Unit, step_minutes: int) -> int:
    """Time rounded up to the policy's step (`rounding_minutes`); sessions and money stay as they are."""
    if unit not in (Unit.HOUR, Unit.MINUTE):
        return units
    step = minutes(unit, step_minutes)
    return -(-units // step) * step
