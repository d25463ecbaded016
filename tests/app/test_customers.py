"""What a customer owes is the ledger's balance, and the statement says so."""

from __future__ import annotations

from datetime import date

import pytest

from revrec.app import bundles, customers, report

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
    before, waiting = customers.statement(ws, "C-1", date(2026, 3, 8)).charges
    (after,) = customers.statement(ws, "C-1", ON).charges
    assert (before.what, before.amount) == ("PSY-10: 10 sessions", 50_000)
    assert (waiting.what, waiting.amount) == ("of its price, not due yet", -50_000)
    assert (after.what, after.amount) == ("PSY-10: 10 sessions, voided", None)


TAX_21 = """
[[tax]]
id = "es-21"
category = "S"
rate = "21"
"""


def totals(shown):
    return sum(row.amount or 0 for row in shown.charges), sum(row.amount or 0 for row in shown.payments)


def ties(ws, customer, day):
    """The rows of a statement add up to what the ledger says of the customer."""
    shown = customers.statement(ws, customer, day)
    roles = ("receivable", "contract-asset", "receivable-disputed", "customer-credit", "customer-deposit", "refunds-payable")
    ledger = sum(
        leg.amount
        for entry in ws.store.entries(date_to=day)
        for leg in entry.postings
        if leg.role in roles and (leg.customer or entry.customer) == customer
    )
    charged, paid = totals(shown)
    assert charged - paid == shown.balance.net == ledger, (customer, day, text(shown))
    return [(row.id, row.what, row.amount) for row in shown.charges], [(row.id, row.what, row.amount) for row in shown.payments]


def test_a_taxed_visit_is_charged_at_what_the_customer_owes(desk, opened):
    (desk.root / "policy.toml").write_text((desk.root / "policy.toml").read_text("utf-8") + TAX_21, "utf-8")
    desk("2026-03-05", "session.completed", session="V-1", customer="C-1", service="coaching", price="60.00", tax="es-21")
    charges, payments = ties(opened(desk), "C-1", ON)
    assert charges == [("V-1", "one-off visit", 6000)]
    assert payments == []


def test_credit_applied_and_tax_kept_back_are_on_the_statement(desk, opened):
    desk("2026-03-01", "payment.received", payment="P-1", customer="C-1", amount="30.00", method="cash")
    desk("2026-03-02", "bundle.sold", bundle="B-1", package="PSY-10", customer="C-1")
    desk("2026-03-03", "credit.applied", customer="C-1", bundle="B-1", amount="30.00")
    desk(
        "2026-03-04",
        "payment.received",
        payment="P-2",
        bundle="B-1",
        amount="400.00",
        withheld="70.00",
        method="transfer",
        payer="C-1",
    )
    charges, payments = ties(opened(desk), "C-1", ON)
    assert charges == [("B-1", "PSY-10: 10 sessions", 50_000)]
    assert payments == [
        ("P-1", "payment on account (cash)", 3000),
        ("e3", "30.00 of credit applied to B-1", None),
        ("P-2", "payment (transfer)", 40_000),
        ("P-2", "income tax that the payer kept back", 7000),
    ]


def test_an_upgrade_counts_the_unused_part_of_the_old_bundle(sold, opened):
    sold("2026-03-22", "bundle.upgraded", bundle="B-1", to_bundle="B-2", mode="new_pack", units="20", price="900.00")
    charges, _ = ties(opened(sold), "C-1", ON)
    assert charges == [
        ("B-1", "PSY-10: 10 sessions", 50_000),
        ("B-2", "PSY-10: 20 sessions", 90_000),
        ("B-2", "unused part of B-1", -40_000),
        ("B-2", "of its price, not due yet", -50_000),
    ]


def test_whatever_happens_the_rows_add_up_to_the_balance(sold, opened):
    visit = {"customer": "C-1", "service": "psychology", "tax": "es-health"}
    sold("2026-03-21", "bundle.price_reduced", bundle="B-1", amount="50.00", reason="a complaint")
    sold("2026-03-21", "credit.granted", customer="C-1", amount="10.00", reason="the wait")
    sold("2026-03-22", "deposit.received", deposit="D-1", customer="C-1", amount="40.00", method="card")
    sold("2026-03-22", "deposit.received", deposit="D-2", customer="C-1", amount="20.00", method="card")
    sold("2026-03-23", "deposit.forfeited", deposit="D-2", reason="no show")
    sold("2026-03-23", "bundle.sold", bundle="B-2", package="PSY-10", customer="C-1")
    sold("2026-03-23", "deposit.applied", deposit="D-1", bundle="B-2")
    sold("2026-03-23", "payment.received", payment="P-2", bundle="B-2", amount="200.00", method="card", payer="C-2")
    sold("2026-03-24", "session.completed", session="S-3", bundle="B-2", quantity="12")
    sold("2026-03-24", "session.completed", session="V-1", price="60.00", **visit)
    sold("2026-03-25", "chargeback.opened", payment="P-2", amount="200.00", fee="15.00")
    sold("2026-03-26", "receivable.written_off", customer="C-1", amount="60.00", reason="insolvency")
    sold("2026-03-27", "refund.issued", refund="R-1", bundle="B-1")
    sold("2026-03-28", "refund.settled", refund="R-1", method="transfer")
    sold("2026-03-28", "session.cancelled", session="S-4", bundle="B-2", notice_hours="2")
    sold("2026-03-29", "bundle.sold", bundle="B-3", package="PSY-10", customer="C-1")
    sold("2026-03-29", "session.completed", session="S-5", bundle="B-3")
    sold("2026-03-30", "bundle.transferred", bundle="B-3", to_customer="C-2")
    ws = opened(sold)
    for day in range(1, 32):
        for customer in ("C-1", "C-2"):
            if day > 1:
                ties(ws, customer, date(2026, 3, day))


PAYERS = [{"customer": "INS", "amount": "400.00"}, {"customer": "C-1", "amount": "100.00"}]


@pytest.fixture
def insured(desk):
    """B-1 of C-1, of which an insurer pays 400.00: four sessions, 40.00 paid by C-1, 100.00 by the insurer."""
    desk("2026-03-02", "bundle.sold", bundle="B-1", package="PSY-10", customer="C-1", payers=PAYERS)
    for number in range(1, 5):
        desk(f"2026-03-{number + 2:02}", "session.completed", session=f"S-{number}", bundle="B-1")
    desk("2026-03-10", "payment.received", payment="P-1", bundle="B-1", amount="40.00", method="card")
    desk("2026-03-11", "payment.received", payment="P-2", bundle="B-1", amount="100.00", method="transfer", payer="INS")
    return desk


def adds_up(ws, customer, day=ON):
    shown = customers.statement(ws, customer, day)
    charged, paid = totals(shown)
    assert charged - paid == shown.balance.net, text(shown)
    return shown


def test_each_payer_of_a_bundle_owes_his_part_and_is_named_to_the_other(insured, opened):
    ws = opened(insured)
    mine, theirs = customers.balance(ws, "C-1", ON), customers.balance(ws, "INS", ON)
    assert (mine.amount_due, theirs.amount_due) == (0, 6_000)
    assert mine.to_json()["payers"] == [
        {"bundle": "B-1", "holder": "C-1", "customer": "INS", "agreed": "400.00", "paid": "100.00", "owed": "60.00"}
    ]
    assert "several payers: B-1 of C-1: INS 400.00 agreed, 100.00 paid, 60.00 owed" in text(theirs)
    assert customers.balance(ws, "INS", date(2026, 3, 3)).amount_due == 4_000
    assert customers.balance(ws, "INS", date(2026, 3, 2)).to_json()["amount_due"] == "0.00"


def test_the_statement_of_a_payer_has_the_part_that_is_due_and_what_was_paid_of_it(insured, opened):
    shown = adds_up(opened(insured), "INS")
    assert [(row.id, row.what, row.amount) for row in shown.charges] == [
        ("B-1", "due of the 400.00 agreed for C-1", 16_000),
    ]
    assert [(row.id, row.what, row.amount) for row in shown.payments] == [("P-2", "payment, for B-1", 10_000)]
    assert shown.sessions == ()


def test_the_statement_of_the_holder_says_what_others_owe_and_who_paid(insured, opened):
    shown = adds_up(opened(insured), "C-1")
    assert [(row.what, row.amount) for row in shown.charges] == [
        ("PSY-10: 10 sessions", 50_000),
        ("of its price, not due yet", -30_000),
        ("of its price, owed by INS", -6_000),
    ]
    assert [(row.what, row.amount) for row in shown.payments] == [
        ("payment (card)", 4_000),
        ("payment (transfer), by INS", 10_000),
    ]


def test_the_statements_of_all_payers_add_up_after_overpaying_credit_reversal_and_transfer(insured, opened):
    insured("2026-03-12", "payment.received", payment="P-3", bundle="B-1", amount="400.00", method="transfer", payer="INS")
    insured("2026-03-13", "payment.reversed", payment="P-2", reason="returned", approver="manager")
    insured("2026-03-14", "credit.applied", customer="INS", bundle="B-1", amount="40.00")
    insured("2026-03-15", "session.completed", session="S-9", bundle="B-1")
    insured("2026-03-16", "session.cancelled", session="S-10", bundle="B-1", notice_hours="2")
    insured("2026-03-20", "bundle.transferred", bundle="B-1", to_customer="C-2")
    insured("2026-03-21", "session.completed", session="S-11", bundle="B-1", quantity="5")
    ws = opened(insured)
    for day in range(3, 32):
        on = date(2026, 3, day)
        people = [each for each in ("C-1", "INS", "C-2") if each != "C-2" or day >= 20]
        found = [adds_up(ws, each, on).balance for each in people]
        entries = list(ws.store.entries(date_to=on))
        owed = sum(leg.amount for e in entries for leg in e.postings if leg.role in ("receivable", "contract-asset"))
        credit = -sum(leg.amount for e in entries for leg in e.postings if leg.role == "customer-credit")
        assert (sum(each.amount_due for each in found), sum(each.credit for each in found)) == (owed, credit)


def test_a_bundle_card_names_its_payers(insured, opened):
    card = bundles.show(opened(insured), "B-1", ON)
    assert "Payer      INS 400.00 agreed, 100.00 paid, 60.00 owed" in text(card)
    assert card.to_json()["payers"] == [
        {"customer": "INS", "agreed": "400.00", "paid": "100.00", "owed": "60.00"},
        {"customer": "C-1", "agreed": "100.00", "paid": "40.00", "owed": "0.00"},
    ]


def test_reports_name_each_payer(insured, opened):
    ws = opened(insured)
    for name in ("due", "receivables", "third-parties"):
        assert report.run(ws, name, date(2026, 1, 1), ON).tied
    due = report.run(ws, "due", ON, ON)
    assert {row[0] for row in due.rows} == {"INS"}
    assert sum(row[-1] for row in due.rows) == 6_000
    (operations,) = report.run(ws, "third-parties", date(2026, 1, 1), ON).rows
    assert operations[3] == "2 below the limit"


def test_every_statement_of_the_example_adds_up(example):
    people = sorted({bundle.customer for bundle in example.store.bundles()} | {each.id for each in example.store.customers()})
    for customer in people:
        ties(example, customer, date(2026, 6, 30))
