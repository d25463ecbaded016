from __future__ import annotations

from datetime import date

import pytest

from revrec.core.journal import INCOME_ROLES, JournalEntry, Posting, Role, Unbalanced, balanced


def entry(*amounts):
    legs = tuple(Posting(Role.CONTRACT_LIABILITY, amount) for amount in amounts)
    return JournalEntry(1, date(2026, 1, 5), "e-1", "tests", "adjustment", legs)


def test_an_entry_balances_or_does_not_exist():
    assert balanced(entry(500, -200, -300)).number == 1
    with pytest.raises(Unbalanced, match=r"event e-1 \(adjustment\) is out of balance by 100 minor units"):
        balanced(entry(500, -400))


def test_every_role_of_income_is_a_role_of_the_chart():
    assert {Role(role) for role in INCOME_ROLES} == INCOME_ROLES
