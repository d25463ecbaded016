"""The chain of records: AEAT's own vectors, and every way of breaking it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verifactu_lint import huella as independent

from einvoice.chain import Kind, Link, Record, alta_text, anulacion_text, check, huella, text_of
from tests.einvoice import documents
from tests.einvoice.regimes.verifactu.records import AT, chain_of, mixed_chain, numbered

FIRST = "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
SECOND = "F7B94CFD8924EDFF273501B01EE5153E4CE8F259766F88CF6ACB8935802A2B97"
CANCELLED = "177547C0D57AC74748561D054A9CEC14B4C4EA23D1BEFD6F2E69E3A388F90C68"
BEFORE_ANNEX = "C9AF4AF1EF5EBBA700350DE3EEF12C2D355C56AC56F13DB2A25E0031BD2B7ED5"
ANNEX = "FF954378B64ED331A9B2366AD317D86E9DEC1716B12DD0ACCB172A6DC4C105AA"


def test_the_first_record_of_the_specification_has_its_huella() -> None:
    key = ("89890001K", "12345678/G33", "01-01-2024")
    assert huella(alta_text(key, "F1", "12.35", "123.45", "", "2024-01-01T19:20:30+01:00")) == FIRST


def test_the_second_record_of_the_specification_has_its_huella() -> None:
    key = ("89890001K", "12345679/G34", "01-01-2024")
    assert huella(alta_text(key, "F1", "12.35", "123.45", FIRST, "2024-01-01T19:20:35+01:00")) == SECOND


def test_the_anulacion_of_the_specification_has_its_huella() -> None:
    key = ("89890001K", "12345679/G34", "01-01-2024")
    assert huella(anulacion_text(key, SECOND, "2024-01-01T19:20:40+01:00")) == CANCELLED


def test_the_record_in_the_annex_of_the_signature_specification_has_its_huella() -> None:
    key = ("89890001K", "12345678-G66", "03-02-2025")
    assert huella(alta_text(key, "R3", "41.4", "241.4", BEFORE_ANNEX, "2025-02-03T14:30:00+01:00")) == ANNEX


@pytest.mark.parametrize("number", ["A/1", " padded ", "inner  spaces", "A&B=C", "ñandú º"])
def test_an_independent_reader_takes_the_same_huella_of_awkward_numbers(number: str) -> None:
    key = ("89890001K", number, "01-01-2024")
    ours = huella(alta_text(key, "F1", "0.00", "-5.00", FIRST, "2024-01-01T19:20:30+01:00"))
    assert ours == independent.huella_alta(*key, "F1", "0.00", "-5.00", FIRST, "2024-01-01T19:20:30+01:00")
    taken_back = huella(anulacion_text(key, FIRST, "2024-01-01T19:20:30+01:00"))
    assert taken_back == independent.huella_anulacion(*key, FIRST, "2024-01-01T19:20:30+01:00")


def test_values_are_trimmed_at_both_ends_and_keep_their_inner_spaces() -> None:
    tight = alta_text(("89890001K", "A  1", "01-01-2024"), "F1", "0.00", "1.00", "", "t")
    assert tight == alta_text((" 89890001K", " A  1 ", "01-01-2024 "), "F1 ", " 0.00", "1.00 ", " ", " t")
    assert "NumSerieFactura=A  1&" in tight


def test_a_chain_of_every_kind_of_record_is_whole() -> None:
    records = mixed_chain()
    assert check(records) == ()
    assert {record.kind for record in records} == {Kind.ALTA, Kind.ANULACION}


def test_the_rest_of_a_chain_is_checked_against_what_precedes_it() -> None:
    records = mixed_chain()
    assert check(records[3:], before=records[2].link) == ()
    assert [finding.code for finding in check(records[3:], before=records[1].link)] == ["chain-fork"]


def test_a_chain_that_does_not_begin_with_a_first_record_is_found() -> None:
    found = check(mixed_chain()[1:])
    assert [(finding.code, finding.field) for finding in found] == [("chain-fork", "records[0].previous")]
    assert "no record precedes it" in found[0].message


@pytest.mark.parametrize(
    "change", [{"total": "0.01"}, {"number": "F2026-999999"}, {"type_code": "F3"}, {"generated_at": "2026-03-02T10:02:01+01:00"}]
)
def test_a_record_changed_afterwards_is_found_and_named(change: dict[str, str]) -> None:
    records = mixed_chain()
    records[2] = replace(records[2], **change)
    found = check(records)
    assert found[0].code == "2000"
    assert found[0].field == "records[2].huella"
    assert records[2].number in found[0].message


def test_a_second_first_record_is_found() -> None:
    records = chain_of([documents.exempt(), documents.simplified()])
    alone = chain_of([documents.taxed()], start=AT + timedelta(hours=1))
    found = check([*records, *alone])
    assert [(finding.code, finding.field) for finding in found] == [("2007", "records[2].previous")]
    assert f"{records[-1].number} precedes it" in found[0].message
    assert [finding.code for finding in check(alone, before=records[-1].link)] == ["2007"]


def test_a_record_that_is_its_own_predecessor_is_found() -> None:
    record = chain_of([documents.exempt()])[0]
    selfish = replace(record, previous=record.link)
    assert "2008" in {finding.code for finding in check([selfish], before=record.link)}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02T08:59:59+00:00", [("chain-clock", "records[1].generated_at")]),
        ("2026-03-02T09:00:00+00:00", []),
        ("2026-03-02T10:00:01+01:00", []),
    ],
)
def test_a_clock_that_went_back_is_found(moment: str, expected: list[tuple[str, str]]) -> None:
    first = chain_of([documents.exempt()])[0]
    later = replace(first, number="F2026-000124", previous=first.link, generated_at=moment, huella="")
    later = replace(later, huella=huella(text_of(later)))
    assert [(finding.code, finding.field) for finding in check([first, later])] == expected


@given(st.integers(0, 6), st.integers(0, 6))
def test_no_two_records_can_be_swapped_unnoticed(one: int, other: int) -> None:
    records = mixed_chain()
    records[one], records[other] = records[other], records[one]
    assert bool(check(records)) == (one != other)


@given(st.integers(0, 5))
def test_no_record_but_the_last_can_be_left_out_unnoticed(gap: int) -> None:
    records = mixed_chain()
    del records[gap]
    assert [finding.code for finding in check(records)] == ["chain-fork"]


def test_a_record_gives_its_key_and_the_link_of_the_next_one() -> None:
    record: Record = chain_of([numbered(documents.exempt(), 7)])[0]
    assert record.key == ("B64717838", "F2026-000007", "02-03-2026")
    assert record.link == Link(*record.key, record.huella)
