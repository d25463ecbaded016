"""Frozen invoices: equal content is equal bytes, and the bytes give the content back."""

from __future__ import annotations

import json
from dataclasses import is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import get_args, get_origin, get_type_hints

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from einvoice import model
from einvoice.frozen import NotFreezable, NotThawable, UnknownFormat, freeze, thaw
from tests.einvoice import documents

KINDS = [documents.exempt, documents.taxed, documents.withheld, documents.corrective, documents.substitution]
KINDS += [documents.simplified, documents.through_agent, documents.long, documents.yen]
MINIMAL = model.Invoice(
    series="F-",
    number="F-1",
    issued_on=date(2026, 3, 2),
    seller=model.Party("Centro", model.Person.LEGAL),
    buyer=None,
    lines=(),
    vat=(),
    totals=model.Totals(Decimal("1.00"), Decimal("0.00"), Decimal("1.00"), Decimal("1.00")),
    description="Bono",
)
# As the first release wrote it: it is read for ever, and means the same for ever.
GOLDEN = (
    b'{"format":"einvoice/1","invoice":{"buyer":null,"description":"Bono","issued_on":"2026-03-02","lines":[],"number":"F-1",'
    b'"seller":{"name":"Centro","person":"legal"},"series":"F-","totals":{"gross":"1.00","net":"1.00","payable":"1.00",'
    b'"tax":"0.00"},"vat":[]}}'
)
DEFAULTS = {
    "type_code": model.TypeCode.INVOICE,
    "simplified": False,
    "currency": "EUR",
    "operation_on": None,
    "period": None,
    "due_on": None,
    "payments": (),
    "withholding": None,
    "correction": None,
    "replaces": (),
    "scheme": model.Scheme.GENERAL,
    "issued_by": model.IssuedBy.SELLER,
    "third_party": None,
    "notes": (),
    "legal": (),
    "language": "es",
}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DECIMALS = st.decimals(-(10**12), 10**12, places=2) | st.decimals(-1000, 1000, places=8) | st.just(Decimal("-0.00"))
SIMPLE = {str: TEXTS, Decimal: DECIMALS, date: st.dates(), bool: st.booleans()}


def anything(kind):
    """Values of a type of the model, whatever they are, right or wrong as an invoice."""
    if get_origin(kind) is tuple:
        return st.lists(anything(get_args(kind)[0]), max_size=2).map(tuple)
    if get_args(kind):
        return st.none() | anything(get_args(kind)[0])
    if is_dataclass(kind):
        return st.builds(kind, **{name: anything(each) for name, each in get_type_hints(kind).items()})
    return SIMPLE[kind] if kind in SIMPLE else st.sampled_from(kind)


invoices = anything(model.Invoice)


@given(invoices)
def test_any_invoice_comes_back_equal_and_freezes_to_the_same_bytes(invoice):
    data = freeze(invoice)
    assert thaw(data) == invoice
    assert freeze(thaw(data)) == data


@given(invoices)
def test_the_bytes_are_canonical_json(invoice):
    data = freeze(invoice)
    assert rfc8785.dumps(json.loads(data)) == data


@pytest.mark.parametrize("make", KINDS)
def test_documents_of_every_kind_come_back(make):
    assert thaw(freeze(make())) == make()


def test_the_digits_of_an_amount_are_kept():
    line = replace(documents.exempt().lines[0], unit_price=Decimal("60.000"))
    thawed = thaw(freeze(replace(documents.exempt(), lines=(line,))))
    assert str(thawed.lines[0].unit_price) == "60.000"
    totals = replace(MINIMAL.totals, prepaid=Decimal(0))
    assert str(thaw(freeze(replace(MINIMAL, totals=totals))).totals.prepaid) == "0"


def test_what_the_first_release_froze_is_read_for_ever():
    assert freeze(MINIMAL) == GOLDEN
    thawed = thaw(GOLDEN)
    assert thawed == MINIMAL
    assert {name: getattr(thawed, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", ["einvoice/2", None, 7])
def test_another_format_is_refused_by_its_name(name):
    with pytest.raises(UnknownFormat, match=f"{name!r}.*'einvoice/1'"):
        thaw(json.dumps({"format": name, "invoice": {}}).encode())


def damaged(change) -> bytes:
    told = json.loads(GOLDEN)
    change(told["invoice"])
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.update(colour="red"), "invoice: unknown members colour"),
        (lambda told: told["seller"].pop("name"), "invoice[.]seller: lacks name"),
        (lambda told: told.update(issued_on="2026-02-30"), "invoice[.]issued_on: '2026-02-30' is no date"),
        (lambda told: told["totals"].update(net="1,00"), "invoice[.]totals[.]net: '1,00' is no Decimal"),
        (lambda told: told["totals"].update(net=1.0), "invoice[.]totals[.]net: 1[.]0 is no Decimal"),
        (lambda told: told["seller"].update(person="robot"), "invoice[.]seller[.]person: 'robot' is no Person"),
        (lambda told: told.update(lines={}), "invoice[.]lines: is no list"),
        (lambda told: told.update(seller=[]), "invoice[.]seller: is no object"),
        (lambda told: told.update(simplified="true"), "invoice[.]simplified: 'true' is no bool"),
        (lambda told: told.update(payments=[{"means": "48"}]), r"invoice[.]payments\[0\]: lacks amount"),
    ],
)
def test_a_damaged_member_is_refused_by_its_path(change, said):
    with pytest.raises(NotThawable, match=said):
        thaw(damaged(change))


def test_bytes_that_are_no_json_are_refused():
    with pytest.raises(NotThawable, match="no JSON"):
        thaw(b"{")


@pytest.mark.parametrize("bad", [replace(MINIMAL, description="\ud800"), replace(MINIMAL, currency="\udfff")])
def test_half_a_character_cannot_be_frozen(bad):
    with pytest.raises(NotFreezable):
        freeze(bad)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "sNaN"])
def test_a_number_that_is_none_cannot_be_frozen(amount):
    with pytest.raises(NotFreezable):
        freeze(replace(MINIMAL, totals=replace(MINIMAL.totals, net=Decimal(amount))))
