"""TOML in, terms or a message out."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from revrec.core.errors import Refused
from revrec.core.policy import (
    Bonus,
    Breakage,
    Charge,
    Modification,
    Obligation,
    Package,
    Recognition,
    Refund,
    Tax,
    Voucher,
)
from revrec.core.units import quanta
from revrec.wire.errors import PolicyUnreadable
from revrec.wire.policies import load, loads, restored

SAMPLE = """
[[policy]]
id = "standard"
since = 2026-01-01
why = "Agreed by the centre on 2025-12-15"
recognition = "per_session"
breakage = "at_expiry"
obligation = "cancellable"
invoicing = "at_purchase"
refund = "pro_rata"
refund_basis = "contract"
refund_expected = "0.00"
refund_fee = "0.00"
expiry_months = 6
expiry_from = "sale"
expiry_kind = "hard"
late_cancellation_hours = 24
late_cancellation = "deduct"
late_cancellation_fee = "0.00"
no_show = "deduct"
transfer = "family"
sharing = "household"
owner = "centre"
principal = true
modalities = ["in_person", "online"]
modification = "auto"
bonus = "equal"
overage = "charge"
unpaid_use = "allow"
rounding_minutes = 1

[[tax]]
id = "es-health"
category = "E"
rate = "0"
exemption = "VATEX-EU-132-1C"

[[tax]]
id = "es-21"
category = "S"
rate = "21"
voucher = "single"
invoice_duty = true
simplified_limit = "400.00"

[[package]]
id = "PSY-10"
since = 2026-01-01
name = { es = "Bono 10", en = "10 sessions" }
policy = "standard"
tax = "es-health"
units = 10
unit = "session"
price = "500"
list_price = "60.00"
service = "psychology"
branches = ["bcn", "mad"]
"""
DAY = date(2026, 3, 1)


AGENT = 'principal = false\ncommission_rate = "0.30"\ncommission_tax = "es-21"'
LATE = """
[[tax]]
id = "late"
since = 2026-06-01
category = "S"
rate = "21"
"""


def pairwise_of(words):
    return zip(words[::2], words[1::2], strict=True)


def changed(*changes):
    text = SAMPLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_terms_of_a_sale():
    terms = loads(SAMPLE, "EUR").terms("PSY-10", DAY)
    assert terms.key == "PSY-10@2026-01-01/standard@2026-01-01/es-health@0001-01-01"
    assert terms.package == Package(
        "PSY-10",
        date(2026, 1, 1),
        "standard",
        "es-health",
        quanta(10),
        0,
        terms.package.unit,
        50_000,
        6_000,
        "psychology",
        None,
        ("bcn", "mad"),
    )
    assert (terms.policy.refund, terms.policy.late_cancellation_minutes, terms.policy.no_show) == (
        Refund.PRO_RATA,
        1440,
        Charge.DEDUCT,
    )


def test_the_newest_version_not_after_the_day():
    table = SAMPLE.partition("[[tax]]")[0]
    file = loads(SAMPLE + table.replace("2026-01-01", "2026-03-01").replace("expiry_months = 6", "expiry_months = 3"), "EUR")
    assert [file.terms("PSY-10", day).policy.expiry_months for day in (date(2026, 2, 28), DAY)] == [6, 3]
    assert [table.version for table in file.policies("standard")] == ["standard@2026-01-01", "standard@2026-03-01"]


def test_what_is_pinned_leaves_out_why_and_name_and_comes_back():
    file = loads(SAMPLE, "EUR")
    edited = loads(
        changed(("Agreed by the centre", "Agreed by all"), ("Bono 10", "Diez"), ('price = "500"', 'price = "500.00"')), "EUR"
    )
    terms = file.terms("PSY-10", DAY)
    for kind, version in (("policy", terms.policy), ("package", terms.package), ("tax", terms.tax)):
        pinned = file.canonical(kind, f"{version.id}@{version.since}")
        assert b"why" not in pinned
        assert b"name" not in pinned
        assert pinned == edited.canonical(kind, f"{version.id}@{version.since}")
        assert restored(kind, pinned, "EUR") == version


def test_a_changed_rule_is_another_pin_and_a_key_without_effect_is_none():
    before = loads(SAMPLE, "EUR").canonical("policy", "standard@2026-01-01")
    assert loads(changed(("expiry_months = 6", "expiry_months = 7")), "EUR").canonical("policy", "standard@2026-01-01") != before
    idle = changed(
        ("rounding_minutes = 1", "rounding_minutes = 1\ngrace_days = 9\nlatest_start_months = 3\ncommission_rate = '0.3'")
    )
    assert loads(idle, "EUR").canonical("policy", "standard@2026-01-01") == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("overage =", "overrage ="), '[[policy]] standard, overrage: [[policy]] has no such key (did you mean "overage"?)'),
        (("[[tax]]", "[[taxes]]"), 'taxes: no such table (did you mean "tax"?)'),
        (('"per_session"', '"per_visit"'), '[[policy]] standard, recognition: "per_visit" is not one of the choices'),
        (("since = 2026-01-01", 'since = "2026-01-01"'), 'since: "2026-01-01" is not a date without quotation marks'),
        (("since = 2026-01-01", ""), "[[policy]] standard, since: missing"),
        (('refund_fee = "0.00"', "refund_fee = 1.5"), "[[policy]] standard, refund_fee: 1.5 is a floating point number"),
        (('refund_fee = "0.00"', 'refund_fee = "1.005"'), "[[policy]] standard, refund_fee: 1.005 has more than 2 decimals"),
        (('refund_expected = "0.00"', 'refund_expected = "1.5"'), "refund_expected: 1.5 is above 1"),
        (("expiry_months = 6", "expiry_months = -1"), "[[policy]] standard, expiry_months"),
        (("expiry_months = 6", 'expiry_months = "6"'), 'expiry_months: "6" is not a whole number'),
        (("principal = true", 'principal = "yes"'), 'principal: "yes" is not true or false'),
        (('"in_person", "online"', ""), "modalities"),
        (("rounding_minutes = 1", "rounding_minutes = 0"), "rounding_minutes"),
        (('policy = "standard"', 'policy = "standart"'), 'there is no policy "standart" (did you mean "standard"?)'),
        (('tax = "es-health"', 'tax = "es-heal"'), 'there is no tax "es-heal" (did you mean "es-health"?)'),
        (("rounding_minutes = 1", 'rounding_minutes = 1\nfee_tax = "es-22"'), 'fee_tax: there is no tax "es-22"'),
        (("units = 10", "units = 0"), "units: a package without units"),
        (("units = 10", 'units = "2.5"'), "units: 2.5 sessions (a whole number)"),
        (("[[tax]]", "[tax]"), "(at line 38, column 6)"),
        (("[[policy]]", "[[policy]"), "at line 2"),
        (('breakage = "at_expiry"', 'breakage = "remote"'), "while what is unused is refunded pro rata"),
        (('id = "es-21"', 'id = "es-health"'), "[[tax]] es-health: two versions (give"),
        (('refund_expected = "0.00"', 'refund_expected = "0.04"'), 'refund_expected = "0.04" while refund = "pro_rata" (above 0'),
        (('rate = "21"', 'rate = "0"'), "[[tax]] es-21, rate: category S has a rate above 0"),
        (('rate = "21"', 'rate = "21.125"'), "[[tax]] es-21, rate: 21.125 has more than two decimals"),
        (('rate = "0"', 'rate = "10"'), "[[tax]] es-health, rate: category E has no rate"),
        (('category = "E"', 'category = "X"'), '[[tax]] es-health, category: "X" is not one of the choices'),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole(change, message):
    with pytest.raises(PolicyUnreadable) as error:
        loads(changed(change), "EUR")
    assert message in str(error.value)


@pytest.mark.parametrize("category", ["Z", "E", "AE", "K", "G", "O"])
def test_categories_without_tax_need_no_exemption_code(category):
    text = changed(('category = "E"', f'category = "{category}"'), ('exemption = "VATEX-EU-132-1C"', ""))
    assert loads(text, "EUR").terms("PSY-10", DAY).tax.category == category


@pytest.mark.parametrize("category", ["L", "M"])
@pytest.mark.parametrize("rate", ["0", "7"])
def test_the_taxes_of_the_islands_and_the_towns(category, rate):
    text = changed(('category = "S"\nrate = "21"', f'category = "{category}"\nrate = "{rate}"'))
    assert loads(text, "EUR").tax("es-21", DAY).percent == int(rate) * 100


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (('"at_expiry"', '"proportional"\nexpected_used = "0.9"'), "while what is unused is refunded pro rata"),
        (
            ('"at_expiry"', '"remote"', '"pro_rata"', '"none"', "principal = true", AGENT),
            'breakage = "remote" while principal = false: refused for agents',
        ),
        (('"at_expiry"', '"proportional"\nexpected_used = "0"', '"pro_rata"', '"none"'), "expected_used: nothing is expected"),
    ],
)
def test_breakage_before_the_expiry_has_conditions(words, message):
    with pytest.raises(PolicyUnreadable) as error:
        loads(changed(*pairwise_of(words)), "EUR")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('refund = "pro_rata"', ""), "package PSY-10: policy standard@2026-01-01 lacks refund;"),
        (('refund = "pro_rata"', 'refund = "window"'), "lacks refund_window_days;"),
        (('expiry_kind = "hard"', 'expiry_kind = "soft"'), "lacks grace_days;"),
        (('refund_fee = "0.00"', 'refund_fee = "5.00"'), "lacks fee_tax;"),
        (("rounding_minutes = 1", 'rounding_minutes = 1\nfee_tax = "outside"'), "lacks fee_tax_why;"),
        (('"at_expiry"', '"proportional"', 'refund = "pro_rata"', 'refund = "none"'), "lacks expected_used;"),
        (("principal = true", "principal = false"), "lacks commission_rate, commission_tax;"),
        (("rounding_minutes = 1", 'rounding_minutes = 1\nfee_tax = "late"'), "tax late begins on 2026-06-01;"),
        (
            ("principal = true", 'principal = false\ncommission_rate = "0.3"\ncommission_tax = "late"'),
            "tax late begins on 2026-06-01; on 2026-03-01 none is in force",
        ),
    ],
)
def test_a_sale_is_refused_under_what_is_missing(change, message):
    file = loads(changed(*pairwise_of(change)) + LATE, "EUR")
    with pytest.raises(Refused) as error:
        file.terms("PSY-10", DAY)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("package", "day", "message"),
    [
        ("PSY-11", DAY, 'policy.toml has no package PSY-11; did you mean "PSY-10"?'),
        ("PSY-10", date(2025, 12, 31), "package PSY-10 begins on 2026-01-01; on 2025-12-31 none is in force"),
    ],
)
def test_a_package_that_is_not_on_sale(package, day, message):
    with pytest.raises(Refused) as error:
        loads(SAMPLE, "EUR").terms(package, day)
    assert str(error.value) == message


def test_the_tax_of_a_visit():
    file = loads(SAMPLE, "EUR")
    assert (file.sellable("es-health", DAY), file.sellable("es-21", DAY)) == ("E", "S")
    with pytest.raises(Refused, match='no tax es-20; did you mean "es-21"'):
        file.sellable("es-20", DAY)


def test_a_tax_with_all_its_keys():
    text = changed(('rate = "21"', 'rate = "21.5"'), ('voucher = "single"', 'voucher = "multi"'), ("duty = true", "duty = false"))
    tax = loads(text, "EUR").tax("es-21", DAY)
    assert tax == Tax("es-21", date.min, "S", "21.5", None, Voucher.MULTI, invoice_duty=False, simplified_limit=40_000)
    assert tax.percent == 2150
    health = loads(text, "EUR").tax("es-health", DAY)
    assert (health.voucher, health.invoice_duty, health.simplified_limit) == (Voucher.SINGLE, True, None)


def test_the_rate_is_that_of_the_tax_point():
    raised = '[[tax]]\nid = "es-21"\nsince = 2026-06-01\ncategory = "S"\nrate = "23"\n'
    file = loads(SAMPLE + raised, "EUR")
    assert [file.tax("es-21", day).rate for day in (date(2026, 5, 31), date(2026, 6, 1))] == ["21", "23"]


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (('recognition = "per_session"', 'recognition = "straight_line"'), "recognition", Recognition.STRAIGHT_LINE),
        (('"cancellable"', '"noncancellable"'), "obligation", Obligation.NONCANCELLABLE),
        (('bonus = "equal"', 'bonus = "last"'), "bonus", Bonus.LAST),
        (('"auto"', '"prospective"'), "modification", Modification.PROSPECTIVE),
        (('"at_expiry"', '"remote"', 'refund = "pro_rata"', 'refund = "none"'), "breakage", Breakage.REMOTE),
        (('"at_expiry"', '"proportional"\nexpected_used = "0.90"', '"pro_rata"', '"none"'), "expected_used", 900_000),
        (("principal = true", AGENT), "principal", False),
        (("principal = true", AGENT), "commission_rate", 300_000),
        (("principal = true", AGENT), "commission_tax", "es-21"),
        (
            (
                'refund = "pro_rata"',
                'refund = "window"\nrefund_window_days = 14',
                'refund_expected = "0.00"',
                'refund_expected = "0.04"',
            ),
            "refund_expected",
            40_000,
        ),
        (('recognition = "per_session"', 'recognition = "straight_line"', "months = 6", "months = 0"), "expiry_months", 0),
    ],
)
def test_every_choice_of_the_contract_is_sold(words, key, value):
    file = loads(changed(*pairwise_of(words)), "EUR")
    policy = file.terms("PSY-10", DAY).policy
    assert getattr(policy, key) == value
    assert restored("policy", file.canonical("policy", policy.version), "EUR") == policy


def test_what_the_first_release_pinned_is_pinned_alike():
    """Digests of the sample's rules as the first release wrote them: books kept with it find their versions again."""
    file = loads(SAMPLE, "EUR")
    versions = [("policy", "standard@2026-01-01"), ("package", "PSY-10@2026-01-01"), ("tax", "es-21@0001-01-01")]
    found = [sha256(file.canonical(*version)).hexdigest()[:16] for version in versions]
    assert found == ["48ff20a977a9e29a", "1423e6b2e0577f8a", "e588857f68ad6514"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("rounding_minutes = 1", "rounding_minutes = 0"), "rounding_minutes: 0 is too small (at least 1)"),
        (('["in_person", "online"]', "[]"), "modalities: the list is too short (at least 1)"),
        (('refund = "pro_rata"', 'refund = "perhaps"'), "refund:"),
        (('tax = "es-health"', 'tax = "es-heal"'), 'tax: there is no tax "es-heal"'),
        (("[[tax]]", "[[taxes]]"), "taxes: no such table"),
    ],
)
def test_a_mistake_is_named_with_its_line(change, message):
    text = changed(change)
    row = next(n for n, row in enumerate(text.splitlines(), 1) if change[1] in row)
    with pytest.raises(PolicyUnreadable) as error:
        loads(text, "EUR")
    assert any(f"policy.toml:{row}: " in line and message in line for line in str(error.value).splitlines())


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PolicyUnreadable, match="No such file"):
        load(tmp_path / "policy.toml", "EUR")


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[2].glob("docs/mappings/*-policy.toml")), ids=lambda path: path.stem
)
def test_the_policies_of_the_docs_are_complete(path):
    file = load(path, "EUR")
    for package in file.packages():
        assert file.terms(package, DAY)


CHARGING = SAMPLE[: SAMPLE.index("[[tax]]")].replace('"standard"', '"other"')
LATER = 'since = 2026-06-01\nfee_tax = "es-21"'


def test_the_policies_in_force_agree_on_the_tax_of_fees():
    """One that says nothing, or lacks a key, or begins later, has no say."""
    silent = loads(SAMPLE + CHARGING.replace("since = 2026-01-01", LATER), "EUR")
    assert [silent.fee_tax(date(2026, month, 1)) for month in (5, 6)] == [None, "es-21"]
    incomplete = CHARGING.replace('bonus = "equal"', 'fee_tax = "es-health"').replace('"other"', '"third"')
    assert loads(SAMPLE + CHARGING + 'fee_tax = "es-21"\n' + incomplete, "EUR").fee_tax(date(2026, 6, 1)) == "es-21"


def test_policies_that_name_different_taxes_of_fees_are_named():
    taxed = CHARGING + 'fee_tax = "es-21"\n'
    exempt = (CHARGING + 'fee_tax = "es-health"\n').replace('"other"', '"third"')
    with pytest.raises(Refused, match=r"2026-06-01 name different taxes .*other@2026-01-01 es-21, third@2026-01-01 es-health"):
        loads(SAMPLE + taxed + exempt, "EUR").fee_tax(date(2026, 6, 1))
