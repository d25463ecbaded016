"""The limit of cash is that of the day of payment and counts the whole operation."""

from __future__ import annotations

from datetime import date

import pytest

from revrec.core.cash import CashPaid, beyond, limit_on


@pytest.mark.parametrize(
    ("day", "operation", "abroad", "unlawful"),
    [
        (date(2026, 3, 1), 99_999, False, False),
        (date(2026, 3, 1), 100_000, False, True),
        (date(2026, 3, 1), 999_999, True, False),
        (date(2026, 3, 1), 1_000_000, True, True),
        (date(2021, 7, 10), 249_999, False, False),
        (date(2021, 7, 10), 250_000, False, True),
        (date(2021, 7, 11), 100_000, False, True),
        (date(2012, 11, 18), 9_000_000, False, False),
    ],
)
def test_an_operation_at_or_above_the_limit_takes_no_cash(day, operation, abroad, unlawful):
    assert beyond([CashPaid("P-1", day, operation, abroad)]) == (["P-1"] if unlawful else [])


def test_there_was_no_limit_before_the_law():
    assert limit_on(date(2012, 11, 18)) is None
    assert limit_on(date(2012, 11, 19)).amount == 250_000
