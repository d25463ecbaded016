"""The five questions of a bundle, on any day, and its history."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from revrec.app import bundles, policies
from revrec.app.verify import verify
from revrec.core.book import Kind
from revrec.core.units import UNIT

KEYS = (
    "bundle package customer beneficiaries provider units_left units_used expires_on paid deferred owed invoicing refund policy"
).split()


def text(card):
    return "\n".join(card.lines())


def test_the_card_has_exactly_the_agreed_keys_and_values(sold, opened):
    ws = opened(sold)
    found = bundles.show(ws, "B-1", date(2026, 3, 31)).to_json()
    assert list(found) == KEYS
    assert found["units_left"] == 8
    assert found["units_used"] == 2
    assert found["expires_on"] == "2026-09-02"
    assert (found["paid"], found["deferred"], found["owed"]) == ("500.00", "400.00", "0.00")
    assert found["invoicing"] == "at_purchase"
    assert found["refund"]["amount"] == "400.00"
    assert found["refund"]["formula"].startswith("500.00 paid - 2 x ")
    assert found["refund"]["formula"].endswith(" = 400.00")
    assert found["policy"]["id"] == "standard"
    assert found["policy"]["since"] == "2026-01-01"
    said = policies.show(ws, "standard", date(2026, 3, 31)).to_json()["text"]
    assert found["policy"]["digest"] == hashlib.sha256(said.encode()).hexdigest()


def test_the_card_answers_the_five_questions_in_words(sold, opened):
    card = text(bundles.show(opened(sold), "B-1", date(2026, 3, 31)))
    assert "8 sessions (2 used of 10, 1 of them free)" in card
    assert "2026-09-02, then 15 days of grace, until 2026-09-17" in card
    assert "C-1; may be shared in the household; may be transferred to anybody" in card
    assert "by any provider; in_person or online; at bcn or mad" in card
    assert "one invoice, when the price is paid" in card
    assert "400.00 EUR: 500.00 paid" in card


def test_a_day_in_the_past_shows_the_state_of_that_day(sold, opened):
    sold("2026-04-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")
    ws = opened(sold)
    assert bundles.show(ws, "B-1", date(2026, 4, 1)).to_json()["units_left"] == 0
    for day, left, deferred in (
        (date(2026, 3, 2), 10, "500.00"),
        (date(2026, 3, 10), 9, "450.00"),
        (date(2026, 3, 31), 8, "400.00"),
    ):
        found = bundles.show(ws, "B-1", day).to_json()
        assert (found["units_left"], found["deferred"], found["refund"]["amount"]) == (left, deferred, deferred)


def test_the_past_of_a_bundle_split_from_another_is_found_through_its_origin(sold, opened):
    sold("2026-04-01", "bundle.transferred", bundle="B-1", to_customer="C-2", units=4, to_bundle="B-2")
    sold("2026-04-10", "session.completed", session="S-3", bundle="B-2")
    ws = opened(sold)
    found = bundles.show(ws, "B-2", date(2026, 4, 5)).to_json()
    assert (found["customer"], found["units_left"], found["deferred"]) == ("C-2", 4, "200.00")
    assert bundles.show(ws, "B-1", date(2026, 3, 31)).to_json()["units_left"] == 8


def test_a_session_drawn_from_the_customers_bundles_is_replayed_on_the_one_it_was_drawn_from(sold, opened):
    sold("2026-04-01", "session.completed", session="S-3", customer="C-1")
    sold("2026-05-01", "session.completed", session="S-4", bundle="B-1")
    assert bundles.show(opened(sold), "B-1", date(2026, 4, 30)).to_json()["units_used"] == 3


def test_in_grace_units_are_left_and_after_it_they_are_not(sold, opened):
    sold.advance("2026-10-01")
    ws = opened(sold)
    assert bundles.show(ws, "B-1", date(2026, 9, 17)).left
    card = bundles.show(ws, "B-1", date(2026, 9, 18))
    assert card.to_json()["units_left"] == 0
    assert card.to_json()["deferred"] == "0.00"
    assert card.to_json()["refund"]["amount"] == "0.00"
    assert "8 expired unused on 2026-09-17" in text(card)


def test_an_expiry_that_the_calendar_has_not_reached_is_shown_as_not_booked(sold, opened):
    card = bundles.show(opened(sold), "B-1", date(2026, 10, 1))
    assert (card.left, card.deferred) == (0, 40000)
    assert "run `revrec advance --to 2026-09-17`" in text(card)


def test_use_beyond_the_money_paid_is_owed(desk, opened):
    desk("2026-03-02", "bundle.sold", bundle="B-1", package="PSY-10", customer="C-1")
    desk("2026-03-03", "session.completed", session="S-1", bundle="B-1")
    found = bundles.show(opened(desk), "B-1", date(2026, 3, 31)).to_json()
    assert (found["paid"], found["deferred"], found["owed"]) == ("0.00", "0.00", "50.00")


def test_a_refund_that_is_asked_for_is_shown_with_what_it_would_pay_until_it_is_answered(sold, opened):
    sold("2026-03-21", "refund.requested", refund="R-1", bundle="B-1")
    sold("2026-03-25", "session.completed", session="S-7", bundle="B-1")
    sold("2026-03-28", "refund.rejected", refund="R-1", reason="wanted to go on", approver="manager")
    ws = opened(sold)
    asked = bundles.show(ws, "B-1", date(2026, 3, 24))
    assert asked.to_json()["requests"] == [
        {"refund": "R-1", "asked_on": "2026-03-21", "amount": "400.00", "formula": "400.00 as quoted on 2026-03-21"}
    ]
    assert "refund R-1 is asked for and not answered: 350.00 EUR, 400.00 as quoted on 2026-03-21; with what is known" in text(
        bundles.show(ws, "B-1", date(2026, 3, 25))
    )
    for answered in (date(2026, 3, 20), date(2026, 3, 28)):
        assert bundles.requests(ws, "B-1", answered) == ()


def test_an_adjustment_of_two_bundles_is_in_the_history_and_the_past_of_both(sold, opened):
    sold("2026-03-20", "bundle.sold", bundle="B-2", package="PSY-10", customer="C-2")
    legs = [{"role": "contract-liability", "amount": amount, "bundle": b} for b, amount in (("B-1", "30.00"), ("B-2", "-30.00"))]
    sold("2026-03-21", "adjustment.posted", postings=legs, reason="paid for the wrong one", approver="manager")
    sold("2026-03-25", "session.completed", session="S-7", bundle="B-2")
    sold("2026-03-25", "session.completed", session="S-8", bundle="B-1")
    sold("2026-03-23", "session.completed", session="S-9", bundle="B-2")  # late: the history of B-2 is posted again
    ws = opened(sold)
    for name, before, after in (("B-1", 40_000, 37_000), ("B-2", 0, 3_000)):
        assert [step.type for step in bundles.history(ws, name)].count("adjustment.posted") == 1
        assert bundles.state_on(ws, name, date(2026, 3, 20)).balances.contract_liability == before
        assert bundles.state_on(ws, name, date(2026, 3, 22)).balances.contract_liability == after
    assert verify(ws) == ()


def test_the_quote_is_what_the_refund_pays(sold, opened):
    quoted = bundles.quote(opened(sold), "B-1", date(2026, 4, 1)).amount
    sold("2026-04-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")
    ws = opened(sold)
    paid = [entry for entry in ws.store.entries_of(bundle="B-1") if entry.rule == "refund.issued"]
    assert [-leg.amount for leg in paid[0].postings if leg.role == "bank"] == [quoted]


def test_history_lists_every_event_and_every_entry_once(sold, opened):
    sold("2026-03-25", "session.reversed", session="S-2", reason="another customer")
    sold.advance("2026-10-01")
    ws = opened(sold)
    steps = bundles.history(ws, "B-1")
    assert [step.type for step in steps] == [
        "bundle.sold",
        "payment.received",
        "session.completed",
        "session.completed",
        "session.reversed",
        None,
    ]
    numbers = [view.entry.number for step in steps for view in step.entries]
    assert sorted(numbers) == [entry.number for entry in ws.store.entries_of(bundle="B-1")]
    assert steps[-1].entries[0].entry.rule == "breakage.expiry"
    assert "the calendar" in "\n".join(steps[-1].lines())


@pytest.mark.parametrize(
    ("bundle", "day", "says"), [("B-9", "2026-03-31", "no sale"), ("B-1", "2026-03-01", "sold on 2026-03-02")]
)
def test_an_unknown_bundle_is_named(sold, opened, bundle, day, says):
    with pytest.raises(bundles.UnknownBundle, match=says):
        bundles.show(opened(sold), bundle, date.fromisoformat(day))


def test_a_history_posted_again_ends_in_the_state_that_was_kept(example):
    def state(bundle):
        return (
            bundle.position,
            bundle.balances,
            bundle.plan,
            bundle.remote,
            bundle.left,
            bundle.used,
            bundle.status,
            bundle.customer,
            bundle.beneficiaries,
            bundle.provider,
            bundle.due,
        )

    for bundle in example.store.bundles():
        again = bundles._replayed(example, bundle.id, date(2026, 7, 31)).bundle(bundle.id)
        assert state(again) == state(bundle), bundle.id


def test_what_is_deferred_adds_up_to_the_ledger_on_any_day(example):
    for day in (date(2026, 1, 31), date(2026, 3, 15), date(2026, 4, 29), date(2026, 5, 6), date(2026, 6, 30), date(2026, 7, 31)):
        ledger = -sum(
            leg.amount for e in example.store.entries(date_to=day) for leg in e.postings if leg.role == "contract-liability"
        )
        known = [each.id for each in example.store.bundles() if example.store.movement(Kind.SALE, each.id).date <= day]
        cards = [bundles.show(example, name, day) for name in known]
        assert sum(card.deferred for card in cards) == ledger, day


def test_the_state_after_any_event_is_that_of_its_time(sold, opened):
    ws = opened(sold)
    sale = ws.store.bundle("B-1").seq
    assert bundles.state_after(ws, "B-1", sale - 1) is None
    used = [bundles.state_after(ws, "B-1", sale + later).used for later in range(4)]
    assert used == [0, 0, UNIT, 2 * UNIT]
    assert [bundles.state_after(ws, "B-1", sale + later).position.paid for later in (0, 1)] == [0, 50_000]


@pytest.mark.parametrize(
    ("upgrade", "left", "price"),
    [
        ({"mode": "new_pack", "to_bundle": "B-2", "to_package": "PSY-10"}, 0, "100.00"),
        ({"mode": "in_place", "to_package": "PSY-10"}, 8, "500.00"),
        ({"mode": "new_pack", "to_bundle": "B-2", "units": "4", "price": "200.00"}, 0, "100.00"),
    ],
)
def test_the_past_of_an_upgraded_bundle_has_the_terms_of_the_upgrade(sold, opened, upgrade, left, price):
    sold("2026-03-25", "bundle.upgraded", bundle="B-1", **upgrade)
    sold("2026-04-20", "refund.issued", refund="R-1", bundle=upgrade.get("to_bundle", "B-1"), method="transfer")
    ws = opened(sold)
    for bundle in {"B-1", upgrade.get("to_bundle", "B-1")}:
        bundles.show(ws, bundle, date(2026, 3, 26))
    found = bundles.show(ws, "B-1", date(2026, 3, 26)).to_json()
    assert (found["units_left"], found["paid"]) == (left, price)
