"""Law and error codes as data: dated, with their sources, and none missing that the rules use."""

from __future__ import annotations

import inspect
import re
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest

from einvoice import chain
from einvoice.regimes.verifactu import codes, parties, rules, states
from einvoice.regimes.verifactu.codes import Effect, Environment, NoLaw


def test_every_version_of_the_law_names_its_article_and_whether_it_was_confirmed() -> None:
    for version in (*codes.laws(), *codes.rate_laws()):
        assert version.value
        assert version.article
        assert version.source
        assert isinstance(version.confirmed, bool)
        assert version.until is None or version.since <= version.until


def test_no_two_versions_of_a_value_are_in_force_at_once() -> None:
    for one, other in combinations(codes.laws(), 2):
        if one.name == other.name:
            earlier, later = sorted((one, other), key=lambda version: version.since)
            assert earlier.until
            assert earlier.until < later.since


def test_the_dates_on_which_the_duty_begins_are_data() -> None:
    assert codes.law("mandatory.corporation", date(2026, 11, 28)).value == "2027-01-01"
    assert codes.law("mandatory.other", date(2026, 11, 28)).value == "2027-07-01"
    assert not codes.law("mandatory.other", date(2026, 11, 28)).confirmed


def test_a_value_before_its_law_is_refused_by_name() -> None:
    with pytest.raises(NoLaw, match="simplified_limit had no value on 2012-12-31"):
        codes.law("simplified_limit", date(2012, 12, 31))
    with pytest.raises(NoLaw):
        codes.law("nothing", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 9, 30), {"0", "4", "5", "10", "21"}),
        (date(2024, 10, 1), {"0", "2", "4", "7.5", "10", "21"}),
        (date(2024, 12, 31), {"0", "2", "4", "7.5", "10", "21"}),
        (date(2025, 1, 1), {"0", "4", "10", "21"}),
    ],
)
def test_rates_change_on_their_day(day: date, expected: set[str]) -> None:
    assert codes.rates(day) == {Decimal(rate) for rate in expected}


@pytest.mark.parametrize(
    ("vatex", "cause"),
    [
        ("VATEX-EU-132-1C", "E1"),
        ("vatex-eu-132-1b", "E1"),
        ("VATEX-EU-135-1", "E1"),
        ("VATEX-EU-G", "E2"),
        ("VATEX-EU-148-A", "E3"),
        ("VATEX-EU-159", "E4"),
        ("VATEX-EU-IC", "E5"),
        ("VATEX-EU-79-C", "E6"),
        ("", None),
        ("art. 20", None),
    ],
)
def test_an_exemption_code_has_a_cause(vatex: str, cause: str | None) -> None:
    assert codes.exemption_cause(vatex) == cause


def test_every_error_code_that_the_program_names_is_explained() -> None:
    source = "".join(inspect.getsource(module) for module in (rules, parties, states, chain))
    named = set(re.findall(r'"(\d{4})"', source))
    assert len(named) > 40
    assert named <= set(codes.errors())


def test_every_error_has_both_languages_and_a_remedy_and_its_range_tells_its_effect() -> None:
    ranges = {"1": Effect.RECORD, "2": Effect.ACCEPTED, "4": Effect.MESSAGE}
    for code, error in codes.errors().items():
        assert error.code == code
        assert error.es
        assert error.en
        assert error.remedy
        assert error.effect is ranges.get(code[0], error.effect)
    assert codes.error("3000").effect is Effect.RECORD


@pytest.mark.parametrize(("code", "effect"), [("1999", Effect.RECORD), ("2999", Effect.ACCEPTED), ("4999", Effect.MESSAGE)])
def test_an_error_younger_than_the_list_is_told_by_its_range(code: str, effect: Effect) -> None:
    assert codes.error(code).effect is effect
    assert "AEAT" in codes.error(code).en


def test_each_environment_has_its_addresses_and_none_is_another_s() -> None:
    addresses = {codes.endpoint(place, seal=seal) for place in Environment for seal in (False, True)}
    assert len(addresses) == 4
    assert all(address.endswith("/VerifactuSOAP") for address in addresses)
    assert codes.qr_page(Environment.TEST) != codes.qr_page(Environment.PRODUCTION)
