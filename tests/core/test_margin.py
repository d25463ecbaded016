"""Margins: every role of income and expense has its part, and the parts add up to the result of the ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revrec.core.journal import Role
from revrec.core.margin import PART_OF, Part, margin_of, roles_of, total
from revrec.core.tally import RESULT

balances = st.dictionaries(st.sampled_from(sorted(RESULT)), st.integers(-(10**12), 10**12))


def test_every_role_of_income_and_expense_has_one_part():
    assert PART_OF.keys() == RESULT
    assert frozenset().union(*map(roles_of, Part)) == RESULT


@pytest.mark.parametrize(
    ("roles", "margin", "share", "result"),
    [
        ({Role.REVENUE_PACKAGE: -10_000, Role.PROVIDER_COST: 4_000}, 6_000, 6_000, 6_000),
        ({Role.REVENUE_SINGLE: -10_000, Role.REFUND_CONTRA: 2_000, Role.PSP_FEES: 10_000}, -2_000, -2_500, -2_000),
        ({Role.REVENUE_PACKAGE: -10_000, Role.BREAKAGE: -500}, 10_000, 10_000, 10_500),
        ({Role.SESSION_COST: 300}, -300, None, -300),
        ({}, 0, None, 0),
    ],
)
def test_a_margin_is_income_less_cost_breakage_apart(roles, margin, share, result):
    found = margin_of(roles)
    assert (found.margin, found.share, found.result) == (margin, share, result)


@given(st.lists(balances, max_size=5))
def test_the_groups_together_are_the_result_of_the_ledger(groups):
    whole = total(margin_of(group) for group in groups)
    assert whole.result == -sum(sum(group.values()) for group in groups)
    assert whole.margin == whole.result - whole.of(Part.BREAKAGE)
    if whole.share is not None:
        assert (whole.share < 0) <= (whole.margin < 0)
