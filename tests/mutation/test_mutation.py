"""The runner of the mutations: what it leaves alone, which tests it runs, what it draws; Cosmic Ray itself is not needed."""

from __future__ import annotations

import pytest

from tests.mutation.__main__ import ROOT, SLOW, annotations, drawn, inside, score, stages

SOURCE = """\
def half(number: int | None = 1) -> int | None:
    total: int | None = number
    return total | 2
"""


@pytest.mark.parametrize(
    ("position", "a_type"),
    [((1, 17), True), ((1, 30), False), ((1, 40), True), ((2, 15), True), ((2, 27), False), ((3, 17), False)],
)
def test_types_are_left_alone_and_values_are_not(position, a_type):
    assert inside(position, annotations(SOURCE)) is a_type


def test_a_change_meets_the_tests_of_its_module_first_and_the_slow_ones_last():
    tests = ROOT / "tests" / "core"
    own, fast, slow = stages("money", tests)
    assert own == [str(tests / "test_money.py")]
    assert fast == [str(tests), f"--ignore={tests / SLOW}"]
    assert slow == [str(tests / SLOW)]
    assert stages("post", tests)[0] == [str(tests / "test_late.py"), str(tests / "test_sessions.py")]


def test_a_module_without_tests_of_its_own_meets_the_others():
    assert len(stages("nowhere", ROOT / "tests" / "core")) == 2


def test_the_same_seed_draws_the_same_changes_and_nought_draws_all():
    items = range(1000)
    assert drawn(items, 10, 1) == drawn(items, 10, 1) != drawn(items, 10, 2)
    assert len(set(drawn(items, 10, 1))) == 10
    assert drawn(items, 0, 1) == drawn(items, 2000, 1) == list(items)


@pytest.mark.parametrize(("noticed", "tried", "words"), [(2, 3, "66.6 %"), (3, 3, "100.0 %"), (0, 0, "nothing tried")])
def test_the_score_is_never_rounded_up(noticed, tried, words):
    assert score(noticed, tried) == words
