from __future__ import annotations

from dataclasses import replace
from datetime import date

from revrec.core.policy import Terms, in_force
from tests.core.practice import PACKAGE, STANDARD, TAX

OLD, NEW = replace(STANDARD, since=date(2026, 1, 1)), replace(STANDARD, since=date(2026, 6, 1))


def test_the_newest_version_not_after_the_day_is_in_force():
    assert in_force([NEW, OLD], date(2026, 5, 31)) is OLD
    assert in_force([NEW, OLD], date(2026, 6, 1)) is NEW
    assert in_force([NEW, OLD], date(2025, 12, 31)) is None


def test_versions_are_named_by_id_and_first_day():
    assert NEW.version == "standard@2026-06-01"
    assert Terms(PACKAGE, NEW, TAX).key == "P10@2026-01-01/standard@2026-06-01/es-health@2026-01-01"
