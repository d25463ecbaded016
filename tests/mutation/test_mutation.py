"""The runner of the mutations: what it leaves alone, which tests it runs, what it draws; Cosmic Ray itself is not needed."""

from __future__ import annotations

import pytest

from tests.mutation.__main__ import ROOT, SLOW, Untested, drawn, score, stages

SOURCE = """\
if TYPE_CHECKING:
    import half
def half(number: int | None = 1, *, of: Kind) -> int | None:
    total: int | None = number
    return total | 2 if of is Kind.HALF and total is not whole else -f(*number)
"""
OR = "core/ReplaceBinaryOperator_BitOr_Add"
STAR = "core/ReplaceBinaryOperator_Mul_Div"
SAME = "core/ReplaceComparisonOperator_Is_Eq"
NOT_SAME = "core/ReplaceComparisonOperator_IsNot_NotEq"
LESS = "core/ReplaceComparisonOperator_Is_Lt"


@pytest.mark.parametrize(
    ("operator", "text", "left_out"),
    [
        ("core/AddNot", "TYPE_CHECKING", True),
        (OR, "| None = 1", True),
        ("core/NumberReplacer", "1, *", False),
        (STAR, "*, of", True),
        (OR, "| None:", True),
        (OR, "| 2", False),
        (SAME, "is Kind", True),
        (LESS, "is Kind", False),
        (NOT_SAME, "is not whole", False),
        (STAR, "*number", True),
        ("core/ReplaceUnaryOperator_Delete_USub", "-f", False),
    ],
)
def test_what_no_test_can_notice_is_left_out_and_nothing_else(operator, text, left_out):
    line = next(number for number, words in enumerate(SOURCE.splitlines(), 1) if text in words)
    start = line, SOURCE.splitlines()[line - 1].index(text)
    assert Untested.of(SOURCE).holds(operator, start) is left_out


def test_a_change_meets_the_tests_of_its_module_first_and_the_slow_ones_last():
    tests = ROOT / "tests" / "core"
    own, fast, slow = stages("money", tests)
    assert own == [str(tests / "test_money.py"), str(tests / "test_years.py")]
    assert fast == [str(tests), f"--ignore={tests / SLOW}"]
    assert slow == [str(tests / SLOW)]
    assert stages("post", tests)[0] == [str(tests / f"test_{name}.py") for name in ("late", "sessions", "years")]


def test_a_module_without_tests_of_its_own_meets_the_kept_books_and_the_others():
    tests = ROOT / "tests" / "core"
    assert [len(stage) for stage in stages("nowhere", tests)] == [1, 2, 1]
    assert stages("nowhere", tests)[0] == [str(tests / "test_years.py")]


def test_the_same_seed_draws_the_same_changes_and_nought_draws_all():
    items = range(1000)
    assert drawn(items, 10, 1) == drawn(items, 10, 1) != drawn(items, 10, 2)
    assert len(set(drawn(items, 10, 1))) == 10
    assert drawn(items, 0, 1) == drawn(items, 2000, 1) == list(items)


@pytest.mark.parametrize(("noticed", "tried", "words"), [(2, 3, "66.6 %"), (3, 3, "100.0 %"), (0, 0, "nothing tried")])
def test_the_score_is_never_rounded_up(noticed, tried, words):
    assert score(noticed, tried) == words
