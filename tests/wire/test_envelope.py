"""JSON lines in, facts or a message out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from revrec.core import events as core
from revrec.core.units import quanta
from revrec.wire.context import Context
from revrec.wire.envelope import parse
from revrec.wire.errors import Unreadable

SPAIN = Context("ES-B64717838", "EUR", "Europe/Madrid")


def event(kind="session.completed", data=None, **envelope):
    base = {"specversion": "1.0", "id": "e-1", "source": "agenda", "type": kind, "time": "2026-03-01T10:00:00+01:00"}
    return base | {"data": data if data is not None else {"session": "S-1", "bundle": "B-1"}} | envelope


def line(*args, **kwargs):
    return json.dumps(event(*args, **kwargs)).encode()


def refused(raw, context=SPAIN):
    with pytest.raises(Unreadable) as error:
        parse(raw, context)
    return "\n".join(str(problem) for problem in error.value.problems)


def due(day, amount="250"):
    return {"due_on": day, "amount": amount}


def without(data, name):
    return {key: value for key, value in data.items() if key != name}


PAYMENT = {"payment": "P-1", "amount": "500", "method": "card", "bundle": "B-1"}
SALE = {"bundle": "B-1", "package": "PSY-10", "customer": "C-1"}
CUSTOMER = {"customer": "C-1", "name": "Ana", "person": "natural", "country": "ES"}
VISIT = {"session": "S-1", "service": "psychology", "price": "60.00", "tax": "es-health", "customer": "C-1"}
OPENED = {
    "bundle": "B-1",
    "package": "PSY-10",
    "customer": "C-1",
    "units_left": 4,
    "deferred": "200",
    "sold_on": "2025-10-01",
    "proof": "list of the old program, page 3",
}
DEPOSIT = {"deposit": "D-1", "customer": "C-1", "amount": "50", "method": "cash"}
UPGRADE = {"bundle": "B-1", "to_package": "PSY-20", "mode": "new_pack", "to_bundle": "B-2"}
ESTIMATE = {"policy": "standard", "expected_used": "0.80", "evidence": "use in 2025", "approver": "Eva"}
LEGS = [{"role": "rounding", "amount": "0.01"}, {"role": "bank", "amount": "-0.01"}]


def test_a_session_becomes_a_fact():
    parsed = parse(line(branch="bcn", actor="reception"), SPAIN)
    fact = core.SessionCompleted("S-1", "B-1")
    assert parsed.event == core.Event("e-1", "agenda", "session.completed", date(2026, 3, 1), fact, "bcn", "reception")
    assert parsed.time == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert parsed.private is None
    assert orjson.loads(parsed.canonical) == parsed.public


@pytest.mark.parametrize(
    ("kind", "data", "fact"),
    [
        ("payment.received", PAYMENT, core.PaymentReceived("P-1", 50_000, core.Method.CARD, "B-1")),
        ("payment.received", PAYMENT | {"amount": 500}, core.PaymentReceived("P-1", 50_000, core.Method.CARD, "B-1")),
        (
            "payment.reversed",
            {"payment": "P-1", "reason": "mistake", "approver": "Eva"},
            core.PaymentReversed("P-1", "mistake", "Eva"),
        ),
        ("bundle.sold", SALE | {"units": 5, "price": "0.5"}, core.BundleSold("B-1", "PSY-10", "C-1", units=quanta(5), price=50)),
        ("bundle.sold", SALE | {"units": "2.5"}, core.BundleSold("B-1", "PSY-10", "C-1", units=quanta("2.5"))),
        (
            "bundle.sold",
            SALE | {"discount": {"code": "SUMMER", "amount": "10"}, "expires_on": "2026-12-31"},
            core.BundleSold("B-1", "PSY-10", "C-1", expires_on=date(2026, 12, 31), discount=core.Discount("SUMMER", 1000)),
        ),
        ("session.completed", {"session": "S-1", "customer": "C-1"}, core.SessionCompleted("S-1", customer="C-1")),
        (
            "session.completed",
            VISIT,
            core.SessionCompleted("S-1", customer="C-1", service="psychology", price=6000, tax="es-health"),
        ),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "started_at": "2026-03-01T10:00:00+01:00", "ended_at": "2026-03-01T09:50:00Z"},
            core.SessionCompleted(
                "S-1", "B-1", started_at=datetime(2026, 3, 1, 9, tzinfo=UTC), ended_at=datetime(2026, 3, 1, 9, 50, tzinfo=UTC)
            ),
        ),
        # 23.99 hours are 1439.4 minutes: late for 24 hours
        (
            "session.cancelled",
            {"session": "S-1", "bundle": "B-1", "notice_hours": "23.99"},
            core.SessionCancelled("S-1", "B-1", 1439),
        ),
        (
            "bundle.transferred",
            {"bundle": "B-1", "to_customer": "C-2", "relation": "sister"},
            core.BundleTransferred("B-1", "C-2", related=True),
        ),
        (
            "refund.issued",
            {"refund": "R-1", "bundle": "B-1", "accepted": {"reason": "agreed", "accepted_at": "2026-03-01T10:00:00Z"}},
            core.RefundIssued("R-1", "B-1", accepted=True),
        ),
        ("period.closed", {"period": "2026-01", "approver": "Eva"}, core.PeriodClosed(date(2026, 1, 1), "Eva")),
        (
            "bundle.sold",
            SALE
            | {
                "instalments": [due("2026-03-01"), due("2026-04-01", 250)],
                "payers": [{"customer": "C-2", "amount": "400"}, {"customer": "C-1", "amount": "100"}],
            },
            core.BundleSold(
                "B-1",
                "PSY-10",
                "C-1",
                instalments=(core.Instalment(date(2026, 3, 1), 25_000), core.Instalment(date(2026, 4, 1), 25_000)),
                payers=(core.Payer("C-2", 40_000), core.Payer("C-1", 10_000)),
            ),
        ),
        (
            "payment.received",
            PAYMENT | {"withheld": "75", "tip": "5"},
            core.PaymentReceived("P-1", 50_000, core.Method.CARD, "B-1", withheld=7500, tip=500),
        ),
        (
            "session.completed",
            {
                "session": "S-1",
                "bundle": "B-1",
                "provider": "PR-1",
                "cost": "30",
                "surcharge": {"amount": "8", "tax": "es-21"},
                "tax": "es-10",
                "service": "yoga",
            },
            core.SessionCompleted(
                "S-1",
                "B-1",
                service="yoga",
                tax="es-10",
                provider="PR-1",
                cost=3000,
                surcharge=core.Surcharge(800, "es-21"),
            ),
        ),
        ("customer.erased", {"customer": "C-1", "reason": "asked for it"}, core.CustomerErased("C-1")),
        (
            "bundle.opened",
            OPENED
            | {
                "tax_paid": "42",
                "expires_on": "2026-09-30",
                "beneficiary": "C-2",
                "original_invoice": {"number": "F-7", "issued_on": "2025-10-01"},
            },
            core.BundleOpened(
                "B-1",
                "PSY-10",
                "C-1",
                quanta(4),
                20_000,
                date(2025, 10, 1),
                "C-2",
                4200,
                date(2026, 9, 30),
                core.OriginalInvoice("F-7", date(2025, 10, 1)),
            ),
        ),
        ("deposit.received", DEPOSIT, core.DepositReceived("D-1", "C-1", 5000, core.Method.CASH)),
        ("deposit.applied", {"deposit": "D-1", "session": "S-1"}, core.DepositApplied("D-1", session="S-1")),
        ("deposit.returned", {"deposit": "D-1", "method": "bizum"}, core.DepositReturned("D-1", core.Method.BIZUM)),
        ("deposit.forfeited", {"deposit": "D-1", "reason": "no show"}, core.DepositForfeited("D-1")),
        ("chargeback.opened", {"payment": "P-1", "amount": "500", "fee": "20"}, core.ChargebackOpened("P-1", 50_000, 2000)),
        ("chargeback.won", {"payment": "P-1"}, core.ChargebackWon("P-1")),
        ("chargeback.lost", {"payment": "P-1"}, core.ChargebackLost("P-1")),
        (
            "payout.settled",
            {"method": "card", "gross": "500", "fee": "7.25", "reference": "PO 7"},
            core.PayoutSettled(core.Method.CARD, 50_000, 725, "PO 7"),
        ),
        (
            "bundle.topped_up",
            {"bundle": "B-1", "units": 5, "price": "300", "list_price": "60", "modification": "separate"},
            core.BundleToppedUp("B-1", quanta(5), 30_000, 6000, "separate"),
        ),
        ("bundle.upgraded", UPGRADE, core.BundleUpgraded("B-1", "new_pack", "PSY-20", to_bundle="B-2")),
        (
            "bundle.upgraded",
            {"bundle": "B-1", "mode": "in_place", "units": "2.5", "price": "90"},
            core.BundleUpgraded("B-1", "in_place", units=quanta("2.5"), price=9000),
        ),
        (
            "bundle.price_reduced",
            {"bundle": "B-1", "amount": "50", "reason": "late start"},
            core.BundlePriceReduced("B-1", 5000),
        ),
        ("bundle.cancelled_for_default", {"bundle": "B-1", "reason": "unpaid"}, core.BundleCancelledForDefault("B-1")),
        ("refund.requested", {"refund": "R-1", "bundle": "B-1"}, core.RefundRequested("R-1", "B-1")),
        ("refund.rejected", {"refund": "R-1", "reason": "used", "approver": "Eva"}, core.RefundRejected("R-1", "Eva")),
        ("receivable.written_off", {"bundle": "B-1", "amount": "5"}, core.ReceivableWrittenOff(500, "B-1")),
        ("receivable.recovered", {"customer": "C-1", "amount": "5"}, core.ReceivableRecovered(500, customer="C-1")),
        (
            "receivable.vat_recovered",
            {"bundle": "B-1", "amount": "5", "claim_proof": "notary 12", "notified_on": "2026-02-10"},
            core.ReceivableVatRecovered(500, date(2026, 2, 10), "B-1"),
        ),
        ("credit.granted", {"customer": "C-1", "amount": "5", "reason": "noise"}, core.CreditGranted("C-1", 500)),
        ("credit.applied", {"customer": "C-1", "amount": "5", "bundle": "B-1"}, core.CreditApplied("C-1", 500, "B-1")),
        ("breakage.estimated", ESTIMATE, core.BreakageEstimated("standard", 800_000, "Eva")),
        (
            "breakage.deemed_remote",
            {"bundle": "B-1", "evidence": "a year without use", "approver": "Eva"},
            core.BreakageDeemedRemote("B-1", "Eva"),
        ),
        (
            "branch.settled",
            {"from_branch": "bcn", "to_branch": "mad", "amount": "200"},
            core.BranchSettled("bcn", "mad", 20_000),
        ),
        (
            "provider.invoiced",
            {"provider": "PR-1", "session": "S-1", "amount": "55", "tax_amount": "11.55", "withholding": "8.25"},
            core.ProviderInvoiced("PR-1", 5500, "S-1", 1155, 825),
        ),
        (
            "provider.paid",
            {"provider": "PR-1", "amount": "58.30", "method": "transfer"},
            core.ProviderPaid("PR-1", 5830, core.Method.TRANSFER),
        ),
        ("currency.revalued", {"currency": "USD", "rate": "0.921500000"}, core.CurrencyRevalued("USD", 921_500_000)),
        (
            "adjustment.posted",
            {"postings": LEGS, "reason": "a cent", "approver": "Eva"},
            core.AdjustmentPosted((core.Adjustment("rounding", 1), core.Adjustment("bank", -1)), "Eva"),
        ),
    ],
)
def test_data_becomes_minor_units_and_quanta(kind, data, fact):
    assert parse(line(kind, data), SPAIN).event.data == fact


@pytest.mark.parametrize(
    ("time", "data", "day"),
    [
        ("2026-03-01T23:30:00Z", {}, date(2026, 3, 2)),  # half past midnight in Madrid
        ("2026-03-02T00:30:00+01:00", {}, date(2026, 3, 2)),
        ("2026-03-01T22:30:00-05:00", {}, date(2026, 3, 2)),
        ("2026-03-29T00:30:00Z", {}, date(2026, 3, 29)),  # the night in which the clocks change
        ("2026-03-29T22:15:00.5Z", {}, date(2026, 3, 30)),
        ("2026-03-01T10:00:00+01:00", {"effective_date": "2026-02-15"}, date(2026, 2, 15)),
    ],
)
def test_the_accounting_date_is_the_taxpayers(time, data, day):
    assert parse(line(data={"session": "S-1", "bundle": "B-1"} | data, time=time), SPAIN).event.date == day


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2199, 1, 1)),  # noqa: DTZ001
    st.integers(-56, 56),
    st.sampled_from(["Europe/Madrid", "Asia/Kathmandu"]),
)
def test_the_cached_date_is_the_date(naive, quarters, zone):
    from datetime import timedelta, timezone
    from zoneinfo import ZoneInfo

    context = Context("T", "EUR", zone)
    instant = naive.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    for each in (instant.replace(minute=0), instant, instant.replace(minute=59)):
        assert context.local_date(each.isoformat(), each) == each.astimezone(ZoneInfo(zone)).date()


def test_the_writing_does_not_count():
    """Order, white space, the writing of a number and a taxpayer that goes without saying make no other content."""
    one = json.dumps(event("payment.received", PAYMENT), indent=1).encode().replace(b"\n", b" ")
    other = orjson.dumps(
        event("payment.received", dict(reversed(PAYMENT.items())) | {"amount": "500.00"}, taxpayer="ES-B64717838")
    )
    number = orjson.dumps(event("payment.received", PAYMENT | {"amount": 500}))
    assert parse(one, SPAIN).canonical == parse(other, SPAIN).canonical == parse(number, SPAIN).canonical
    units = [parse(line("bundle.sold", SALE | {"units": u}), SPAIN).canonical for u in (10, "10", "10.0")]
    assert len(set(units)) == 1


def test_canonical_is_rfc_8785():
    data = CUSTOMER | {"name": 'Zoë "Z" \u20ac \\', "note": "two\nlines"}
    parsed = parse(line("customer.registered", data), SPAIN)
    assert parsed.canonical == rfc8785.dumps(orjson.loads(parsed.canonical))


def test_yen_and_dinars():
    assert parse(line("payment.received", PAYMENT), Context("T", "JPY", "Asia/Tokyo")).event.data.amount == 500
    assert parse(line("payment.received", PAYMENT | {"amount": "0.125"}), Context("T", "KWD", "UTC")).event.data.amount == 125
    assert "more than 0 decimals" in refused(line("payment.received", PAYMENT | {"amount": "5.0"}), Context("T", "JPY", "UTC"))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not JSON at column 1"),
        (b'{"id": "e-1", ', "not JSON at column"),
        (b'{"id": "e-1", "data": NaN}', "not JSON at column"),
        (b'{"id": "\xff"}', "byte 0xff at position 9 is not UTF-8"),
        (b"[1]", "a list is not an event"),
        (b"{}", "type: missing"),
        (b" " * 66_000, "longer than 64 KiB"),
        (line().replace(b'"id": "e-1"', b'"id": "e-0", "id": "e-1"'), "id: stands twice"),
        (line().replace(b'"bundle": "B-1"', b'"bundle": "B-1", "b\\u0075ndle": "B-2"'), "bundle: stands twice"),
        (line("payment.received", PAYMENT).replace(b'"amount": "500"', b'"amount": 500, "amount": 500'), "amount: stands twice"),
    ],
)
def test_what_is_no_event(raw, message):
    assert message in refused(raw)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "session.complete"}, 'type: "session.complete" is no type of event (did you mean "session.completed"?)'),
        ({"type": "deposit.recieved"}, '"deposit.recieved" is no type of event (did you mean "deposit.received"?)'),
        ({"type": "calendar.advanced"}, "type: calendar.advanced is made by revrec and refused from outside"),
        ({"type": 7}, "type: 7 is not a type"),
        ({"specversion": "0.3"}, "specversion: \"0.3\" is not one of the choices (one of '1.0')"),
        ({"id": "<b>"}, 'id: "<b>" is not an event id'),
        ({"id": "x" * 256}, "id: "),
        ({"source": "a b"}, 'source: "a b" is not a URI reference'),
        ({"time": "2026-03-01T10:00:00"}, 'time: "2026-03-01T10:00:00" is not an instant with its offset'),
        ({"time": "2026-02-30T10:00:00Z"}, 'time: "2026-02-30T10:00:00Z" is not in the calendar'),
        ({"time": 1772355600}, 'time: 1772355600 is not a text ("…")'),
        ({"taxpayer": "ES-A"}, 'taxpayer: "ES-A" is another taxpayer: these are the books of ES-B64717838'),
        ({"branch": "bcn & mad"}, 'branch: "bcn & mad" is not an id'),
        ({"actor": "<script>"}, 'actor: "<script>" is not a plain name'),
        ({"sorce": "x"}, 'sorce: an event has no such member (did you mean "source"?)'),
        ({"data": 5}, "data: 5 is not an object"),
    ],
)
def test_a_wrong_envelope(changes, message):
    assert message in refused(line(**changes))


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "diagnosis": "x"},
            "data.diagnosis: session.completed has no such member",
        ),
        (
            "session.completed",
            {"session": "S-1", "bundel": "B-1"},
            'data.bundel: session.completed has no such member (did you mean "bundle"?)',
        ),
        ("session.completed", {"session": "<S>", "bundle": "B-1"}, 'data.session: "<S>" is not an id'),
        ("session.completed", {"session": "S" * 65, "bundle": "B-1"}, "is too long (at most 64 characters)"),
        ("session.completed", {"session": "S-1", "bundle": "B\n"}, "is not an id"),
        ("session.completed", {"session": "S-1"}, "data.bundle: missing"),
        ("session.completed", {"session": "S-1", "bundle": "B-1", "customer": "C-1"}, "customer and bundle exclude each other"),
        ("session.completed", VISIT | {"bundle": "B-1"}, "price and bundle exclude each other"),
        ("session.completed", {"session": "S-1", "price": "5"}, "data.service: missing"),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "cost": "5"},
            "data.provider: missing (`cost` is what a provider",
        ),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "surcharge": {"amount": "5"}},
            "data.surcharge.tax: missing (surcharge needs tax)",
        ),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "surcharge": {"amount": "5.001", "tax": "es-21"}},
            "data.surcharge.amount: 5.001 has more than 2 decimals",
        ),
        ("session.completed", {"session": "S-1", "bundle": "B-1", "quantity": "0"}, "data.quantity: 0 is too few"),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "quantity": 1.5},
            "data.quantity: 1.5 is a floating point number",
        ),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "quantity": "-1"},
            'data.quantity: "-1" is negative'.replace('"-1"', "-1"),
        ),
        ("session.completed", {"session": "S-1", "bundle": "B-1", "started_at": "2026-03-01T10:00:00Z"}, "come together"),
        (
            "session.completed",
            {"session": "S-1", "bundle": "B-1", "started_at": "2026-03-01T10:00:00Z", "ended_at": "2026-03-01T11:00:00+01:00"},
            "data.ended_at: the session ends before or when it starts",
        ),
        ("payment.received", PAYMENT | {"amount": 1.5}, "data.amount: 1.5 is a floating point number"),
        ("payment.received", PAYMENT | {"amount": "-5"}, "data.amount: -5 is negative"),
        ("payment.received", PAYMENT | {"amount": -5}, "data.amount: -5 is negative"),
        ("payment.received", PAYMENT | {"amount": "1.234"}, "data.amount: 1.234 has more than 2 decimals"),
        ("payment.received", PAYMENT | {"amount": "1,50"}, 'data.amount: "1,50" is not an amount'),
        ("payment.received", PAYMENT | {"amount": "1e3"}, 'data.amount: "1e3" is not an amount'),
        ("payment.received", PAYMENT | {"amount": True}, "data.amount: True is not an amount"),
        ("payment.received", PAYMENT | {"amount": "1" * 13}, "is not an amount"),
        ("payment.received", PAYMENT | {"amount": "٣"}, "is not an amount"),
        ("payment.received", PAYMENT | {"amount": "0.00"}, "data.amount: 0 moves no money (above 0)"),
        ("payment.received", PAYMENT | {"method": "cheque"}, 'data.method: "cheque" is not one of the choices'),
        (
            "payment.received",
            PAYMENT | {"currency": "JPY", "rate": "0.0061", "amount": "500.00"},
            "data.amount: 500.00 has more than 0 decimals, the most that JPY has",
        ),
        ("payment.received", PAYMENT | {"currency": "USD"}, "data.rate: currency and rate come together"),
        ("payment.received", PAYMENT | {"rate": "0.9"}, "data.currency: currency and rate come together"),
        ("payment.received", PAYMENT | {"currency": "USD", "rate": 0.9}, "data.rate: 0.9 is not a rate of exchange"),
        ("payment.received", PAYMENT | {"currency": "USD", "rate": "0.0"}, "data.rate: a rate of 0"),
        ("payment.received", PAYMENT | {"currency": "dollar", "rate": "1"}, 'data.currency: "dollar" is not a currency code'),
        (
            "payment.received",
            PAYMENT | {"currency": "USD", "rate": "999999999", "amount": "999999999999"},
            "comes to more than 12 digits in EUR",
        ),
        ("session.no_show", {"session": "S-1", "bundle": "B-1", "currency": "USD"}, "session.no_show has no such member"),
        ("currency.revalued", {"currency": "EUR", "rate": "1"}, "data.currency: only said where it is not the taxpayer's"),
        ("currency.revalued", {"currency": "USD"}, "data.rate: missing (currency.revalued needs rate)"),
        ("payment.received", PAYMENT | {"currency": "EUR"}, "data.currency: only said where it is not the taxpayer's"),
        ("payment.received", PAYMENT | {"tip": "500.01"}, "data.tip: tip 500.01 is more than amount 500.00"),
        ("payment.received", PAYMENT | {"invoice": "F-1"}, "name exactly one of bundle, session (a one-off visit), customer"),
        ("payment.received", PAYMENT | {"approver": "Eva"}, "data.approver: only beside `correction`"),
        ("payment.received", without(PAYMENT, "bundle"), "names nothing that it is for"),
        ("payment.received", PAYMENT | {"session": "S-1"}, "data: names bundle and session"),
        (
            "payment.received",
            PAYMENT | {"reference": "4111 1111 1111 1111"},
            "data.reference: holds what reads as a payment card number",
        ),
        (
            "payment.received",
            PAYMENT | {"note": "card 4111-1111-1111-1111"},
            "data.note: holds what reads as a payment card number",
        ),
        ("payment.received", PAYMENT | {"metadata": {"ref": "4111111111111111"}}, "data.metadata.ref: holds what reads"),
        ("payment.received", PAYMENT | {"metadata": {"ref": "a b"}}, 'data.metadata.ref: "a b" is not a metadata value'),
        ("payment.received", PAYMENT | {"metadata": {"ref": {"a": "b"}}}, "data.metadata.ref: an object is not a text"),
        ("payment.received", PAYMENT | {"metadata": {"event": "b"}}, "data.metadata.event: the books use this key themselves"),
        ("payment.received", PAYMENT | {"metadata": {"Ref": "b"}}, 'data.metadata.Ref: "Ref" is not a metadata key'),
        ("payment.received", PAYMENT | {"note": "x" * 201}, "data.note: "),
        (
            "payment.received",
            PAYMENT | {"effective_date": "2026-02-30"},
            'data.effective_date: "2026-02-30" is not in the calendar',
        ),
        ("payment.received", PAYMENT | {"effective_date": "1.2.2026"}, 'data.effective_date: "1.2.2026" is not a date'),
        ("bundle.sold", SALE | {"customer": "12345678Z"}, "data.customer: a customer id that reads as a tax id"),
        ("bundle.sold", SALE | {"beneficiary": "ESB64717838"}, "data.beneficiary: a customer id that reads as a tax id"),
        ("bundle.sold", SALE | {"customer": "DE136695976"}, "data.customer: a customer id that reads as a tax id"),
        ("bundle.sold", SALE | {"customer": "4111-1111-1111-1111"}, "data.customer: an id that reads as a payment card number"),
        ("payment.received", PAYMENT | {"payment": "378282246310005"}, "data.payment: an id that reads as a payment card number"),
        ("payment.received", PAYMENT | {"payment": "<b>"}, 'data.payment: "<b>" is not an id'),
        ("bundle.sold", SALE | {"instalments": []}, "data.instalments: the list is too short (at least 1)"),
        (
            "bundle.sold",
            SALE | {"instalments": [due("2026-02-30")]},
            'data.instalments[0].due_on: "2026-02-30" is not in the cal',
        ),
        (
            "bundle.sold",
            SALE | {"instalments": [due("2026-02-01"), due("2026-02-01")]},
            "data.instalments[1].due_on: 2026-02-01 is not after 2026-02-01 (each falls due on a later day)",
        ),
        ("bundle.sold", SALE | {"instalments": [due("2026-02-01", 0)]}, "data.instalments[0].amount: 0 moves no money"),
        ("bundle.sold", SALE | {"instalments": [{"due_on": "2026-02-01"}]}, "amount: missing (each of instalments needs amount)"),
        ("bundle.sold", SALE | {"payers": []}, "data.payers: the list is too short (at least 1)"),
        (
            "bundle.sold",
            SALE | {"payers": [{"customer": "C-2", "amount": 1}, {"customer": "C-2", "amount": 2}]},
            'data.payers[1].customer: "C-2" stands twice',
        ),
        ("bundle.sold", SALE | {"payers": [{"customer": "12345678Z", "amount": 1}]}, "a customer id that reads as a tax id"),
        ("bundle.sold", SALE | {"units": 0}, "data.units: 0 is too few"),
        ("bundle.sold", SALE | {"units": "0.1234567"}, 'data.units: "0.1234567" is not a quantity'),
        ("bundle.sold", SALE | {"discount": {"amount": "5"}}, "data.discount.code: missing"),
        (
            "bundle.sold",
            SALE | {"discount": {"code": "X", "amount": "5.001"}},
            "data.discount.amount: 5.001 has more than 2 decimals",
        ),
        ("bundle.sold", SALE | {"correction": "prior_period"}, "data.approver: missing (a correction of a prior period"),
        ("bundle.sold", SALE | {"correction": "this_period"}, 'data.correction: "this_period" is not one of the choices'),
        ("bundle.opened", OPENED | {"units_left": 0}, "data.units_left: 0 is too few"),
        ("bundle.opened", OPENED | {"sold_on": "2025-02-29"}, 'data.sold_on: "2025-02-29" is not in the calendar'),
        ("bundle.opened", OPENED | {"expires_on": "2025-09-30"}, "data.expires_on: the bundle ends before it was sold"),
        (
            "bundle.opened",
            OPENED | {"original_invoice": {"number": "F-1", "issued_on": "2025-02-29"}},
            "data.original_invoice.issued_on",
        ),
        ("bundle.opened", without(OPENED, "proof"), "data.proof: missing (bundle.opened needs proof)"),
        ("deposit.applied", {"deposit": "D-1"}, "names nothing that it is for (name exactly one of bundle, session"),
        ("deposit.applied", {"deposit": "D-1", "bundle": "B-1", "session": "S-1"}, "names bundle and session"),
        ("deposit.received", DEPOSIT | {"amount": 0}, "data.amount: 0 moves no money"),
        ("bundle.topped_up", {"bundle": "B-1", "units": 0, "price": "5"}, "data.units: 0 is too few"),
        ("bundle.upgraded", UPGRADE | {"units": 5, "price": "5"}, "names price and to_package and units (name to_package, or"),
        ("bundle.upgraded", {"bundle": "B-1", "mode": "in_place", "units": 5}, "names units (name to_package, or both units"),
        ("bundle.upgraded", {"bundle": "B-1", "mode": "in_place"}, "data: does not say to what"),
        ("bundle.upgraded", without(UPGRADE, "to_bundle"), "data.to_bundle: missing (mode new_pack makes a bundle"),
        ("bundle.upgraded", UPGRADE | {"mode": "in_place"}, "data.to_bundle: mode in_place makes no other bundle"),
        ("bundle.upgraded", UPGRADE | {"to_bundle": "B-1"}, "data.to_bundle: the same id as bundle"),
        ("payout.settled", {"method": "card", "gross": "5", "fee": "5.01"}, "data.fee: fee 5.01 is more than gross 5.00"),
        ("payout.settled", {"method": "card", "gross": "0", "fee": "0"}, "data.gross: 0 moves no money"),
        ("branch.settled", {"from_branch": "bcn", "to_branch": "bcn", "amount": "5"}, "a branch owes itself nothing"),
        ("provider.invoiced", {"provider": "PR-1", "amount": "5", "withholding": "6"}, "withholding 6.00 is more than amount"),
        ("receivable.written_off", {"amount": "5"}, "names nothing that it is for (name exactly one of bundle, customer"),
        ("receivable.recovered", {"amount": "5", "invoice": "F 1"}, "data.invoice: "),
        ("credit.applied", {"customer": "C-1", "amount": "5"}, "name the bundle or the invoice that the credit pays for"),
        ("credit.applied", {"customer": "C-1", "amount": "5"}, "data.bundle: missing"),
        ("breakage.estimated", ESTIMATE | {"expected_used": "1.01"}, "data.expected_used: 1.01 is above 1"),
        ("breakage.estimated", ESTIMATE | {"expected_used": "0"}, "data.expected_used: 0 is too few"),
        ("breakage.deemed_remote", {"bundle": "B-1", "evidence": "none since May"}, "data.approver: missing"),
        ("refund.requested", {"refund": "R-1", "bundle": "B-1", "reason": "card 4111 1111 1111 1111"}, "payment card number"),
        ("bundle.transferred", {"bundle": "B-1", "to_customer": "C-2", "units": 2}, "units and to_bundle come together"),
        ("customer.registered", CUSTOMER | {"diagnosis": "x"}, "customer.registered has no such member"),
        ("customer.registered", CUSTOMER | {"business": "yes"}, 'data.business: "yes" is not true or false'),
        ("customer.registered", CUSTOMER | {"country": "Spain"}, 'data.country: "Spain" is not a country code'),
        ("period.closed", {"period": "2026-13", "approver": "Eva"}, 'data.period: "2026-13" is not a month'),
        ("adjustment.posted", {"postings": LEGS[:1], "reason": "x", "approver": "Eva"}, "data.postings"),
        (
            "adjustment.posted",
            {"postings": [LEGS[0], LEGS[1] | {"amount": "-0.02"}], "reason": "x", "approver": "Eva"},
            "data.postings: the legs add up to -0.01 EUR",
        ),
        (
            "adjustment.posted",
            {"postings": [LEGS[0], LEGS[1] | {"role": "banc"}], "reason": "x", "approver": "Eva"},
            'data.postings[1].role: "banc" is no role (did you mean "bank"?)',
        ),
        (
            "refund.issued",
            {"refund": "R-1", "bundle": "B-1", "exception": {"reason": "kindness", "approver": "Eva"}},
            'data.exception.reason: "kindness" is not one of the choices',
        ),
    ],
)
def test_wrong_data(kind, data, message):
    assert message in refused(line(kind, data))


DOLLARS = {"currency": "USD", "rate": "0.9215"}


@pytest.mark.parametrize(
    ("kind", "data", "fact"),
    [
        (  # 100.10 USD × 0.9215 = 92.24215 EUR
            "payment.received",
            PAYMENT | DOLLARS | {"amount": "100.10", "tip": "10"},
            core.PaymentReceived("P-1", 9224, core.Method.CARD, "B-1", tip=922, foreign=core.Foreign("USD", 921_500_000, 10_010)),
        ),
        (  # 100 JPY × 0.00615 = 0.615 EUR: half up
            "payment.received",
            PAYMENT | {"currency": "JPY", "rate": "0.00615", "amount": 100},
            core.PaymentReceived("P-1", 62, core.Method.CARD, "B-1", foreign=core.Foreign("JPY", 6_150_000, 100)),
        ),
        (
            "bundle.sold",
            SALE | DOLLARS | {"price": "500", "list_price": "60", "discount": {"code": "X", "amount": "50"}},
            core.BundleSold(
                "B-1",
                "PSY-10",
                "C-1",
                price=46_075,
                list_price=5529,
                discount=core.Discount("X", 4608),
                foreign=core.Foreign("USD", 921_500_000, 50_000),
            ),
        ),
        (
            "bundle.sold",
            SALE | DOLLARS,
            core.BundleSold("B-1", "PSY-10", "C-1", foreign=core.Foreign("USD", 921_500_000, 0)),
        ),
        (
            "payout.settled",
            {"method": "card", "gross": "500", "fee": "7.25"} | DOLLARS,
            core.PayoutSettled(core.Method.CARD, 46_075, 668, foreign=core.Foreign("USD", 921_500_000, 50_000)),
        ),
        ("credit.granted", {"customer": "C-1", "amount": "5", "reason": "noise"} | DOLLARS, core.CreditGranted("C-1", 461)),
        (
            "adjustment.posted",
            {"postings": LEGS, "reason": "a cent", "approver": "Eva"} | DOLLARS,
            core.AdjustmentPosted((core.Adjustment("rounding", 1), core.Adjustment("bank", -1)), "Eva"),
        ),
    ],
)
def test_another_currency_is_converted_half_up(kind, data, fact):
    parsed = parse(line(kind, data), SPAIN)
    assert parsed.event.data == fact
    assert parsed.public["data"]["rate"] in {"0.9215", "0.00615"}


def test_instalments_in_another_currency_add_up_to_the_converted_price():
    thirds = [due("2026-03-01", "33.33"), due("2026-04-01", "33.33"), due("2026-05-01", "33.34")]
    fact = parse(line("bundle.sold", SALE | DOLLARS | {"price": "100", "instalments": thirds}), SPAIN).event.data
    assert [part.amount for part in fact.instalments] == [3071, 3072, 3072]
    assert fact.price == 3071 + 3072 + 3072


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=9), st.integers(1, 10**12), st.sampled_from(["JPY", "USD", "KWD"]))
def test_converted_parts_are_exact(parts, billionths, currency):
    from decimal import ROUND_HALF_UP, Decimal

    from revrec.core import money

    rate = Decimal(billionths).scaleb(-9)
    amounts = Context("T", "EUR", "UTC").abroad(currency, f"{rate:f}").amounts
    texts = [money.text(part, currency) for part in parts]
    value = sum(money.decimal(part, currency) for part in parts) * rate
    assert sum(amounts.parts(texts)) == int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))


def test_a_correction_of_a_prior_period():
    data = {"session": "S-1", "bundle": "B-1", "correction": "prior_period", "approver": "Eva"}
    assert parse(line(data=data), SPAIN).event.prior_period
    assert not parse(line(), SPAIN).event.prior_period
    closing = {"period": "2026-01", "approver": "Eva"}
    assert not parse(line("period.closed", closing), SPAIN).event.prior_period


def test_every_mistake_of_an_event_is_named():
    text = refused(line("payment.received", {"payment": "<p>", "amount": 1.5, "method": "x", "colour": "red"}, id="", branch="-"))
    assert len(text.splitlines()) == 6


def test_the_event_is_named_where_it_can_be():
    with pytest.raises(Unreadable) as error:
        parse(line("session.complete"), SPAIN)
    assert error.value.event_id == "e-1"


def test_the_calendar_is_moved_by_revrec_alone():
    raw = line("calendar.advanced", {"to": "2026-03-31"}, source="revrec")
    assert parse(raw, SPAIN, internal=True).event.data == core.CalendarAdvanced(date(2026, 3, 31))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_stands_there_is_refused_in_words(value):
    for raw in (
        value,
        event(data=value),
        event(data={"session": value, "bundle": "B-1"}),
        event("payment.received", PAYMENT | {"amount": value}),
    ):
        try:
            parsed = parse(json.dumps(raw).encode(), SPAIN)
        except Unreadable as refusal:
            said = refusal.problems
        else:
            said = parse(parsed.canonical, SPAIN).canonical == parsed.canonical
        assert said
