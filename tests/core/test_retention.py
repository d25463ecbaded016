"""How long the law keeps a person's data, from the last entry on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from revrec.core import retention
from revrec.core.retention import STATUTES, Kept, kept_until, may_be_over


@pytest.mark.parametrize(
    ("last", "until"),
    [
        (date(2026, 3, 20), date(2032, 3, 20)),
        (date(2024, 2, 29), date(2030, 2, 28)),
        (date(2026, 1, 1), date(2032, 1, 1)),  # the tax office lets go on 2031-07-25, before the Commercial Code
    ],
)
def test_books_are_kept_six_years_from_the_last_entry(last, until):
    assert kept_until(last) == Kept(until, "Código de Comercio art. 30")


def test_the_longest_duty_in_force_wins(monkeypatch):
    longer = STATUTES[1]._replace(years=9, source="a longer one")
    monkeypatch.setattr(retention, "STATUTES", (*STATUTES, longer))
    assert kept_until(date(2026, 3, 20)) == Kept(date(2036, 7, 25), "a longer one")
    assert kept_until(date(2003, 3, 20)).source == "Código de Comercio art. 30"


def test_the_settings_may_keep_longer_and_never_shorter():
    assert kept_until(date(2026, 3, 20), 10) == Kept(date(2036, 3, 20), "revrec.toml, keep_years = 10")
    assert kept_until(date(2026, 3, 20), 3) == kept_until(date(2026, 3, 20))


@pytest.mark.parametrize("least", [0, 3, 10])
@pytest.mark.parametrize("on", [date(2036, 2, 29), date(2036, 3, 1), date(2034, 2, 28), date(2035, 12, 31)])
def test_the_quick_first_look_overlooks_nobody(on, least):
    _overlooks_nobody(on, least)


def test_the_quick_first_look_overlooks_nobody_whom_a_younger_rule_does_not_bind(monkeypatch):
    ten = STATUTES[0]._replace(since=date(2030, 1, 1), years=10)
    monkeypatch.setattr(retention, "STATUTES", (*STATUTES, ten))
    _overlooks_nobody(date(2035, 12, 31), 0)


def _overlooks_nobody(on, least):
    for days in range(1, 12 * 366):
        last = on - timedelta(days)
        if kept_until(last, least).until < on:
            assert last <= may_be_over(on, least)
