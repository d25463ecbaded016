"""What a customer owes is the ledger's balance, and the statement says so."""

from __future__ import annotations

from datetime import date

import pytest

from revrec.app import customers

ON = date(2026, 3, 31)


def text(shown):
    return "\n".join(shown.lines())


def test_a_prepaid_customer_owes_nothing_and_the_statement_says_so(sold, opened):
    ws = opened(sold)
    found = customers.balance(ws, "C-1", ON).to_json()
    assert found["amount_due"] == "0.00"
    assert found["as_of"] == "2026-03-31"
    assert found["prepaid"] == [
        {"bundle": "B-1", "package": "PSY-10", "units": 8, "unit": "session", "value": "400.00", "expires_on": "2026-09-02"}
    ]
    assert "balance: 0.00 EUR, nothing is owed" in text(customers.statement(ws, "C-1", ON))


def test_what_is_owed_equals_the_entries_of_the_customer(desk, opened):
    desk("2026-03-02", "bundle.sold", bundle="B-1", package="PSY-10", customer="C-1")
    desk("2026-03-03", "session.completed", session="S-1", bundle="B-1")
    desk("2026-03-04", "session.cancelled", session="S-2", bundle="B-1", notice_hours="2")
    desk("2026-03-05", "session.completed", session="V-1", customer="C-1", service="psychology", price="60.00", tax="es-health")
    desk("2026-03-06", "session.completed", session="V-2", customer="C-2", service="psychology", price="60.00", tax="es-health")
    ws = opened(desk)
    due = customers.balance(ws, "C-1", ON)
    by_hand = sum(
        leg.amount
        for entry in ws.store.entries()
        for leg in entry.postings
        if (leg.customer or entry.customer) == "C-1" and leg.role in ("receivable", "contract-asset")
    )
    assert due.amount_due == by_hand == 5000 + 2000 + 6000
    assert "balance: 130.00 EUR, owed by the customer" in text(due)
    assert customers.balance(ws, "C-1", date(2026, 3, 3)).amount_due == 5000


def test_credit_is_money_held_for_the_customer(sold, opened):
    sold("2026-03-21", "payment.received", payment="P-2", customer="C-1", amount="30.00", method="cash")
    assert customers.balance(opened(sold), "C-1", ON).to_json()["credit"] == "30.00"


def test_a_transferred_bundle_is_prepaid_by_its_holder_of_the_day(sold, opened):
    sold("2026-03-25", "bundle.transferred", bundle="B-1", to_customer="C-2")
    ws = opened(sold)
    assert customers.balance(ws, "C-1", date(2026, 3, 24)).to_json()["prepaid_value"] == "400.00"
    assert customers.balance(ws, "C-1", ON).to_json()["prepaid"] == []
    assert customers.balance(ws, "C-2", ON).to_json()["prepaid_value"] == "400.00"
    assert "received by transfer" in text(customers.statement(ws, "C-2", ON))


def test_the_three_lists(sold, opened):
    sold("2026-03-22", "session.completed", session="V-1", customer="C-1", service="psychology", price="60.00", tax="es-health")
    sold("2026-03-22", "payment.received", payment="P-2", session="V-1", amount="60.00", method="card")
    sold("2026-03-23", "session.reversed", session="S-2", reason="another customer")
    sold("2026-04-02", "session.completed", session="S-9", bundle="B-1")
    found = customers.statement(opened(sold), "C-1", ON).to_json()
    assert [(row["id"], row["amount"]) for row in found["bundles"]] == [("B-1", "500.00"), ("V-1", "60.00")]
    assert [(row["id"], row["amount"]) for row in found["payments"]] == [("P-1", "500.00"), ("P-2", "60.00")]
    assert sorted(row["id"] for row in found["sessions"]) == ["S-1", "S-2", "S-2", "V-1"]
    assert found["amount_due"] == "0.00"


def test_the_statement_of_a_prepaid_session_shows_what_was_prepaid_and_nothing_due(sold, opened):
    row = customers.statement(opened(sold), "C-1", ON).sessions[0]
    assert (row.id, row.amount) == ("S-1", 0)
    assert "50.00 prepaid" in row.what


def test_an_unknown_customer_is_named(sold, opened):
    with pytest.raises(customers.UnknownCustomer, match="C-9"):
        customers.balance(opened(sold), "C-9", ON)


def test_what_all_customers_owe_and_have_prepaid_adds_up_to_the_ledger_on_any_day(example):
    people = sorted({bundle.customer for bundle in example.store.bundles()} | {each.id for each in example.store.customers()})
    for day in (date(2026, 2, 12), date(2026, 3, 15), date(2026, 3, 31), date(2026, 6, 30)):
        entries = list(example.store.entries(date_to=day))

        def ledger(*roles, entries=entries):
            return sum(leg.amount for entry in entries for leg in entry.postings if leg.role in roles)

        found = [customers.balance(example, each, day) for each in people]
        assert sum(each.amount_due for each in found) == ledger("receivable", "contract-asset"), day
        assert sum(each.credit for each in found) == -ledger("customer-credit"), day
        assert sum(one.value for each in found for one in each.prepaid) == -ledger("contract-liability"), day


def test_a_voided_sale_is_no_charge_from_that_day_on(desk, opened):
    desk("2026-03-02", "bundle.sold", bundle="B-1", package="PSY-10", customer="C-1")
    desk("2026-03-09", "bundle.voided", bundle="B-1", reason="the wrong button", approver="manager")
    ws = opened(desk)
    (before,) = customers.statement(ws, "C-1", date(2026, 3, 8)).charges
    (after,) = customers.statement(ws, "C-1", ON).charges
    assert (before.what, before.amount) == ("PSY-10: 10 sessions", 50_000)
    assert (after.what, after.amount) == ("PSY-10: 10 sessions, voided", None)
