"""Calendar arithmetic on accounting dates."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import cache

DAY = timedelta(days=1)


@cache
def add_months(day: date, months: int) -> date:
    """The same day months later, clamped to the last day of a shorter month: 31 August + 6 = 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_start(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def next_month(day: date) -> date:
    """The first day of the month after the day's."""
    return month_end(day) + DAY
