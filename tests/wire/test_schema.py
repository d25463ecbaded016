"""The published schemas are those of the code."""

from __future__ import annotations

from revrec.core.events import TYPES
from revrec.wire.schema import drifted, event_schema


def test_the_schemas_have_not_drifted():
    assert drifted() == [], "run python -m revrec.wire.schema"


def test_every_type_of_this_release_has_its_schema():
    assert len(event_schema()["oneOf"]) == len(TYPES) - 1  # calendar.advanced is refused from outside
