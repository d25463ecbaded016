from __future__ import annotations

from decimal import Decimal

import pytest

from revrec.core.money import Money, allocate, decimal, exponent, parse, share, text


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_decimals_follow_iso_4217(currency, decimals):
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(1050, "EUR", "10.50"), (-5, "EUR", "-0.05"), (1050, "JPY", "1050"), (1050, "KWD", "1.050"), (0, "EUR", "0.00")],
)
def test_amounts_are_written_with_all_their_decimals_and_read_back(minor, currency, written):
    assert text(minor, currency) == written
    assert parse(written, currency) == minor
    assert decimal(minor, currency) == Decimal(written)
    assert str(Money(minor, currency)) == f"{written} {currency}"


def test_missing_decimals_are_read_as_zeros():
    assert [parse(amount, "EUR") for amount in ("10", "10.5", "-0.1")] == [1000, 1050, -10]


@pytest.mark.parametrize(("amount", "currency"), [("10.505", "EUR"), ("10.0", "JPY")])
def test_more_decimals_than_the_currency_has_are_refused_not_rounded(amount, currency):
    with pytest.raises(ValueError, match=f"{amount} has more than"):
        parse(amount, currency)


def test_shares_are_rounded_half_up():
    assert [share(100, k, 8) for k in (1, 2, 3)] == [13, 25, 38]  # 12.5, 25, 37.5


def test_an_allocation_adds_up_to_the_cent():
    assert allocate(10000, (1, 1, 1)) == (3333, 3334, 3333)
    with pytest.raises(ValueError, match="more than 0"):
        allocate(10000, (0, 0))
