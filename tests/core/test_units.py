from __future__ import annotations

import pytest

from revrec.core.units import UNIT, Unit, minutes, quanta, round_up, text


def test_quantities_are_exact_to_six_decimals():
    assert quanta("1") == quanta(1) == UNIT
    assert quanta("0.000001") * 1_000_000 == UNIT
    with pytest.raises(ValueError, match="more than 6 decimals"):
        quanta("0.0000001")


def test_a_minute_of_an_hour_is_exact():
    assert 60 * minutes(Unit.HOUR, 1) == UNIT == minutes(Unit.MINUTE, 1)


@pytest.mark.parametrize(("count", "written"), [(7 * UNIT, "7"), (UNIT * 5 // 6, "0.8333"), (10 * UNIT, "10"), (0, "0")])
def test_people_read_at_most_four_decimals(count, written):
    assert text(count) == written


def test_time_is_rounded_up_to_the_step_and_sessions_are_not():
    assert round_up(minutes(Unit.HOUR, 46), Unit.HOUR, 15) == minutes(Unit.HOUR, 60)
    assert round_up(minutes(Unit.HOUR, 45), Unit.HOUR, 15) == minutes(Unit.HOUR, 45)
    assert round_up(quanta("0.5"), Unit.SESSION, 15) == quanta("0.5")
    assert round_up(quanta("12.34"), Unit.MONEY, 15) == quanta("12.34")
