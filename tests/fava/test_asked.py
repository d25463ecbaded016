"""What stands in Fava's boxes, in the terms of the books."""

from __future__ import annotations

from datetime import date

import pytest

pytest.importorskip("fava")

from revrec.fava.asked import Asked, Part, asked

WORDS = [
    ("^bundle-B-1", {"bundle": "B-1"}),
    ("^invoice-F2026-000001", {"invoice": "F2026-000001"}),
    (r'bundle:"^B\-1$"', {"bundle": "B-1"}),
    ("session:S-7 customer:C-1", {"session": "S-7", "customer": "C-1"}),
    ("branch:'mad'", {"branch": "mad"}),
    ("", {}),
]


@pytest.mark.parametrize(("words", "terms"), WORDS)
def test_terms_that_name_one_thing_are_understood(words, terms):
    found = asked({"filter": words})
    assert found._asdict() | terms == found._asdict()
    assert found.rest == ()
    assert set(found.written) == set(terms)


@pytest.mark.parametrize(
    "words",
    ["coffee", "#manual", "^other-1", 'session:"S.*"', '"two words"', "payee:Ana", 'bundle:"(B-1|B-2)"'],
)
def test_other_words_are_kept_as_they_were_written(words):
    found = asked({"filter": f"branch:mad {words}"})
    assert (found.branch, found.rest) == ("mad", (words,))


@pytest.mark.parametrize("words", ["branch:mad, branch:bcn", "-branch:mad", "(branch:mad ^bundle-B-1)", "any(branch:mad)"])
def test_of_alternatives_and_negations_nothing_is_applied_rather_than_half(words):
    found = asked({"filter": words})
    assert found[:8] == Asked()[:8]
    assert found.rest == (words,)


def test_a_second_term_of_one_kind_is_left():
    found = asked({"filter": "branch:mad branch:bcn"})
    assert (found.branch, found.rest) == ("mad", ("branch:bcn",))


@pytest.mark.parametrize(
    ("time", "days"),
    [("2026-03", (date(2026, 3, 1), date(2026, 3, 31))), ("2026-02-10 - 2026-03-20", (date(2026, 2, 10), date(2026, 3, 20)))],
)
def test_both_days_of_a_period_count(time, days):
    assert asked({"time": time})[:2] == days


def test_a_time_that_is_none_is_said():
    assert asked({"time": "whenever"}).beyond(tuple(Part)) == ("whenever",)


def test_a_page_says_what_it_does_not_look_at():
    found = asked({"time": "2026", "account": "Assets", "filter": "branch:mad tea"})
    assert found.beyond((Part.TIME,)) == ("branch:mad", "Assets", "tea")
