"""Units of different prices in one bundle, to the cent (IFRS 15.20-21; RICAC 5)."""

from __future__ import annotations

import pytest

from revrec.core.bundle import Bundle
from revrec.core.layers import added, blended, cut, layers_of, regrown, relaid
from revrec.core.units import UNIT
from tests.core.telling import house, sold, tell

ONE = ((10 * UNIT, 50000),)
THREE = ((3 * UNIT, 10000), (2 * UNIT, 7001), (4 * UNIT, 20003))


def bundle(layers=ONE, used: int = 0) -> Bundle:
    game = house()
    tell(game, sold())
    made = game.book.bundle("B-1")
    assert made is not None
    return relaid(made, layers)._replace(used=used)


def laid(made: Bundle) -> tuple[int, int, tuple[tuple[int, int], ...]]:
    """Whole units, price, and the layers in whole units."""
    return made.units // UNIT, made.price, tuple((units // UNIT, price) for units, price in layers_of(made))


def test_a_bundle_has_the_units_and_the_price_of_its_layers():
    assert laid(bundle()) == (10, 50000, ((10, 50000),))
    assert bundle().layers == ()
    assert laid(bundle(THREE)) == (9, 37004, ((3, 10000), (2, 7001), (4, 20003)))
    assert laid(bundle((*THREE, (0, 0)))) == laid(bundle(THREE))


@pytest.mark.parametrize(
    ("units", "price", "left"),
    [
        (4, 20003, (5, 17001, ((3, 10000), (2, 7001)))),
        (4, 20000, (5, 17004, ((3, 10000), (2, 7004)))),
        (1, 5001, (8, 32003, ((3, 10000), (2, 7001), (3, 15002)))),
        (5, 23504, (4, 13500, ((3, 10000), (1, 3500)))),
        (7, 30337, (2, 6667, ((2, 6667),))),
    ],
)
def test_units_are_cut_off_the_end_and_the_last_that_stay_take_the_difference(units, price, left):
    assert laid(cut(bundle(THREE), units * UNIT, price)) == left


def test_a_bundle_of_one_price_is_cut_to_what_stays():
    assert laid(cut(bundle(), 3 * UNIT, 15000)) == (7, 35000, ((7, 35000),))
    assert laid(cut(bundle(), 10 * UNIT, 50000)) == (0, 0, ((0, 0),))


def test_what_was_cut_off_grows_back_at_its_price():
    assert laid(regrown(bundle(), 3 * UNIT, 15001)) == (13, 65001, ((13, 65001),))
    assert laid(regrown(bundle(THREE), UNIT, 4999)) == (10, 42003, ((3, 10000), (2, 7001), (4, 20003), (1, 4999)))


def test_what_is_added_apart_comes_last():
    assert laid(added(bundle(), 2 * UNIT, 12001)) == (12, 62001, ((10, 50000), (2, 12001)))


def test_what_was_used_keeps_its_price_and_the_rest_has_one():
    assert laid(blended(bundle(used=4 * UNIT), 2 * UNIT, 6001)) == (12, 56001, ((4, 20000), (8, 36001)))
    assert laid(blended(bundle(THREE, 4 * UNIT), UNIT, -1001)) == (10, 36003, ((4, 13501), (6, 22502)))
    assert laid(blended(bundle(), 0, -100)) == (10, 49900, ((10, 49900),))


def test_of_two_equal_layers_the_last_is_cut():
    halves = ((3 * UNIT, 10000), (3 * UNIT, 10000))
    assert laid(cut(bundle(halves), 2 * UNIT, 6667)) == (4, 13333, ((3, 10000), (1, 3333)))
