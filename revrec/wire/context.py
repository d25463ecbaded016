"""What reading an event needs to know of its taxpayer, with caches of what comes again and again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from revrec.core import money, units

CACHE = 50_000  # entries; a cache that is full starts anew
HOUR = timedelta(minutes=59, seconds=59)


class Amounts(dict[str, tuple[int, str]]):
    """Text -> (minor units, canonical text) in one currency; ValueError when it has too many decimals."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __missing__(self, text: str) -> tuple[int, str]:
        minor = money.parse(text, self.currency)
        if len(self) > CACHE:
            self.clear()
        self[text] = pair = (minor, money.text(minor, self.currency))
        return pair


class Quantities(dict[str, tuple[int, str]]):
    """Text -> (quanta, canonical text without trailing zeros)."""

    def __missing__(self, text: str) -> tuple[int, str]:
        if len(self) > CACHE:
            self.clear()
        whole, _, rest = text.partition(".")
        rest = rest.rstrip("0")
        self[text] = pair = (units.quanta(text), f"{int(whole)}.{rest}" if rest else str(int(whole)))
        return pair


class Days(dict[str, date]):
    """Text -> date; ValueError for 30 February."""

    def __missing__(self, text: str) -> date:
        if len(self) > CACHE:
            self.clear()
        self[text] = day = date.fromisoformat(text)
        return day


class Context:
    """The taxpayer whose events are read: id, ISO 4217 currency and time zone (IANA name)."""

    __slots__ = ("_hours", "amounts", "currency", "days", "quantities", "taxpayer", "zone")

    def __init__(self, taxpayer: str, currency: str, zone: str) -> None:
        self.taxpayer = taxpayer
        self.currency = currency
        self.zone = ZoneInfo(zone)
        self.amounts = Amounts(currency)
        self.quantities = Quantities()
        self.days = Days()
        self._hours: dict[str, date | None] = {}

    def local_date(self, text: str, instant: datetime) -> date:
        """The date of an instant in the taxpayer's zone; `text` is how it was written."""
        key = text[:13] + text[19:]  # hour and offset: nearly every hour lies in one local day
        try:
            day = self._hours[key]
        except KeyError:
            day = self._remember(key, instant)
        return day or instant.astimezone(self.zone).date()

    def _remember(self, key: str, instant: datetime) -> date | None:
        if len(self._hours) > CACHE:
            self._hours.clear()
        first = instant.replace(minute=0, second=0, microsecond=0)
        start, end = first.astimezone(self.zone).date(), (first + HOUR).astimezone(self.zone).date()
        self._hours[key] = day = start if start == end else None
        return day


def utc(text: str) -> datetime:
    """An RFC 3339 instant in UTC; ValueError when the calendar has no such day."""
    return datetime.fromisoformat(text.upper()).astimezone(UTC)
