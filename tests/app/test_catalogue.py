"""What an event relied on is pinned; what was pinned stays; the settings that postings follow come back from their pin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from revrec import settings as configuration
from revrec.app.catalogue import PinningCatalogue, regime_of, settings_content
from revrec.app.replay import PinnedCatalogue
from revrec.core.errors import Refused
from revrec.core.policy import Regime
from revrec.settings import DatedShare, Settings, VatScheme
from revrec.store.format import pins_digest
from revrec.store.pins import Pins
from revrec.wire.policies import loads, restored
from tests.app.shelf import POLICY

DAY = date(2026, 3, 1)
LATER = date(2026, 7, 1)
TAXED = '\n[[tax]]\nid = "es-21"\ncategory = "S"\nrate = "21"\n'
RAISED = '\n[[tax]]\nid = "es-21"\nsince = 2026-07-01\ncategory = "S"\nrate = "23"\n'


def settings() -> Settings:
    table = {"time_zone": "Europe/Madrid", "currency": "EUR", "taxpayer": {"id": "ES-B64717838", "name": "Pruebas"}}
    return configuration.parse(table, root=Path(), environ={})


def pins() -> Pins:
    return Pins(lambda kind, content: restored(kind, content, "EUR"))


def catalogue(text: str, kept: Pins) -> PinningCatalogue:
    return PinningCatalogue(loads(text, "EUR"), kept, settings())


def derived(kept: Pins, seq: int, expected: str) -> PinnedCatalogue:
    found = PinnedCatalogue(kept, {pin.seq: pin for pin in kept.rows.values() if pin.kind == "settings"})
    found.begin(seq, expected)
    return found


def test_the_tax_of_a_tax_point_is_pinned_once():
    kept = pins()
    shelf = catalogue(POLICY + TAXED, kept)
    assert shelf.tax("es-21", DAY).percent == 2100
    relied, fresh = shelf.take(1)
    assert [(pin.kind, pin.id) for pin in relied] == [("settings", "settings-1"), ("tax", "es-21")]
    assert fresh == relied
    shelf.begin()
    shelf.tax("es-21", DAY)
    relied, fresh = shelf.take(2)
    assert [pin.id for pin in relied] == ["es-21"]
    assert fresh == []


def test_money_is_booked_at_the_pinned_rate_whatever_the_file_says_today():
    kept = pins()
    shelf = catalogue(POLICY + TAXED, kept)
    shelf.tax("es-21", DAY)
    shelf.take(1)
    changed = catalogue(POLICY + TAXED.replace('"21"', '"10"'), kept)
    assert changed.tax("es-21", DAY).rate == "21"
    with pytest.raises(Refused, match="tax es-21 differs from the version under which something was sold before"):
        changed.sellable("es-21", DAY)
    gone = catalogue(POLICY, kept)
    assert gone.tax("es-21", DAY).rate == "21"
    with pytest.raises(Refused, match="no tax es-21"):
        gone.sellable("es-21", DAY)
    with pytest.raises(Refused, match="no tax es-20"):
        gone.tax("es-20", DAY)


def test_a_new_rate_holds_from_its_day():
    shelf = catalogue(POLICY + TAXED + RAISED, pins())
    assert [shelf.tax("es-21", day).rate for day in (DAY, LATER)] == ["21", "23"]


def test_a_version_that_was_used_may_not_leave_the_file():
    kept = pins()
    shelf = catalogue(POLICY + TAXED + RAISED, kept)
    shelf.tax("es-21", DAY)
    shelf.tax("es-21", LATER)
    shelf.take(1)
    back = catalogue(POLICY + TAXED, kept)
    assert back.tax("es-21", LATER).rate == "23"
    assert back.sellable("es-21", DAY) == "S"
    with pytest.raises(Refused, match=r"tax es-21@2026-07-01, .* is gone from policy\.toml"):
        back.sellable("es-21", LATER)


def test_what_an_event_relied_on_is_found_again():
    """A sale that looks up more than its own terms, then a payment after the rate was raised."""
    kept = pins()
    shelf = catalogue(POLICY + TAXED + RAISED, kept)
    package = shelf.file.packages()[0]
    sold = shelf.terms(package, DAY)
    shelf.tax("es-21", DAY)
    sale, _ = shelf.take(1)
    shelf.begin()
    shelf.tax("es-21", LATER)
    payment, _ = shelf.take(2)

    first = derived(kept, 1, pins_digest(pin.digest for pin in sale))
    assert first.terms(package, DAY) == sold
    assert first.tax("es-21", DAY).rate == "21"
    assert [pin.digest for pin in first.relied()] == [pin.digest for pin in sale]
    second = derived(kept, 2, pins_digest(pin.digest for pin in payment))
    assert second.tax("es-21", LATER).rate == "23"
    assert [pin.digest for pin in second.relied()] == [pin.digest for pin in payment]
    with pytest.raises(Refused, match="no version of tax es-20 was pinned"):
        second.tax("es-20", LATER)


def _charging(policy: str, tax: str) -> str:
    """A policy of its own, which names the tax of fees."""
    written = POLICY[: POLICY.index("[[tax]]")].replace('"standard"', f'"{policy}"')
    return written + f'fee_tax = "{tax}"\n' + ('fee_tax_why = "Compensation"\n' if tax == "outside" else "")


def test_the_policy_that_names_the_tax_of_a_fee_under_none_is_pinned_and_found_again():
    """Another policy, pinned by a sale, names another tax by then."""
    kept = pins()
    two = POLICY + TAXED + _charging("own", "es-health") + '[[package]]\nid = "OWN-3"\n' + _package_rest("own")
    shelf = catalogue(two, kept)
    shelf.terms("OWN-3", DAY)
    shelf.take(1)
    shelf = catalogue(POLICY + TAXED + _charging("fees", "es-21"), kept)
    assert shelf.fee_tax(DAY) == "es-21"
    shelf.tax("es-21", DAY)
    relied, _ = shelf.take(2)
    assert [(pin.kind, pin.id) for pin in relied] == [("policy", "fees"), ("tax", "es-21")]

    again = derived(kept, 2, pins_digest(pin.digest for pin in relied))
    assert again.fee_tax(DAY) == "es-21"
    assert again.tax("es-21", DAY).rate == "21"
    assert [pin.digest for pin in again.relied()] == [pin.digest for pin in relied]


def _package_rest(policy: str) -> str:
    """All of the package of the tests but its head, under another policy."""
    whole = POLICY[POLICY.index("[[package]]") :]
    first = whole.split("[[package]]")[1]
    return first[first.index("since") :].replace('policy = "standard"', f'policy = "{policy}"')


def test_no_policy_names_the_tax_of_fees():
    kept = pins()
    shelf = catalogue(POLICY, kept)
    assert shelf.fee_tax(DAY) is None
    assert [pin.kind for pin in shelf.take(1)[0]] == ["settings"]
    assert derived(kept, 1, "").fee_tax(DAY) is None


def test_a_fee_outside_vat_pins_its_policy_alone():
    kept = pins()
    shelf = catalogue(POLICY + _charging("fees", "outside"), kept)
    assert shelf.fee_tax(DAY) == "outside"
    relied, _ = shelf.take(1)
    again = derived(kept, 1, pins_digest(pin.digest for pin in relied))
    assert again.fee_tax(DAY) == "outside"
    assert [pin.digest for pin in again.relied()] == [pin.digest for pin in relied]


def test_the_settings_that_postings_follow_are_pinned():
    plain = settings()
    assert set(orjson.loads(settings_content(plain))) == {"currency", "methods", "v", "zone"}
    cash = replace(plain, vat_scheme=VatScheme.CASH, vat_deductible=(DatedShare(DAY, Decimal("0.35")),))
    assert regime_of(orjson.loads(settings_content(cash))) == Regime(vat_cash=True, deductible=((DAY, 350_000),))
    assert regime_of(orjson.loads(settings_content(plain))) == Regime()
    kept = pins()
    assert [pin.id for pin in PinningCatalogue(loads(POLICY, "EUR"), kept, plain).take(1)[1]] == ["settings-1"]
    assert [pin.id for pin in PinningCatalogue(loads(POLICY, "EUR"), kept, cash).take(2)[1]] == ["settings-2"]
    assert PinningCatalogue(loads(POLICY, "EUR"), kept, cash).take(3) == ([], [])
