"""Stored bytes: RFC 8785, and back again without loss."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from revrec.core.book import Kind, Movement
from revrec.core.bundle import PLAIN, Bundle, Claim, ClaimKind, Plan, Position, Status, Written
from revrec.core.events import Foreign, Instalment
from revrec.core.journal import JournalEntry, Posting, Role, Unbalanced
from revrec.core.payer import Bound
from revrec.core.payment import Paid
from revrec.core.tax import Receipt
from revrec.store.format import chain_digest, chain_record, decode_entry, encode_entry, instant, pins_digest, stored_event
from revrec.store.state import decode_bundle, decode_movement, encode_bundle, encode_parts
from tests.core.practice import PACKAGE, STANDARD, TAX

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}", fullmatch=True)
maybe = st.none() | ids
days = st.dates(date(1970, 1, 1), date(2199, 12, 31))
amounts = st.integers(-(10**14), 10**14)


@st.composite
def entries(draw: st.DrawFn) -> JournalEntry:
    amount = draw(amounts)
    legs = (
        Posting(draw(st.sampled_from(Role)), amount, draw(maybe), draw(maybe), draw(maybe), draw(st.none() | st.just("card"))),
        Posting(draw(st.sampled_from(Role)), -amount),
    )
    return JournalEntry(
        draw(st.integers(1, 10**9)),
        draw(days),
        draw(st.from_regex(r"[!#-%'-;=?-\[\]-~]{1,30}", fullmatch=True)),
        draw(ids),
        "session.earned",
        legs,
        draw(maybe),
        draw(maybe),
        draw(maybe),
        draw(maybe),
        draw(maybe),
        draw(st.none() | st.just("standard@2026-01-01")),
        draw(st.none() | st.integers(1, 10**9)),
        draw(st.none() | days),
        draw(st.booleans()),
        tuple(sorted(draw(st.dictionaries(ids, ids, max_size=3)).items())),
    )


@given(entries())
def test_an_entry_is_canonical_json_and_comes_back(entry: JournalEntry) -> None:
    body = encode_entry(entry)
    assert rfc8785.dumps(json.loads(body)) == body
    assert decode_entry(body) == entry
    assert isinstance(decode_entry(body).postings[0].role, Role)


def test_an_entry_reads_like_the_formats_page() -> None:
    entry = JournalEntry(
        2,
        date(2026, 2, 10),
        "u1",
        "desk",
        "session.earned",
        (Posting(Role.CONTRACT_LIABILITY, 5000), Posting(Role.REVENUE_PACKAGE, -5000)),
        bundle="B-1",
        session="S-1",
    )
    assert encode_entry(entry) == (
        b'{"bundle":"B-1","date":"2026-02-10","entry":2,"event":"u1","postings":[{"amount":5000,"role":"contract-liability"},'
        b'{"amount":-5000,"role":"revenue-package"}],"rule":"session.earned","session":"S-1","source":"desk","v":"A"}'
    )


def test_an_entry_that_does_not_balance_cannot_be_read() -> None:
    body = encode_entry(JournalEntry(1, date(2026, 1, 1), "e", "s", "r", (Posting(Role.BANK, 1), Posting(Role.CASH, -1))))
    with pytest.raises(Unbalanced):
        decode_entry(body.replace(b"-1,", b"-2,"))


def test_a_chain_record_is_canonical_and_gives_its_event_back() -> None:
    event = b'{"data":{"x":",\\"n\\":1"},"id":"e1"}'
    record = chain_record(7, "2026-01-01T10:00:00Z", event, [b"{}", b"{}"], pins_digest([]), "ES-B64717838")
    assert rfc8785.dumps(json.loads(record)) == record
    assert stored_event(record) == event
    assert json.loads(record)["n"] == 7
    assert len(chain_digest(bytes(32), record)) == 32


def test_an_instant_is_utc_in_whole_seconds() -> None:
    zone = timezone(timedelta(hours=2))
    assert instant(datetime(2026, 7, 1, 1, 30, 5, 999, tzinfo=zone)) == "2026-06-30T23:30:05Z"
    assert instant(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01T00:00:00Z"


def bundle() -> Bundle:
    from revrec.core.policy import Terms

    return Bundle(
        id="B-1",
        terms=Terms(PACKAGE, STANDARD, TAX),
        customer="C-1",
        branch="bcn",
        sold_on=date(2026, 1, 2),
        units=10,
        bonus_units=1,
        price=50000,
        list_price=6000,
        expiry_event="e1",
        expiry_source="desk",
        last_date=date(2026, 2, 1),
        seq=4,
        used=3,
        status=Status.REFUNDED,
        beneficiaries=("C-1", "C-2"),
        provider="T-1",
        fixed_expiry=date(2026, 8, 1),
        starts=((date(2026, 1, 5), "S-1"),),
        lapsed_on=date(2026, 8, 1),
        position=Position(
            paid=50000,
            lost=100,
            due=60000,
            delivered=15000,
            earned=12397,
            vat=10413,
            other=300,
            held=2500,
            passed=40,
            claims=(Claim("S-1", ClaimKind.FEE, 2000, 347), Claim("S-2", ClaimKind.PACKAGE, 9900)),
            receipts=(Receipt("P-1", 30000, 5207), Receipt("P-2", 20000, 3471, 1000)),
            repriced=70,
            written=(Written("S-3", ClaimKind.SINGLE, 1210, 210, 0, 739_000, 100),),
        ),
        layers=((6, 30000), (4, 20000)),
        clock=date(2026, 7, 31),
        remote=True,
        plan=Plan(
            instalments=(Instalment(date(2026, 2, 2), 30000), Instalment(date(2026, 3, 2), 30000)),
            payers=(Bound("C-1", 40000, 100, 5), Bound("INSURER", 20000)),
            line_from=date(2026, 1, 2),
            line_base=5000,
            expected_used=800_000,
            cash=True,
            event="e2",
            source="erp",
            foreign=Foreign("USD", 920_000_000, 65000),
            foreign_paid=30000,
        ),
    )


def test_the_state_of_a_bundle_comes_back_whole() -> None:
    full = bundle()
    assert decode_bundle("B-1", encode_bundle(full), lambda _: full.terms) == full
    bare = Bundle("B-1", full.terms, "C-1", None, date(2026, 1, 2), 10, 0, 1, 1, "e", "s", date(2026, 1, 2), 1)
    back = decode_bundle("B-1", encode_bundle(bare), lambda _: full.terms)
    assert back == bare
    assert back.plan is PLAIN
    assert isinstance(back.status, Status)


def test_the_parts_of_a_bundle_come_back_as_what_they_were() -> None:
    """Equality alone would take a plain tuple for a claim or a receipt."""
    full = bundle()
    back = decode_bundle("B-1", encode_bundle(full), lambda _: full.terms)
    assert back.balances == full.balances
    assert [
        type(each) for each in (back.plan, back.position, *back.position.claims, *back.position.receipts, *back.position.written)
    ] == [
        Plan,
        Position,
        Claim,
        Claim,
        Receipt,
        Receipt,
        Written,
    ]
    assert isinstance(back.position.claims[0].kind, ClaimKind)


@pytest.mark.parametrize(
    "position",
    [
        Position(paid=1, claims=(Claim("S-1", ClaimKind.SINGLE, 1),)),
        Position(paid=1, receipts=(Receipt("P-1", 1, 0),)),
        Position(),
    ],
    ids=["claims", "receipts", "neither"],
)
def test_a_position_comes_back_with_either_list_or_none(position: Position) -> None:
    full = bundle()._replace(position=position)
    assert decode_bundle("B-1", encode_bundle(full), lambda _: full.terms) == full


def test_no_member_of_a_bundle_is_forgotten() -> None:
    """The sample sets every member; a member that is added must be added to the state, and here."""
    full = bundle()
    names = getattr(Bundle, "_fields", None) or [each.name for each in dataclasses.fields(Bundle)]
    assert all(getattr(full, name) not in (None, ()) for name in names)
    assert all(getattr(full.plan, name) != getattr(PLAIN, name) for name in Plan._fields)
    assert all(getattr(full.position, name) != getattr(Position(), name) for name in Position._fields)
    assert len(json.loads(encode_bundle(full))) == len(names) - 2 + len(Position._fields)


def test_a_movement_comes_back() -> None:
    movement = Movement(Kind.REFUND, "R-1", 3, date(2026, 1, 1), "B-1", "C-1", 5, 7, (1, -2, 3))
    row = ("refund", "R-1", 3, "2026-01-01", "B-1", "C-1", 5, 7, encode_parts(movement.parts))
    assert decode_movement(row) == movement
    assert encode_parts(Paid(100, 90, 10, 0)) == encode_parts(tuple(Paid(100, 90, 10, 0)))
    assert encode_parts(()) == ""
