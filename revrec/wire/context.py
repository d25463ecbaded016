"""What reading an event needs to know of its taxpayer, with caches of what comes again and again."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from revrec.core import money, units
from revrec.core.policy import WHOLE

CACHE = 50_000  # entries; a cache that is full starts anew
MANY = 1_000  # currencies and rates kept at hand
BILLION = 10**9
LARGEST = 10**12  # units of a currency: what an amount may be written with
HOUR = timedelta(minutes=59, seconds=59)


class Amounts(dict[str, tuple[int, str]]):
    """Text -> (minor units of the taxpayer's currency, canonical text); ValueError when it has too many decimals.

    `currency` is the one in which the texts are written.
    """

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __missing__(self, text: str) -> tuple[int, str]:
        minor = self.written(text)
        if len(self) > CACHE:
            self.clear()
        self[text] = pair = (self.converted(minor), money.text(minor, self.currency))
        return pair

    def written(self, text: str) -> int:
        """Minor units of the currency in which it is written; ValueError when it has too many decimals."""
        return money.parse(text, self.currency)

    def converted(self, minor: int) -> int:
        """Minor units of the taxpayer's currency: here the same."""
        return minor

    def parts(self, texts: Iterable[str]) -> list[int]:
        """The amounts of a list; each is the converted sum so far less the one before, so that they add up exactly."""
        sums = [self.converted(total) for total in accumulate(map(self.written, texts), initial=0)]
        return [after - before for before, after in pairwise(sums)]


class Converted(Amounts):
    """Amounts of another currency at one rate, rounded half up to minor units of the taxpayer's (`home`)."""

    def __init__(self, currency: str, home: str, rate: int) -> None:
        super().__init__(currency)
        self.home = home
        self.times = rate * 10 ** money.exponent(home)
        self.over = BILLION * 10 ** money.exponent(currency)

    def converted(self, minor: int) -> int:
        """Minor units of the taxpayer's currency; ValueError when that is more than an amount may hold."""
        found: int = (2 * minor * self.times + self.over) // (2 * self.over)
        if abs(found) >= LARGEST * 10 ** money.exponent(self.home):
            written = money.text(minor, self.currency)
            raise ValueError(f"{written} {self.currency} comes to more than 12 digits in {self.home}")
        return found


class Rates(dict[str, tuple[int, str]]):
    """Text -> (billionths of the taxpayer's currency for one unit, canonical text without trailing zeros)."""

    def __missing__(self, text: str) -> tuple[int, str]:
        if len(self) > CACHE:
            self.clear()
        whole, _, rest = text.partition(".")
        rest = rest.rstrip("0")
        self[text] = pair = (int(whole + rest.ljust(9, "0")), f"{int(whole)}.{rest}" if rest else str(int(whole)))
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

    __slots__ = ("_abroad", "_hours", "amounts", "currency", "days", "quantities", "rates", "taxpayer", "zone")

    def __init__(self, taxpayer: str, currency: str, zone: str) -> None:
        self.taxpayer = taxpayer
        self.currency = currency
        self.zone = ZoneInfo(zone)
        self.amounts = Amounts(currency)
        self.quantities = Quantities()
        self.rates = Rates()
        self.days = Days()
        self._hours: dict[str, date | None] = {}
        self._abroad: dict[tuple[str, str], Context] = {}

    def abroad(self, currency: str, rate: str) -> Context:
        """The same taxpayer where amounts are written in another currency and converted at a rate."""
        found = self._abroad.get((currency, rate))
        if found is None:
            if len(self._abroad) > MANY:
                self._abroad.clear()
            found = self._abroad[currency, rate] = copy.copy(self)
            found.amounts = Converted(currency, self.currency, self.rates[rate][0])
        return found

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


def millionths(share: str) -> int:
    """A share such as `0.90` in millionths (`core.policy.WHOLE`)."""
    return units.quanta(share) * WHOLE // units.UNIT


def utc(text: str) -> datetime:
    """An RFC 3339 instant in UTC; ValueError when the calendar has no such day."""
    return datetime.fromisoformat(text.upper()).astimezone(UTC)
