"""The posting-rule book works every rule, every event and every choice that a posting depends on."""

from __future__ import annotations

import pytest

from docs.examples import EXAMPLES
from docs.generate import FAMILIES, posting_rules, worked_examples
from docs.worked import POLICY, Told, page_part, tell
from revrec.core import policy
from revrec.core.events import TYPES
from revrec.core.rules import RULES


@pytest.fixture(scope="module")
def stories() -> list[Told]:
    return [tell(example) for example in EXAMPLES]


CHOICES = {
    "recognition": policy.Recognition,
    "breakage": policy.Breakage,
    "obligation": policy.Obligation,
    "refund": policy.Refund,
    "refund_basis": policy.RefundBasis,
    "expiry_from": policy.ExpiryFrom,
    "expiry_kind": policy.ExpiryKind,
    "late_cancellation": policy.Charge,
    "no_show": policy.Charge,
    "bonus": policy.Bonus,
}


def test_every_rule_makes_an_entry_of_some_story(stories):
    assert set(RULES) - {rule for story in stories for rule in story.rules} == set()


def test_every_event_is_told(stories):
    assert set(TYPES) - {kind for story in stories for (_, kind, _), _ in story.steps} == set()


@pytest.mark.parametrize("key", CHOICES)
def test_every_choice_that_moves_a_posting_is_worked(key):
    worked = {str(example.policy.get(key, POLICY[key])) for example in EXAMPLES}
    assert worked == {choice.value for choice in CHOICES[key]}


def test_every_family_of_rules_has_a_title():
    assert {rule.partition(".")[0] for rule in RULES} <= FAMILIES.keys()


def test_the_page_says_the_facts_the_rules_and_the_numbers(stories):
    story = next(story for story in stories if story.example.title == "A session earns its share of the price")
    assert list(page_part(story))[-6:] == [
        "    payment.bundle: Dr bank 500.00; Cr contract-liability 500.00",
        "2026-01-12  session.completed  session S-1, bundle B-1",
        "    session.earned: Dr contract-liability 50.00; Cr revenue-package 50.00",
        "2026-01-19  session.completed  session S-2, bundle B-1",
        "    session.earned: Dr contract-liability 50.00; Cr revenue-package 50.00",
        "```",
    ]


def test_a_rule_leads_to_the_stories_that_work_it(stories, tmp_path):
    page = posting_rules(tmp_path, stories)
    section = page.partition("### `breakage.expiry`")[2].partition("\n### ")[0]
    assert "[bundle.expired](worked-examples.md#bundleexpired)" in section
    assert "## `bundle.expired`" in worked_examples(stories)
