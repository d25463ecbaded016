"""TOML in, terms or a message out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from revrec.core.errors import Refused
from revrec.core.policy import Charge, Package, Refund
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
    ],
)
def test_a_file_with_a_mistake_is_refused_whole(change, message):
    with pytest.raises(PolicyUnreadable) as error:
        loads(changed(change), "EUR")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('refund = "pro_rata"', ""), "package PSY-10: policy standard@2026-01-01 lacks refund;"),
        (('refund = "pro_rata"', 'refund = "window"'), "lacks refund_window_days;"),
        (('expiry_kind = "hard"', 'expiry_kind = "soft"'), "lacks grace_days;"),
        (('refund_fee = "0.00"', 'refund_fee = "5.00"'), "lacks fee_tax;"),
        (("rounding_minutes = 1", 'rounding_minutes = 1\nfee_tax = "outside"'), "lacks fee_tax_why;"),
        (
            ("rounding_minutes = 1", 'rounding_minutes = 1\nfee_tax = "es-21"'),
            "fee_tax: tax es-21 has category S: known, not built",
        ),
        (
            ('recognition = "per_session"', 'recognition = "straight_line"'),
            'chooses recognition = "straight_line": known, not built',
        ),
        (('"cancellable"', '"noncancellable"'), 'chooses obligation = "noncancellable"'),
        (('refund_expected = "0.00"', 'refund_expected = "0.04"'), 'chooses refund_expected = "0.04"'),
        (('bonus = "equal"', 'bonus = "last"'), 'chooses bonus = "last"'),
        (('tax = "es-health"', 'tax = "es-21"'), "tax es-21 has category S: known, not built in this release"),
        (
            ("principal = true", 'principal = false\ncommission_rate = "0.3"\ncommission_tax = "es-21"'),
            "chooses principal = false: known, not built",
        ),
    ],
)
def test_a_sale_is_refused_under_what_is_missing_or_not_built(change, message):
    file = loads(changed(change), "EUR")
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
    assert file.sellable("es-health", DAY) == "E"
    with pytest.raises(Refused, match="category S"):
        file.sellable("es-21", DAY)


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
