"""Facts, terms and entries are values: nothing changes one that was made."""

from __future__ import annotations

from dataclasses import is_dataclass

import pytest

from revrec.core import events, findings, journal, policy, refund, report

CACHING = {"Tax", "Terms"}  # these keep what they computed once
VALUES = [
    kind
    for module in (events, findings, journal, policy, refund, report)
    for kind in vars(module).values()
    if is_dataclass(kind) and kind.__module__ == module.__name__
]


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_is_not_changed_and_takes_nothing_that_it_does_not_know(kind):
    assert kind.__dataclass_params__.frozen
    assert ("__slots__" in vars(kind)) is (kind.__name__ not in CACHING)


def test_every_type_of_fact_is_a_value():
    assert set(events.TYPES.values()) <= set(VALUES)
