"""The curves of cohorts: inside the drawing, never falling, with labels that can be read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fava")

from revrec.fava.curves import curves

shares = st.lists(st.integers(0, 10_000), min_size=0, max_size=12).map(sorted)


def test_a_curve_begins_at_nothing_and_ends_where_the_cohort_is():
    drawn = curves([("2026-Q1", (2_500, 5_000, None)), ("2026-Q2", (10_000, *(None,) * 11))], 9_000, 8, 860, 320)
    first, second = drawn.lines
    half = (drawn.shares[0].at + drawn.shares[-1].at) / 2
    assert first.points.split()[0] == f"{drawn.left},{drawn.shares[0].at}"
    assert len(first.points.split()) == 3
    assert (first.share, first.y) == (5_000, half)
    assert second.y == drawn.shares[-1].at
    assert drawn.shares[-1].at < drawn.expected < half
    assert [line.tone for line in drawn.lines] == [6, 7]


def test_a_cohort_without_an_age_has_no_curve():
    assert curves([("2026-Q3", (None,) * 12)], None, 8, 400, 300).lines == ()


@given(st.lists(shares, max_size=8))
def test_curves_stay_inside_and_their_labels_apart(cohorts):
    drawn = curves([(str(place), each) for place, each in enumerate(cohorts)], None, 8, 400, 300)
    for line in drawn.lines:
        points = [tuple(map(float, point.split(","))) for point in line.points.split()]
        assert all(drawn.left <= x <= drawn.right + 0.1 and 0 <= y <= drawn.floor for x, y in points)
        heights = [y for _, y in points]
        assert heights == sorted(heights, reverse=True)
    labels = sorted(line.label_y for line in drawn.lines)
    assert all(later - earlier > 11.9 for earlier, later in pairwise(labels))
