"""What stands in the clear, what is sealed, and the fact again from what is stored."""

from __future__ import annotations

import orjson
import pytest

from revrec.wire.context import Context
from revrec.wire.envelope import parse
from revrec.wire.stored import restore, unseal

SPAIN = Context("ES-B64717838", "EUR", "Europe/Madrid")
ENVELOPE = {"specversion": "1.0", "id": "e-1", "source": "agenda", "time": "2026-03-01T10:00:00+01:00"}

SEALED = [
    (
        "customer.registered",
        {"customer": "C-1", "name": "Ana", "person": "natural", "country": "ES", "household": "H-1", "tax_id": "12345678Z"},
        {"name": "Ana", "tax_id": "12345678Z"},
    ),
    ("session.completed", {"session": "S-1", "bundle": "B-1", "note": "came late"}, {"note": "came late"}),
    ("session.reversed", {"session": "S-1", "reason": "wrong Ana"}, {"reason": "wrong Ana"}),
    ("bundle.transferred", {"bundle": "B-1", "to_customer": "C-2", "relation": "sister"}, {"relation": "sister"}),
    (
        "refund.issued",
        {"refund": "R-1", "bundle": "B-1", "accepted": {"reason": "moved to Vigo", "accepted_at": "2026-03-01T10:00:00Z"}},
        {"accepted": {"reason": "moved to Vigo"}},
    ),
    (
        "adjustment.posted",
        {
            "postings": [{"role": "bank", "amount": 5}, {"role": "rounding", "amount": "-5.00"}],
            "reason": "Ana paid",
            "approver": "Eva",
        },
        {"reason": "Ana paid"},
    ),
]
SEALED += [
    (kind, data | {"reason": "Ana moved"}, {"reason": "Ana moved"})
    for kind, data in [
        ("customer.erased", {"customer": "C-1"}),
        ("deposit.forfeited", {"deposit": "D-1"}),
        ("bundle.price_reduced", {"bundle": "B-1", "amount": "5.00", "currency": "USD", "rate": "0.9"}),
        ("bundle.cancelled_for_default", {"bundle": "B-1"}),
        ("refund.requested", {"refund": "R-1", "bundle": "B-1"}),
        ("refund.rejected", {"refund": "R-1", "approver": "Eva"}),
        ("receivable.written_off", {"bundle": "B-1", "amount": "5.00"}),
        ("receivable.recovered", {"customer": "C-1", "amount": "5.00"}),
        ("credit.granted", {"customer": "C-1", "amount": "5.00"}),
    ]
]
SEALED += [
    (
        "bundle.opened",
        {
            "bundle": "B-1",
            "package": "PSY-10",
            "customer": "C-1",
            "units_left": 4,
            "deferred": "200.00",
            "sold_on": "2025-10-01",
            "proof": "letter of Ana",
        },
        {"proof": "letter of Ana"},
    ),
    (
        "receivable.vat_recovered",
        {"bundle": "B-1", "amount": "5", "claim_proof": "notary 12", "notified_on": "2026-02-10", "reason": "Ana is broke"},
        {"claim_proof": "notary 12", "reason": "Ana is broke"},
    ),
    (
        "breakage.estimated",
        {"policy": "standard", "expected_used": "0.80", "evidence": "Ana stayed away", "approver": "Eva"},
        {"evidence": "Ana stayed away"},
    ),
    ("breakage.deemed_remote", {"bundle": "B-1", "evidence": "Ana is gone", "approver": "Eva"}, {"evidence": "Ana is gone"}),
]
CLEAR = [
    (
        "payment.received",
        {"payment": "P-1", "amount": "5.00", "method": "card", "bundle": "B-1", "currency": "USD", "rate": "0.9"},
    ),
    ("currency.revalued", {"currency": "USD", "rate": "0.9"}),
    ("session.no_show", {"session": "S-1", "bundle": "B-1", "correction": "prior_period", "approver": "Eva"}),
    (
        "bundle.sold",
        {
            "bundle": "B-1",
            "package": "PSY-10",
            "customer": "C-1",
            "instalments": [{"due_on": "2026-03-01", "amount": "33.33"}, {"due_on": "2026-04-01", "amount": "66.67"}],
            "currency": "USD",
            "rate": "0.9215",
        },
    ),
    ("payment.reversed", {"payment": "P-1", "reason": "mistake", "approver": "Eva"}),
    ("bundle.extended", {"bundle": "B-1", "expires_on": "2026-12-31", "reason": "clinical", "approver": "Eva"}),
    ("session.completed", {"session": "S-1", "bundle": "B-1", "metadata": {"room": "3"}}),
]


def parsed(kind, data, **envelope):
    return parse(orjson.dumps(ENVELOPE | {"type": kind, "data": data} | envelope), SPAIN)


@pytest.mark.parametrize(("kind", "data", "private"), SEALED)
def test_personal_data_and_free_text_are_sealed(kind, data, private):
    found = parsed(kind, data)
    assert found.private == {"data": private}
    stored = orjson.dumps(found.public)
    for text in private.values():
        assert (text if isinstance(text, str) else text["reason"]).encode() not in stored
    whole = unseal(orjson.loads(stored), found.private)
    assert orjson.dumps(whole, option=orjson.OPT_SORT_KEYS) == found.canonical


@pytest.mark.parametrize(("kind", "data"), CLEAR)
def test_listed_reasons_and_codes_stay_in_the_clear(kind, data):
    found = parsed(kind, data)
    assert found.private is None
    assert orjson.dumps(found.public, option=orjson.OPT_SORT_KEYS) == found.canonical


@pytest.mark.parametrize(("kind", "data"), [*CLEAR, *(case[:2] for case in SEALED)])
def test_the_fact_comes_back_without_unsealing(kind, data):
    found = parsed(kind, data)
    stored = orjson.loads(orjson.dumps(found.public))
    stored["data"]["sealed"] = "AAAA"
    assert restore(stored, SPAIN) == found.event


def test_a_subject_that_is_no_id_is_sealed():
    data = {"session": "S-1", "bundle": "B-1"}
    assert parsed("session.completed", data, subject="B-1").private is None
    found = parsed("session.completed", data, subject="Ana Prueba")
    assert found.private == {"data": {}, "subject": "Ana Prueba"}
    assert "subject" not in found.public
    assert unseal(found.public, found.private)["subject"] == "Ana Prueba"
