"""The rules in plain sentences: the version in force, its digest in every bundle, versions side by side."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from revrec.app import bundles, policies
from tests.app.conftest import POLICY

MARCH = date(2026, 3, 31)


def rewrite(desk, *changes):
    """The policy file with some text replaced, or more of it."""
    text = (desk.root / "policy.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (desk.root / "policy.toml").write_text(text, "utf-8")


def later(since, **values):
    """A later version of the standard policy."""
    table = POLICY[: POLICY.index("[[tax]]")].replace("2026-01-01", since)
    for key, value in values.items():
        lines = [line for line in table.splitlines() if not line.startswith(f"{key} =")]
        table = "\n".join([*lines, f"{key} = {value}"]) + "\n"
    return table


def test_the_digest_of_the_text_stands_in_every_bundle_sold_under_it(sold, opened):
    ws = opened(sold)
    shown = policies.show(ws, "standard", MARCH).to_json()
    assert shown["digest"] == hashlib.sha256(shown["text"].encode()).hexdigest()
    assert bundles.show(ws, "B-1", MARCH).to_json()["policy"] == {
        "id": "standard",
        "since": "2026-01-01",
        "digest": shown["digest"],
    }


def test_the_text_speaks_both_languages_to_customer_and_staff(sold, opened):
    text = "\n".join(policies.show(opened(sold), "standard", MARCH).lines())
    assert "Para el cliente" in text
    assert "El bono puede usarse durante 6 meses desde la venta" in text
    assert "For the practice" in text
    assert text.index("For the customer") < text.index("costs 20.00 EUR") < text.index("For the practice")
    assert "Policy standard@2026-01-01, under which bundles were sold" in text
    assert max(len(line) for line in text.splitlines()) <= 110


def test_one_language_may_be_asked_for_and_the_digest_stays(sold, opened):
    ws = opened(sold)
    english = policies.show(ws, "standard", MARCH, ("en",))
    assert not any("cliente" in line for line in english.lines())
    assert english.to_json()["digest"] == policies.show(ws, "standard", MARCH).to_json()["digest"]
    assert "es" not in english.to_json()["rules"][0]


def test_the_version_in_force_on_the_day_is_shown(desk, opened):
    rewrite(desk, ("[[tax]]", later("2026-07-01", refund='"none"') + "\n[[tax]]"))
    ws = opened(desk)
    before, after = (policies.show(ws, "standard", day) for day in (date(2026, 6, 30), date(2026, 7, 1)))
    assert (str(before.policy.since), str(after.policy.since)) == ("2026-01-01", "2026-07-01")
    assert before.to_json()["digest"] != after.to_json()["digest"]
    assert not after.pinned


def test_what_was_pinned_is_shown_and_what_the_file_says_instead(sold, opened):
    before = policies.show(opened(sold), "standard", MARCH).to_json()["digest"]
    rewrite(sold, ('refund_fee = "0.00"', 'refund_fee = "5.00"'), ('why = "Agreed for the tests"', 'why = "Agreed again"'))
    found = policies.show(opened(sold), "standard", MARCH)
    assert found.to_json()["digest"] == before
    assert 'refund_fee "0.00" -> "5.00"' in found.changed
    assert any("nothing more is sold under this version" in line for line in found.lines())


def test_a_pinned_version_that_the_file_lost_is_still_shown(sold, opened):
    rewrite(sold, ("2026-01-01", "2026-06-01"))
    ws = opened(sold)
    assert str(policies.show(ws, "standard", MARCH).policy.since) == "2026-01-01"
    assert [(str(v.since), v.pinned) for v in policies.versions(ws, "standard")] == [("2026-01-01", True), ("2026-06-01", False)]


def test_a_package_adds_its_own_sentences_outside_the_digest(sold, opened):
    ws = opened(sold)
    found = policies.show(ws, "standard", MARCH, package="PSY-10")
    assert "  package             9 sessions and 1 free of psychology for 500.00 EUR; one alone costs 60.00 EUR." in list(
        found.lines()
    )
    assert found.to_json()["package_rules"][-1]["rule"] == "package-branches"
    assert found.to_json()["digest"] == policies.show(ws, "standard", MARCH).to_json()["digest"]


def test_unknown_names_and_days_are_refused_with_a_hint(desk, opened):
    ws = opened(desk)
    with pytest.raises(policies.UnknownPolicy, match="there is no policy standrd; did you mean"):
        policies.show(ws, "standrd", MARCH)
    with pytest.raises(policies.UnknownPolicy, match="no version of policy standard is in force on 2025-12-31"):
        policies.show(ws, "standard", date(2025, 12, 31))
    with pytest.raises(policies.UnknownPolicy, match="package PSY-99"):
        policies.show(ws, "standard", MARCH, package="PSY-99")
    with pytest.raises(policies.UnknownPolicy, match="standard@2026-02-02"):
        policies.diff(ws, "standard@2026-01-01", "standard@2026-02-02")


def test_an_unfinished_policy_says_what_it_lacks(desk, opened):
    rewrite(desk, ('transfer = "any"\n', ""))
    ws = opened(desk)
    with pytest.raises(policies.UnfinishedPolicy, match="standard@2026-01-01 lacks transfer"):
        policies.show(ws, "standard", MARCH)
    assert any("lacks transfer" in line for line in policies.listing(ws).lines())


def test_the_list_names_versions_and_packages_that_override_them(sold, opened):
    rewrite(
        sold,
        ("[[tax]]", later("2026-07-01") + "\n[[tax]]"),
        ('service = "psychology"', 'service = "psychology"\nexpiry_months = 3'),
    )
    found = policies.listing(opened(sold)).to_json()
    assert [(row["since"], row["pinned"]) for row in found["policies"]] == [("2026-01-01", True), ("2026-07-01", False)]
    (override,) = found["overrides"]
    assert override == "package PSY-10@2026-01-01 overrides policy standard: expiry_months = 3, branches = bcn, mad"


def test_the_difference_of_two_versions_is_the_rules_that_changed(desk, opened):
    rewrite(desk, ("[[tax]]", later("2026-07-01", no_show='"waive"', grace_days="30") + "\n[[tax]]"))
    ws = opened(desk)
    found = policies.diff(ws, "standard@2026-01-01", "standard@2026-07-01")
    assert [rule["rule"] for rule in found.to_json()["rules"]] == ["expiry", "no-show"]
    assert "  + After its last day" not in "\n".join(found.lines())
    assert any(line.startswith("  - A session missed without a word uses one unit") for line in found.lines())
    assert any("package PSY-10@2026-01-01 overrides" in line for line in found.lines())


def test_versions_that_say_the_same_have_no_difference(desk, opened):
    rewrite(desk, ("[[tax]]", later("2026-07-01") + "\n[[tax]]"))
    found = policies.diff(opened(desk), "standard@2026-01-01", "standard@2026-07-01")
    assert found.rules == []
    assert next(iter(found.lines())) == "standard@2026-01-01 and standard@2026-07-01 say the same."
