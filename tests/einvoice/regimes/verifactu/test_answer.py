"""Answers of the tax office: every kind is read, whatever is none is named."""

from __future__ import annotations

import pytest
from lxml import etree

from einvoice import xsd
from einvoice.chain import Kind
from einvoice.regimes.verifactu.answer import (
    Answer,
    Duplicate,
    EmptyAnswer,
    Fault,
    NoAnswer,
    Operation,
    Outcome,
    Source,
    Stored,
    UnexpectedAnswer,
    UnreadableAnswer,
    Verdict,
    pair,
    parse,
)
from einvoice.schemas import Catalogue
from tests.einvoice.regimes.verifactu.answers import answer, envelope, fault, line
from tests.einvoice.regimes.verifactu.records import mixed_chain

RECORDS = mixed_chain()
FLAGS = "<I:Subsanacion>S</I:Subsanacion><I:RechazoPrevio>X</I:RechazoPrevio>"
PARTLY = answer(
    "ParcialmenteCorrecto",
    [
        line(RECORDS[0], "Correcto"),
        line(RECORDS[1], "AceptadoConErrores", "2000"),
        line(RECORDS[2], "Incorrecto", "1239", flags=FLAGS),
        line(RECORDS[3], "Incorrecto", "3000", "AceptadaConErrores"),
        line(RECORDS[6], "Correcto"),
    ],
    wait="120",
)


def parsed(data: bytes) -> Answer:
    found = parse(data)
    assert isinstance(found, Answer)
    return found


@pytest.mark.parametrize(
    "data", [PARTLY, answer("Correcto", [line(RECORDS[0], "Correcto")]), answer("Incorrecto", [], receipt="")]
)
def test_the_answers_of_these_tests_are_valid_by_the_official_schema(official: Catalogue, data: bytes) -> None:
    assert xsd.schema("verifactu/RespuestaSuministro").findings(etree.fromstring(data)[0][0]) == ()


def test_an_accepted_message_has_a_receipt_and_says_how_long_to_wait() -> None:
    found = parsed(answer("Correcto", [line(RECORDS[0], "Correcto")]))
    assert (found.outcome, found.csv, found.wait_seconds) == (Outcome.CORRECT, "A-TESTCSV0123456", 60)
    assert (found.presenter, found.presented_at) == ("B64717838", "2026-03-02T10:05:00+01:00")
    assert found.lines[0].verdict is Verdict.ACCEPTED
    assert found.lines[0].key == RECORDS[0].key
    assert (found.lines[0].code, found.lines[0].message, found.lines[0].duplicate) == ("", "", None)


def test_a_partly_accepted_message_tells_each_record_apart() -> None:
    found = parsed(PARTLY)
    assert (found.outcome, found.wait_seconds) == (Outcome.PARTLY, 120)
    assert [(each.verdict, each.code) for each in found.lines] == [
        (Verdict.ACCEPTED, ""),
        (Verdict.ACCEPTED_WITH_ERRORS, "2000"),
        (Verdict.REJECTED, "1239"),
        (Verdict.REJECTED, "3000"),
        (Verdict.ACCEPTED, ""),
    ]
    assert found.lines[2].operation == Operation(Kind.ALTA, "S", "X")
    assert found.lines[4].operation.kind is Kind.ANULACION


def test_a_duplicate_tells_what_is_already_stored() -> None:
    assert parsed(PARTLY).lines[3].duplicate == Duplicate("20260302100400", Stored.ACCEPTED_WITH_ERRORS)


def test_a_rejected_message_has_no_receipt() -> None:
    found = parsed(answer("Incorrecto", [line(RECORDS[0], "Incorrecto", "1112")], receipt=""))
    assert (found.outcome, found.csv, found.presenter) == (Outcome.INCORRECT, "", "")


def test_records_are_matched_by_key_and_kind_and_what_has_no_line_is_left_unknown() -> None:
    lines = pair(RECORDS, parsed(PARTLY))
    assert [each and each.code for each in lines] == ["", "2000", "1239", "3000", None, None, ""]
    assert lines[0] is not lines[6]


def test_the_same_invoice_twice_in_a_message_takes_its_lines_in_order() -> None:
    found = parsed(answer("ParcialmenteCorrecto", [line(RECORDS[0], "Incorrecto", "1100"), line(RECORDS[0], "Correcto")]))
    assert [each and each.verdict for each in pair([RECORDS[0]] * 3, found)] == [Verdict.REJECTED, Verdict.ACCEPTED, None]


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("env:Server", "Error interno", Fault(Source.SERVER, "Error interno")),
        (
            "env:Client",
            "Codigo[4102].El XML no cumple el esquema",
            Fault(Source.CLIENT, "Codigo[4102].El XML no cumple el esquema", "4102"),
        ),
        ("soapenv:Client.Validation", "x", Fault(Source.CLIENT, "x")),
        ("Client", "Codigo[4118].x", Fault(Source.CLIENT, "Codigo[4118].x", "4118")),
        ("", "", Fault(Source.SERVER, "")),
    ],
)
def test_a_fault_says_whose_mistake_it_is_and_its_number(code: str, text: str, expected: Fault) -> None:
    assert parse(fault(code, text)) == expected


@pytest.mark.parametrize("data", [b"", b"  \r\n"])
def test_an_empty_answer_is_named(data: bytes) -> None:
    with pytest.raises(EmptyAnswer, match="send the message again"):
        parse(data)


@pytest.mark.parametrize(
    "data", [b"garbage", b"<html><body>", PARTLY[:-40], b"\xff\xfe\x00", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_what_is_no_xml_is_named(data: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match="send the message again"):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<html/>",
        envelope(""),
        envelope("<Otra/>"),
        answer("Quizá", []),
        answer("Correcto", [line(RECORDS[0], "Correcta")]),
        answer("Correcto", [line(RECORDS[0], "Incorrecto", "3000", "Correcto")]),
    ],
)
def test_xml_that_says_nothing_of_records_is_named(data: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        parse(data)


@pytest.mark.parametrize("cut", range(0, len(PARTLY) - 1, 97))
def test_an_answer_cut_off_anywhere_never_counts_as_one(cut: int) -> None:
    with pytest.raises(NoAnswer):
        parse(PARTLY[:cut])


def test_a_waiting_time_that_is_missing_is_not_made_up() -> None:
    assert parsed(answer("Incorrecto", [], receipt="", wait="")).wait_seconds is None
