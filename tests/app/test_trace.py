"""From any id to the whole chain, and back."""

from __future__ import annotations

import pytest

from revrec.app.trace import Untraceable, trace


def lines(ws, name):
    return "\n".join(trace(ws, name).lines())


def test_a_session_leads_to_its_event_entry_line_bundle_and_payment(sold, opened):
    ws = opened(sold)
    found = trace(ws, "session:S-1")
    event, entry, bundle, paid = found.events[0], found.entries[0], found.bundles[0], found.money[0]
    stored = ws.store.event(event.seq)
    assert (event.id, event.recorded, event.digest) == ("e5", "2026-11-21T12:00:00Z", stored.digest.hex())
    assert entry.entry.rule == "session.earned"
    assert entry.says.startswith("A session delivered earns")
    assert (bundle.id, bundle.package, bundle.policy) == ("B-1", "PSY-10@2026-01-01", "standard@2026-01-01")
    assert (paid.id, paid.amount, paid.event, paid.entry) == ("P-1", "500.00 EUR", "e4", "E-1")
    assert found.sessions[0].why == "revenue 50.00 EUR on E-2, exactly one posting"


def test_the_line_is_the_one_in_the_file(sold, opened):
    ws = opened(sold)
    place = trace(ws, "S-2").entries[0].place
    assert place.file == "journal/2026/2026-03-20.beancount"
    text = (ws.root / place.file).read_text("utf-8").splitlines()
    assert text[place.line - 1].startswith("2026-03-20 * ")
    assert any('session: "S-2"' in line for line in text[place.line - 1 :])


@pytest.mark.parametrize("name", ["entry:E-2", "E-2", "event:e5", "e5"])
def test_an_entry_or_event_leads_back_to_the_session_and_the_bundle(sold, opened, name):
    found = trace(opened(sold), name)
    assert [session.id for session in found.sessions] == ["S-1"]
    assert [view.name for view in found.entries] == ["E-2"]
    assert [event.id for event in found.events] == ["e5"]
    assert [bundle.id for bundle in found.bundles] == ["B-1"]
    assert [paid.id for paid in found.money] == ["P-1"]


@pytest.mark.parametrize("name", ["P-1", "entry:E-1", "event:e4"])
def test_a_payment_leads_to_the_sessions_it_paid_for(sold, opened, name):
    found = trace(opened(sold), name)
    assert [paid.id for paid in found.money] == ["P-1"]
    assert [view.name for view in found.entries] == ["E-1"]
    assert [session.id for session in found.sessions] == ["S-1", "S-2"]


def test_a_bundle_leads_to_every_event_and_entry(sold, opened):
    found = trace(opened(sold), "B-1")
    assert [event.type for event in found.events] == ["bundle.sold", "payment.received", "session.completed", "session.completed"]
    assert [view.name for view in found.entries] == ["E-1", "E-2", "E-3"]


def test_a_reversal_is_linked_both_ways_and_the_session_says_why_it_earns_nothing(sold, opened):
    sold("2026-03-21", "session.reversed", session="S-2", reason="another customer")
    ws = opened(sold)
    found = trace(ws, "S-2")
    assert [(view.name, view.entry.corrects, view.corrected_by) for view in found.entries] == [
        ("E-3", None, (4,)),
        ("E-4", 3, ()),
    ]
    assert [event.id for event in found.events] == ["e6", "e7"]
    assert found.sessions[0].revenue == ()
    assert found.sessions[0].why == "no revenue: undone by event e7; entry E-4 mirrors it"
    assert "corrects E-3" in lines(ws, "E-4")
    assert "corrected by E-4" in lines(ws, "E-3")


def test_a_visit_leads_to_its_payment(sold, opened):
    sold("2026-03-22", "session.completed", session="V-1", customer="C-1", service="psychology", price="60.00", tax="es-health")
    sold("2026-03-22", "payment.received", payment="P-2", session="V-1", amount="60.00", method="card")
    ws = opened(sold)
    assert [paid.id for paid in trace(ws, "V-1").money] == ["P-2"]
    assert [session.id for session in trace(ws, "P-2").sessions] == ["V-1"]
    assert trace(ws, "V-1").sessions[0].why == "revenue 60.00 EUR on E-4, exactly one posting"


def test_a_refund_is_traced_with_its_settlement(sold, opened):
    sold("2026-03-25", "refund.issued", refund="R-1", bundle="B-1")
    sold("2026-03-26", "refund.settled", refund="R-1", method="transfer")
    found = trace(opened(sold), "refund:R-1")
    assert [view.entry.rule for view in found.entries] == ["refund.issued", "refund.settled"]
    assert [paid.kind for paid in found.money] == ["payment", "refund"]


def test_an_id_of_two_things_lists_them(sold, opened):
    sold("2026-03-25", "session.completed", session="P-1", bundle="B-1")
    with pytest.raises(Untraceable, match="session:P-1, payment:P-1"):
        trace(opened(sold), "P-1")


@pytest.mark.parametrize("name", ["nothing", "session:nothing", "bundle:S-1", "entry:E-99", "entry:x", "payment:B-1"])
def test_what_is_not_recorded_is_said(sold, opened, name):
    with pytest.raises(Untraceable, match="of that id is recorded"):
        trace(opened(sold), name)


def test_an_invoice_that_was_never_issued_is_said(sold, opened):
    with pytest.raises(Untraceable, match="of that id is recorded"):
        trace(opened(sold), "invoice:F-1")


def test_the_json_names_file_and_line(sold, opened):
    found = trace(opened(sold), "S-1").to_json()
    assert found["entries"][0]["file"] == "journal/2026/2026-03-10.beancount"
    assert found["entries"][0]["line"] > 1
    assert found["money"][0]["file"] == "journal/2026/2026-03-02.beancount"


def test_every_event_and_every_entry_of_the_example_can_be_traced_to_its_line(example):
    for stored in example.store.events():
        assert stored.seq in [event.seq for event in trace(example, f"event:{stored.id}").events]
    for entry in example.store.entries():
        found = next(view for view in trace(example, f"entry:E-{entry.number}").entries if view.entry.number == entry.number)
        line = (example.root / found.place.file).read_text("utf-8").splitlines()[found.place.line - 1]
        assert line.startswith(f"{entry.date} * ")


def test_every_session_of_the_example_earns_once_or_says_why_not(example):
    for bundle in example.store.bundles():
        for session in trace(example, f"bundle:{bundle.id}").sessions:
            assert len(session.revenue) == 1 or session.why.startswith("no revenue")


@pytest.mark.parametrize("name", ["C-1", "customer:C-1"])
def test_a_customer_leads_to_bundles_sessions_visits_and_payments(sold, opened, name):
    sold("2026-03-22", "session.completed", session="V-1", customer="C-1", service="psychology", price="60.00", tax="es-health")
    sold("2026-03-23", "payment.received", payment="P-9", customer="C-1", amount="20.00", method="cash")
    found = trace(opened(sold), name)
    assert (found.kind, found.id) == ("customer", "C-1")
    assert {"S-1", "V-1"} <= {session.id for session in found.sessions}
    assert [bundle.id for bundle in found.bundles] == ["B-1"]
    assert {"P-1", "P-9"} <= {money.id for money in found.money}
    assert "payment.customer" in {view.entry.rule for view in found.entries}


def test_a_refund_leads_to_its_request_and_the_answer(sold, opened):
    sold("2026-03-21", "refund.requested", refund="R-1", bundle="B-1")
    asked = trace(opened(sold), "refund:R-1")
    assert [event.type for event in asked.events] == ["refund.requested"]
    assert [bundle.id for bundle in asked.bundles] == ["B-1"]
    sold("2026-03-22", "refund.rejected", refund="R-1", approver="manager", reason="too late")
    sold("2026-03-23", "refund.requested", refund="R-2", bundle="B-1")
    sold("2026-03-24", "refund.issued", refund="R-2", bundle="B-1", method="transfer")
    ws = opened(sold)
    assert [event.type for event in trace(ws, "R-1").events] == ["refund.requested", "refund.rejected"]
    assert [event.type for event in trace(ws, "R-2").events] == ["refund.requested", "refund.issued"]
