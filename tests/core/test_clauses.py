"""The rules that people read: at most two sentences each, in both languages, and no two policies read the same."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from revrec.core import clauses
from revrec.core.policy import (
    OUTSIDE,
    WHOLE,
    Bonus,
    Breakage,
    Charge,
    ExpiryFrom,
    ExpiryKind,
    Invoicing,
    Modification,
    Obligation,
    Overage,
    Owner,
    Package,
    Policy,
    Recognition,
    Refund,
    RefundBasis,
    Sharing,
    Tax,
    Transfer,
    UnpaidUse,
)
from revrec.core.rules import RULES
from revrec.core.units import UNIT, Unit

STANDARD = Policy(
    id="standard",
    since=date(2026, 1, 1),
    recognition=Recognition.PER_SESSION,
    invoicing=Invoicing.AT_PURCHASE,
    refund=Refund.PRO_RATA,
    refund_basis=RefundBasis.CONTRACT,
    refund_window_days=0,
    refund_fee=0,
    expiry_months=6,
    expiry_from=ExpiryFrom.SALE,
    latest_start_months=0,
    expiry_kind=ExpiryKind.SOFT,
    grace_days=15,
    late_cancellation_minutes=24 * 60,
    late_cancellation=Charge.FEE,
    late_cancellation_fee=2000,
    no_show=Charge.DEDUCT,
    no_show_fee=2000,
    fee_tax=OUTSIDE,
    transfer=Transfer.FAMILY,
    sharing=Sharing.HOUSEHOLD,
    owner=Owner.CENTRE,
    modalities=("in_person", "online"),
    overage=Overage.CHARGE,
    unpaid_use=UnpaidUse.ALLOW,
    rounding_minutes=1,
)

shares = st.integers(0, WHOLE)
fees = st.integers(0, 99_999)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,5}", fullmatch=True)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy of one id and day; a key whose condition does not hold has its neutral value, as when it is pinned."""
    refund, starts, kind = (draw(st.sampled_from(choices)) for choices in (Refund, ExpiryFrom, ExpiryKind))
    breakage, principal = draw(st.sampled_from(Breakage)), draw(st.booleans())
    return Policy(
        id="standard",
        since=date(2026, 1, 1),
        recognition=draw(st.sampled_from(Recognition)),
        invoicing=draw(st.sampled_from(Invoicing)),
        refund=refund,
        refund_basis=draw(st.sampled_from(RefundBasis)),
        refund_window_days=draw(st.integers(0, 400)) if refund is Refund.WINDOW else 0,
        refund_fee=draw(fees),
        expiry_months=draw(st.integers(0, 36)),
        expiry_from=starts,
        latest_start_months=draw(st.integers(0, 36)) if starts is ExpiryFrom.FIRST_USE else 0,
        expiry_kind=kind,
        grace_days=draw(st.integers(0, 90)) if kind is ExpiryKind.SOFT else 0,
        late_cancellation_minutes=draw(st.integers(0, 5000)),
        late_cancellation=draw(st.sampled_from(Charge)),
        late_cancellation_fee=draw(fees),
        no_show=draw(st.sampled_from(Charge)),
        no_show_fee=draw(fees),
        fee_tax=draw(st.none() | ids | st.just(OUTSIDE)),
        transfer=draw(st.sampled_from(Transfer)),
        sharing=draw(st.sampled_from(Sharing)),
        owner=draw(st.sampled_from(Owner)),
        modalities=tuple(draw(st.lists(st.sampled_from(("in_person", "online")) | ids, min_size=1, max_size=3))),
        overage=draw(st.sampled_from(Overage)),
        unpaid_use=draw(st.sampled_from(UnpaidUse)),
        rounding_minutes=draw(st.integers(1, 1440)),
        breakage=breakage,
        expected_used=draw(shares) if breakage is Breakage.PROPORTIONAL else WHOLE,
        obligation=draw(st.sampled_from(Obligation)),
        refund_expected=draw(shares),
        principal=principal,
        commission_rate=0 if principal else draw(shares),
        commission_tax=None if principal else draw(ids),
        modification=draw(st.sampled_from(Modification)),
        bonus=draw(st.sampled_from(Bonus)),
    )


KEYS = [field.name for field in fields(Policy) if field.name not in ("id", "since")]


@settings(max_examples=300, deadline=None)
@given(one=policies(), other=policies(), keys=st.sets(st.sampled_from(KEYS), min_size=1, max_size=3))
def test_two_different_policies_never_give_the_same_text_in_either_language(one, other, keys):
    mixed = _neutral(replace(one, **{key: getattr(other, key) for key in keys}))
    for changed in (other, mixed):
        assume(changed != one)
        assert clauses.text(changed, "EUR") != clauses.text(one, "EUR")
        assert clauses.digest(changed, "EUR") != clauses.digest(one, "EUR")


def _neutral(policy: Policy) -> Policy:
    """The policy with every key that does not apply at its neutral value."""
    return replace(
        policy,
        refund_window_days=policy.refund_window_days if policy.refund is Refund.WINDOW else 0,
        latest_start_months=policy.latest_start_months if policy.expiry_from is ExpiryFrom.FIRST_USE else 0,
        grace_days=policy.grace_days if policy.expiry_kind is ExpiryKind.SOFT else 0,
        expected_used=policy.expected_used if policy.breakage is Breakage.PROPORTIONAL else WHOLE,
        commission_rate=0 if policy.principal else policy.commission_rate,
        commission_tax=None if policy.principal else policy.commission_tax,
    )


@settings(max_examples=200, deadline=None)
@given(one=policies(), other=policies(), key=st.sampled_from(KEYS))
def test_a_key_changes_the_words_of_the_rules_that_name_it_and_no_other(one, other, key):
    changed = replace(one, **{key: getattr(other, key)})
    before, after = clauses.clauses(one, "EUR"), clauses.clauses(changed, "EUR")
    for was, becomes in zip(before, after, strict=True):
        assert was.words == becomes.words or key in was.keys, was.rule


@settings(max_examples=200, deadline=None)
@given(policy=policies())
def test_no_rule_takes_more_than_two_sentences(policy):
    for clause in clauses.clauses(policy, "EUR"):
        for said in clause.words:
            assert 1 <= len(re.findall(r"\.(?:\s|$)", said)) <= 2, said
            assert said.endswith(".")
            assert "  " not in said


def test_every_key_of_a_policy_is_said_by_exactly_one_rule():
    said = [key for clause in clauses.clauses(STANDARD, "EUR") for key in clause.keys]
    assert sorted(said) == sorted(KEYS)


def test_the_words_of_the_standard_policy():
    found = {clause.rule: clause.words for clause in clauses.clauses(STANDARD, "EUR")}
    assert found["expiry"].en == (
        "The bundle may be used for 6 months from the sale; what is not used in time is lost. "
        "After its last day 15 days of grace follow."
    )
    assert found["late-cancellation"].es == (
        "La sesión anulada con menos de 24 horas de antelación cuesta 20,00 EUR y no consume la unidad. "
        "Con esa antelación o más, anular es gratis."
    )
    assert found["no-show"].en == "A session missed without a word uses one unit (the fee of 20.00 EUR is not charged)."
    assert found["modality"].es == "Las sesiones pueden hacerse en persona o por internet."


def test_time_and_shares_are_written_exactly():
    assert clauses.percent(900_000) == ("90 %", "90 %")
    assert clauses.percent(125_001) == ("12.5001 %", "12,5001 %")
    assert clauses.percent(0).en == "0 %"
    later = replace(STANDARD, late_cancellation_minutes=90)
    notice = next(c.words for c in clauses.clauses(later, "EUR") if c.rule == "late-cancellation")
    assert "less than 1 hour and 30 minutes of notice" in notice.en
    assert "menos de 1 hora y 30 minutos de antelación" in notice.es


def test_the_wording_of_an_edition_does_not_change():
    """A digest was printed on invoices: whoever mends a sentence must begin a new EDITION, and then this digest too."""
    assert clauses.EDITION == "A"
    assert clauses.digest(STANDARD, "EUR") == PINNED
    assert hashlib.sha256(_every_sentence().encode()).hexdigest() == SENTENCES


PINNED = "76ff8f21dfc571d5cdf93c2b8985b675a480a036dc31e6f3f661876f395371b0"
SENTENCES = "a07ab974b52182c31a1d80cbed4d3598d016c12f75172d4bcfeea1d6550f6227"


def _every_sentence() -> str:
    """Policies that together say every sentence there is."""
    choices = {"owner": Owner, "sharing": Sharing, "transfer": Transfer, "overage": Overage, "unpaid_use": UnpaidUse}
    choices |= {"invoicing": Invoicing, "recognition": Recognition, "modification": Modification, "bonus": Bonus}
    choices |= {"breakage": Breakage, "obligation": Obligation, "late_cancellation": Charge, "no_show": Charge}
    choices |= {"refund": Refund, "refund_basis": RefundBasis, "expiry_from": ExpiryFrom, "expiry_kind": ExpiryKind}
    every = [replace(STANDARD, **{key: value}) for key, values in choices.items() for value in values]
    none = replace(STANDARD, refund=Refund.NONE, refund_basis=RefundBasis.LIST, refund_fee=500, expiry_months=0)
    agent = replace(STANDARD, principal=False, commission_rate=300_000, commission_tax="es-21", refund_expected=50_000)
    first = replace(STANDARD, expiry_from=ExpiryFrom.FIRST_USE, latest_start_months=12, fee_tax="es-21", refund_fee=500)
    return "".join(clauses.text(policy, "EUR") for policy in (*every, none, agent, first, replace(STANDARD, fee_tax=None)))


def test_every_rule_has_a_title_in_both_languages():
    found = (*clauses.clauses(STANDARD, "EUR"), *clauses.of_package(PACKAGE, None, "EUR"))
    assert len({clause.title for clause in found}) == len(found)
    assert clauses.clauses(STANDARD, "EUR")[0].title == ("expiry", "caducidad")


PACKAGE = Package(
    "PSY-10", date(2026, 1, 1), "standard", "es-21", 9 * UNIT, UNIT, Unit.SESSION, 50_000, 6_000, "psychology", 3, ("bcn", "mad")
)


def test_a_package_says_what_it_adds_to_its_policy():
    tax = Tax("es-21", date(2026, 1, 1), "S", "21")
    found = {clause.rule: clause.words for clause in clauses.of_package(PACKAGE, tax, "EUR")}
    assert found["package"].en == "9 sessions and 1 free of psychology for 500.00 EUR; one alone costs 60.00 EUR."
    assert found["package-tax"].es == "El precio incluye el impuesto es-21 (21 %, S)."
    assert found["package-expiry"].en == "Instead of the policy's, this package has an expiry of 3 months."
    assert found["package-branches"].es == "Solo puede usarse en bcn o mad."


def test_a_package_without_overrides_says_none():
    plain = replace(PACKAGE, expiry_months=None, branches=None)
    assert [clause.rule for clause in clauses.of_package(plain, None, "EUR")] == ["package", "package-tax"]


@pytest.mark.parametrize("rule", RULES)
def test_what_decides_a_posting_rule_is_a_rule_of_the_policy(rule):
    known = {clause.rule for clause in clauses.clauses(STANDARD, "EUR")}
    assert known.issuperset(clauses.deciding(rule))


def test_a_posting_rule_names_its_own_deciding_rules_before_those_of_its_family():
    assert clauses.deciding("session.no-show") == ("no-show", "late-cancellation")
    assert clauses.deciding("breakage.expiry") == ("expiry", "breakage")
    assert clauses.deciding("adjustment") == ()


def test_a_customer_reads_what_binds_the_customer_and_staff_read_the_rest():
    found = clauses.clauses(STANDARD, "EUR")
    assert [clause.rule for clause in found if not clause.staff] == [
        "expiry",
        "refund",
        "late-cancellation",
        "no-show",
        "transfer",
        "sharing",
        "provider",
        "modality",
        "overage",
        "unpaid-use",
        "rounding",
        "top-up",
        "invoicing",
    ]
    assert [clause.rule for clause in found if clause.staff] == [
        "revenue",
        "free-units",
        "breakage",
        "price-due",
        "refund-liability",
        "agent",
        "fee-tax",
    ]
