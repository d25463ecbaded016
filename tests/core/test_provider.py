"""Providers' invoices and payments, in entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.book import Book
from revrec.core.events import Method, PaymentReceived, ProviderInvoiced, ProviderPaid, SessionCompleted, SessionReversed
from revrec.core.policy import Regime
from tests.core.practice import Practice, Shelf
from tests.core.telling import books, house, on, paid, refused, sold, tell, used

BEGUN = (sold(provider="PR-1"), paid())
COSTLY = used("S-1", "01-20", provider="PR-1", cost=2750)
VISIT = SessionCompleted("V-1", customer="C-1", service="yoga", price=4500, tax="es-health", provider="PR-1", cost=2000)


def invoiced(amount, day="01-31", provider="PR-1", **facts):
    return on(day, ProviderInvoiced(provider, amount, **facts), id="invoice")


def undone(session, day="02-01"):
    return on(day, SessionReversed(session))


def deducting(*shares):
    return Practice(Book(Shelf(), regime=Regime(deductible=shares)))


def test_an_invoice_is_cost_owed_less_what_is_kept_back_for_the_tax_office():
    assert books(invoiced(5500, withholding=825)) == [
        "2026-01-31 provider.invoiced  provider-cost 55.00  provider-payable -46.75  withholding-payable -8.25"
    ]


def test_vat_that_cannot_be_deducted_is_cost():
    assert books(invoiced(10000, tax_amount=2100)) == [
        "2026-01-31 provider.invoiced  provider-cost 121.00  provider-payable -121.00"
    ]


@pytest.mark.parametrize(
    ("day", "cost", "deducted"), [("2025-12-31", "121.00", None), ("01-01", "110.50", "10.50"), ("2027-01-01", "118.58", "2.42")]
)
def test_the_deductible_share_is_that_of_the_day_and_rounds_half_up(day, cost, deducted):
    game = deducting((date(2026, 1, 1), 500000), (date(2027, 1, 1), 115000))
    vat = f"vat-input {deducted}  " if deducted else ""
    assert (
        tell(game, invoiced(10000, day, tax_amount=2100))[0].partition("  ")[2]
        == f"provider-cost {cost}  {vat}provider-payable -121.00"
    )


def test_what_a_session_accrued_is_settled_by_its_invoice_so_that_the_cost_stands_once():
    assert books(COSTLY, invoiced(2800, session="S-1"), after=BEGUN) == [
        "2026-01-20 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-20 session.cost  session-cost 27.50  provider-payable -27.50",
        "2026-01-31 provider.invoiced  provider-cost 28.00  provider-payable 27.50  session-cost -27.50  provider-payable -28.00",
    ]


def test_so_is_what_a_visit_accrued():
    assert books(invoiced(2000, session="V-1"), after=(on("01-20", VISIT),)) == [
        "2026-01-31 provider.invoiced  provider-cost 20.00  provider-payable 20.00  session-cost -20.00  provider-payable -20.00"
    ]


def test_an_invoice_names_bundle_session_customer_and_provider():
    game = house()
    tell(game, *BEGUN, COSTLY, invoiced(2800, session="S-1"))
    entry = game.entries[-1]
    assert (entry.bundle, entry.session, entry.customer, entry.metadata) == ("B-1", "S-1", "C-1", (("provider", "PR-1"),))


def test_a_session_undone_before_its_invoice_owes_nothing_and_the_invoice_stands_alone():
    assert books(undone("S-1", "01-25"), invoiced(2800, session="S-1"), after=(*BEGUN, COSTLY))[-1] == (
        "2026-01-31 provider.invoiced  provider-cost 28.00  provider-payable -28.00"
    )
    assert books(undone("V-1", "01-25"), invoiced(2000, session="V-1"), after=(on("01-20", VISIT),))[-1] == (
        "2026-01-31 provider.invoiced  provider-cost 20.00  provider-payable -20.00"
    )


@pytest.mark.parametrize("session", ["S-1", "V-1"])
def test_a_session_undone_after_its_invoice_leaves_what_the_provider_is_owed(session):
    after = (*BEGUN, COSTLY, on("01-20", VISIT), invoiced(2800, session=session))
    (line,) = books(undone(session), after=after)
    assert "provider-payable" not in line
    assert "session-cost" not in line


def test_a_late_fact_leaves_an_invoiced_session_as_it_was():
    before = (*BEGUN, COSTLY, undone("S-1", "01-25"), invoiced(2800, session="S-1"))
    assert books(on("01-06", PaymentReceived("P-2", 100, Method.CASH, bundle="B-1")), after=before) == [
        "2026-01-06 payment.bundle  cash 1.00  customer-credit -1.00"
    ]


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (invoiced(2800, session="S-9"), "session S-9 is not known; record it first, or leave `session` out"),
        (invoiced(2800, provider="PR-2", session="S-1"), "session S-1 was delivered by provider PR-1, not by PR-2"),
        (invoiced(2800, provider="PR-0", session="S-1"), "session S-1 was delivered by provider PR-1, not by PR-0"),
        (invoiced(2800, "01-19", session="S-1"), "session S-1 is of 2026-01-20"),
        (invoiced(100, withholding=101), "the withholding of 1.01 EUR is more than the 1.00 EUR that provider PR-1 invoiced"),
    ],
)
def test_what_an_invoice_must_not_say(fact, why):
    assert refused(*BEGUN, COSTLY, fact).startswith(why)


def test_a_session_is_invoiced_once():
    again = invoiced(2800, session="S-1")._replace(id="again")
    assert refused(*BEGUN, COSTLY, invoiced(2800, session="S-1"), again).startswith(
        "the provider's invoice of session S-1 was recorded before"
    )


def test_a_provider_is_paid_from_the_account_of_the_method():
    assert books(on("02-05", ProviderPaid("PR-1", 4675, Method.TRANSFER))) == [
        "2026-02-05 provider.paid  provider-payable 46.75  bank -46.75"
    ]


def test_every_entry_that_moves_what_a_provider_is_owed_names_the_provider():
    game = house(principal=False, commission_rate=300000, commission_tax="no-tax")
    other = used("S-2", "01-21", provider="PR-2", cost=100)
    tell(game, *BEGUN, used("S-1", "01-20"), other, undone("S-2"), on("02-05", ProviderPaid("PR-1", 3500, Method.TRANSFER)))
    assert [(e.rule, dict(e.metadata).get("provider")) for e in game.entries] == [
        ("payment.bundle", None),
        ("session.earned", "PR-1"),
        ("session.earned", "PR-2"),
        ("session.cost", "PR-2"),
        ("session.reversed", "PR-2"),
        ("provider.paid", "PR-1"),
    ]


def test_the_provider_stands_beside_what_the_event_brings_along():
    game = house()
    event = game.event(ProviderInvoiced("PR-1", 100), date(2026, 1, 5))
    rec = replace(event, metadata=(("batch", "7"), ("provider", "somebody")))
    assert game.again([rec]) == [None]
    assert game.entries[0].metadata == (("batch", "7"), ("provider", "PR-1"))
