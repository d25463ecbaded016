"""The agenda of a simulated practice: what is to come, in order of time, and what was said so far."""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from revrec.app.practice import Json
from revrec.core.dates import DAY

ZONE: Final = ZoneInfo("Europe/Madrid")
HOUR: Final = timedelta(hours=1)

Script = Iterator[int]  # a story: what it does up to each `yield`, and how many days it waits then


class Agenda:
    """Things to come between two days, at random but seeded; it asks no clock."""

    def __init__(self, seed: int, start: date, end: date, taxpayer: str) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # a reproducible demo, no secret
        self.start, self.end, self.taxpayer, self.source = start, end, taxpayer, f"simulate.{seed}"
        self.now = datetime.combine(start, time())
        self.agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self.said: list[Json] = []
        self.counters: dict[str, count[int]] = defaultdict(lambda: count(1))

    def run(self) -> Iterator[Json]:
        """Work the agenda off until the last day."""
        limit = datetime.combine(self.end, time())
        while self.agenda and self.agenda[0][0] < limit:
            self.now, _, action = heapq.heappop(self.agenda)
            action()
            yield from self.said
            self.said.clear()

    @property
    def today(self) -> date:
        """The day of what is done now."""
        return self.now.date()

    @property
    def days(self) -> int:
        """How many days the simulation has."""
        return (self.end - self.start).days

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self.agenda, (when, next(self.counters["agenda"]), action))

    def after(self, days: int, action: Callable[[], None]) -> None:
        """Put something on the agenda in some days, in office hours, never on a Sunday."""
        self.at(self.office(self.today + days * DAY), action)

    def play(self, script: Script) -> None:
        """Act a story up to its next pause, and go on after it."""
        days = next(script, None)
        if days is not None:
            self.after(days, self.bind(self.play, script))

    @staticmethod
    def bind(action: Callable[..., None], *given: object) -> Callable[[], None]:
        """The action with its arguments."""
        return lambda: action(*given)

    def office(self, day: date) -> datetime:
        """A time in office hours of that day, of Monday if it is a Sunday."""
        day = day + DAY if day.weekday() == 6 else day
        return datetime.combine(day, time(9)) + self.rng.randrange(0, 11 * 60, 5) * timedelta(minutes=1)

    def any_day(self, days: int | None = None) -> datetime:
        """A time in office hours on any day, or on any of the first `days`."""
        return self.office(self.start + self.rng.randrange(max(1, days or self.days)) * DAY)

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.rng.random() < share

    def pick(self, weights: Mapping[str, float]) -> str:
        """One of the keys, as often as its weight says."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def number(self, prefix: str, width: int) -> str:
        """The next id with that prefix."""
        return f"{prefix}-{next(self.counters[prefix]):0{width}d}"

    def stamp(self) -> str:
        """Now, as an event writes it."""
        return self.now.replace(tzinfo=ZONE).isoformat()

    def event(self, kind: str, branch: str | None, data: Json) -> Json:
        """An event of now; members of `data` that are None are left out."""
        return {
            "specversion": "1.0",
            "id": self.number("ev", 6),
            "source": self.source,
            "type": kind,
            "time": self.stamp(),
            "taxpayer": self.taxpayer,
            **({"branch": branch, "actor": f"reception.{branch}"} if branch else {"actor": "office"}),
            "data": {key: value for key, value in data.items() if value is not None},
        }

    def say(self, kind: str, branch: str | None, **data: object) -> None:
        """Say an event now."""
        self.said.append(self.event(kind, branch, data))
