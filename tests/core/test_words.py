"""Words of closed lists have no order."""

from __future__ import annotations

import pytest

from revrec.core.bundle import Status
from revrec.core.policy import Recognition


@pytest.mark.parametrize("compare", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_no_word_comes_before_another(compare):
    assert getattr(Status.OPEN, compare)(Status.VOIDED) is NotImplemented


def test_to_ask_which_word_is_first_is_a_mistake():
    with pytest.raises(TypeError, match="not supported between instances of 'Recognition'"):
        sorted(Recognition)


def test_a_word_is_the_text_that_files_have():
    assert Recognition("at_purchase") is Recognition.AT_PURCHASE == "at_purchase"
