"""Messages to the tax office: what they hold, how records are split into them, when they may go."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from einvoice import xsd
from einvoice.regimes.verifactu.build import INFORMATION
from einvoice.regimes.verifactu.message import (
    MOST,
    SOAP,
    SUPPLY,
    Batch,
    ForeignRecord,
    MessageSize,
    Pace,
    Taxpayer,
    batches,
    body,
    is_delayed,
    message,
)
from einvoice.regimes.verifactu.read import of_element
from einvoice.schemas import Catalogue
from tests.einvoice.regimes.verifactu.records import AT, SELLER, mixed_chain

RECORDS = mixed_chain()


@pytest.mark.parametrize("incident", [False, True])
@pytest.mark.parametrize("representative", [None, Taxpayer("Asesoría & Hijos", "A58818501")])
@pytest.mark.parametrize("ends_on", [None, date(2026, 12, 31)])
def test_a_message_is_valid_by_the_official_schema(
    official: Catalogue, incident: bool, representative: Taxpayer | None, ends_on: date | None
) -> None:
    inner = body(SELLER, RECORDS, incident=incident, representative=representative, ends_on=ends_on)
    root = etree.fromstring(inner)
    assert xsd.schema("verifactu/SuministroLR").findings(root) == ()
    assert root.findtext(f".//{{{INFORMATION}}}Incidencia") == ("S" if incident else None)
    assert root.findtext(f".//{{{INFORMATION}}}FechaFinVeriFactu") == ("31-12-2026" if ends_on else None)


def test_a_message_is_a_soap_envelope_that_carries_the_stored_bytes_in_order() -> None:
    data = message(SELLER, RECORDS)
    root = etree.fromstring(data)
    assert root.tag == f"{{{SOAP}}}Envelope"
    items = root.findall(f"{{{SOAP}}}Body/{{{SUPPLY}}}RegFactuSistemaFacturacion/{{{SUPPLY}}}RegistroFactura")
    assert [of_element(item[0], record.xml) for item, record in zip(items, RECORDS, strict=True)] == RECORDS
    assert all(record.xml in data for record in RECORDS)


@pytest.mark.parametrize("count", [0, 1001])
def test_a_message_of_none_or_too_many_records_is_refused(count: int) -> None:
    with pytest.raises(MessageSize, match="1 to 1000"):
        message(SELLER, RECORDS[:1] * count)


def test_a_thousand_records_fit() -> None:
    assert message(SELLER, RECORDS[:1] * MOST).count(b"<sum1:RegistroAlta ") == MOST


def test_a_record_of_another_taxpayer_is_refused() -> None:
    with pytest.raises(ForeignRecord, match="A58818501"):
        message(Taxpayer("Otra", "A58818501"), RECORDS)


@given(st.lists(st.tuples(st.integers(), st.booleans()), max_size=40), st.integers(1, 60))
def test_batches_keep_the_order_and_never_mix_delayed_records_with_others(waiting: list[tuple[int, bool]], repeat: int) -> None:
    many = waiting * repeat
    split = list(batches(many))
    assert [(record, batch.incident) for batch in split for record in batch.records] == many
    assert all(0 < len(batch.records) <= MOST for batch in split)


def test_batches_are_as_full_as_they_may_be() -> None:
    assert [len(batch.records) for batch in batches((n, False) for n in range(2500))] == [1000, 1000, 500]
    assert list(batches([("a", True), ("b", True), ("c", False)])) == [Batch(("a", "b"), True), Batch(("c",), False)]


def test_the_next_message_goes_after_the_wait_or_when_it_is_full() -> None:
    pace = Pace(AT, 120)
    assert not pace.due(1, AT + timedelta(seconds=119))
    assert pace.due(1, AT + timedelta(seconds=120))
    assert pace.due(1000, AT)
    assert not pace.due(999, AT)
    assert Pace(AT).wait_seconds == 60


@pytest.mark.parametrize(("seconds", "delayed"), [(0, False), (180, False), (181, True), (240, True)])
def test_a_record_that_aeat_may_get_later_than_its_clock_allows_reports_an_incident(seconds: int, delayed: bool) -> None:
    assert is_delayed(RECORDS[0], AT + timedelta(seconds=seconds)) is delayed
