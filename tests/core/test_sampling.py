"""A sample that everybody draws alike."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from revrec.core.sampling import Drawn, draw, rank

NAMES = st.lists(st.text(min_size=1), unique=True, max_size=60)


def test_the_rank_is_sha_256_of_seed_line_feed_and_id() -> None:
    """`printf '4711\\nS-0001' | sha256sum` says the same."""
    assert rank("4711", "S-0001") == "07e03e54c7aa1ed2adc95f602f4d10a42d42facce0abf593306525aa3f32dceb"


def test_the_lowest_ranks_are_drawn_lowest_first() -> None:
    names = [f"S-{number}" for number in range(100)]
    expected = sorted((hashlib.sha256(f"x\n{name}".encode()).hexdigest(), name) for name in names)[:5]
    assert draw(names, "x", 5) == tuple(Drawn(*each) for each in expected)


@given(NAMES, st.randoms(use_true_random=False), st.integers(0, 70))
def test_the_order_of_the_books_does_not_matter(names: list[str], shuffle: object, size: int) -> None:
    other = list(names)
    shuffle.shuffle(other)  # type: ignore[attr-defined]
    assert draw(names, "s", size) == draw(other, "s", size)
    assert len(draw(names, "s", size)) == min(size, len(names))


@given(NAMES)
def test_a_larger_sample_holds_the_smaller_one(names: list[str]) -> None:
    assert draw(names, "s", 40)[:7] == draw(names, "s", 7)


def test_another_seed_draws_another_sample() -> None:
    names = [f"S-{number}" for number in range(100)]
    assert draw(names, "1", 10) != draw(names, "2", 10)
