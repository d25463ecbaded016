from __future__ import annotations

from datetime import date

import pytest

from revrec.core.dates import add_months, month_end, month_start, next_month


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 5), 0, date(2026, 1, 5)),
    ],
)
def test_months_clamp_to_the_last_day_of_a_shorter_month(day, months, later):
    assert add_months(day, months) == later


def test_the_ends_of_a_month():
    day = date(2028, 2, 10)
    assert (month_start(day), month_end(day), next_month(day)) == (date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 1))
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
