"""Files in, lines out: plain, compressed, cut off, or not what their name says."""

from __future__ import annotations

import gzip
import io

import pytest
import zstandard

from revrec.wire.context import Context
from revrec.wire.envelope import parse
from revrec.wire.errors import Unreadable
from revrec.wire.files import MAX_BYTES, NotReadable, json_lines, source

SPAIN = Context("ES-B64717838", "EUR", "Europe/Madrid")


def said(lines):
    return [(line.number, line.raw, [p.message for p in line.problems]) for line in lines]


def test_lines_are_numbered_and_blank_ones_passed_over():
    assert said(json_lines(io.BytesIO(b'\xef\xbb\xbf{"a":1}\n\n  \r\n{"b":2}\r\n{"c":3}'))) == [
        (1, b'{"a":1}', []),
        (4, b'{"b":2}', []),
        (5, b'{"c":3}', []),
    ]


def test_a_file_that_was_cut_off_says_so():
    *_, last = json_lines(io.BytesIO(b'{"a":1}\n{"b":'))
    assert last.number == 2
    assert last.problems[0].message.startswith("the file was cut off: it ends in the middle of an event")


def test_a_line_above_the_limit_is_one_problem():
    stream = io.BytesIO(b'{"a":1}\n' + b"x" * (3 * MAX_BYTES) + b'\n{"b":2}\n')
    assert said(json_lines(stream)) == [(1, b'{"a":1}', []), (2, b"x" * 200, ["longer than 64 KiB"]), (3, b'{"b":2}', [])]


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zstandard.compress(data[:50]) + zstandard.compress(data[50:])])
def test_compressed_files(tmp_path, pack):
    data = b"".join(b'{"a":%d}\n' % i for i in range(1000))
    path = tmp_path / ("events.jsonl.gz" if pack is gzip.compress else "events.jsonl.zst")
    path.write_bytes(pack(data))
    assert [line.raw for line in source(str(path)).lines()] == data.splitlines()
    path.write_bytes(pack(data)[:-9])
    *_, last = source(str(path)).lines()
    assert "the file was cut off" in last.problems[0].message


@pytest.mark.parametrize(("name", "message"), [("events.xlsx", "its ending says nothing"), ("none.jsonl", "No such file")])
def test_what_cannot_be_opened(tmp_path, name, message):
    with pytest.raises(NotReadable, match=message):
        list(source(str(tmp_path / name)).lines())


HEADER = "type,id,source,time,payment,amount,method,bundle,effective_date,note\n"
ROW = "payment.received,e-{0},agenda,2026-03-01T10:00:00+01:00,P-{0},{1},card,B-1,,\n"


def csv(tmp_path, text, name="events.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(source(str(path)).lines())


def test_a_row_is_an_event_and_an_empty_cell_is_absent(tmp_path):
    (line,) = csv(tmp_path, HEADER + ROW.format(1, "500.00"))
    parsed = parse(line.raw, SPAIN)
    assert parsed.event.data.amount == 50_000
    assert set(parsed.public["data"]) == {"payment", "amount", "method", "bundle"}


def test_semicolons_nested_fields_booleans_and_line_ends_in_cells(tmp_path):
    text = (
        "type;id;source;time;customer;name;person;country;business;dir3.accounting_office;dir3.managing_body;dir3.processing_unit;note\r\n"
        'customer.registered;e-1;s;2026-03-01T10:00:00Z;C-1;Ana;natural;ES;true;A;B;C;"one\r\ntwo"\r\n'
    )
    (line,) = csv(tmp_path, text)
    assert line.number == 3
    assert line.raw["data"]["dir3"] == {"accounting_office": "A", "managing_body": "B", "processing_unit": "C"}
    assert parse(line.raw, SPAIN).event.data.business is True


def test_lists_stand_in_numbered_columns(tmp_path):
    text = (
        "type,id,source,time,bundle,package,customer,instalments.2.due_on,instalments.2.amount,"
        "instalments.1.due_on,instalments.1.amount\n"
        "bundle.sold,e-1,s,2026-03-01T10:00:00Z,B-1,PSY-10,C-1,2026-04-01,250,2026-03-01,250\n"
        "bundle.sold,e-2,s,2026-03-01T10:00:00Z,B-2,PSY-10,C-1,,,2026-03-01,500\n"
        "bundle.sold,e-3,s,2026-03-01T10:00:00Z,B-3,PSY-10,C-1,2026-03-01,250,2026-03-01,250\n"
    )
    two, one, wrong = csv(tmp_path, text)
    assert [part.due_on.month for part in parse(two.raw, SPAIN).event.data.instalments] == [3, 4]
    assert [part.amount for part in parse(one.raw, SPAIN).event.data.instalments] == [50_000]
    with pytest.raises(Unreadable) as error:
        parse(wrong.raw, SPAIN)
    assert wrong.columns[error.value.problems[0].field] == "column 8 (instalments.2.due_on)"


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("bundle.sold", {"bundle": "B-1", "package": "P", "customer": "C-1", "price": "100", "currency": "USD", "rate": "0.92"}),
        ("session.completed", {"session": "S-1", "bundle": "B-1", "surcharge.amount": "8", "surcharge.tax": "es-21"}),
        (
            "adjustment.posted",
            {
                "postings.1.role": "bank",
                "postings.1.amount": "5",
                "postings.2.role": "rounding",
                "postings.2.amount": "-5",
                "reason": "found",
                "approver": "Eva",
            },
        ),
        ("branch.settled", {"from_branch": "bcn", "to_branch": "mad", "amount": "200"}),
        ("session.no_show", {"session": "S-1", "bundle": "B-1", "correction": "prior_period", "approver": "Eva"}),
    ],
)
def test_a_row_says_what_an_object_says(tmp_path, kind, members):
    names = ["type", "id", "source", "time", *members]
    (line,) = csv(tmp_path, ",".join(names) + "\n" + ",".join([kind, "e-1", "s", "2026-03-01T10:00:00Z", *members.values()]))
    nested = parse(line.raw, SPAIN)
    assert parse(nested.canonical, SPAIN).event == nested.event


def test_a_mistake_has_its_line_and_column(tmp_path):
    good, bad = csv(tmp_path, HEADER + ROW.format(1, "5") + ROW.format(2, "-5"))
    assert good.number == 2
    with pytest.raises(Unreadable) as error:
        parse(bad.raw, SPAIN)
    assert (bad.number, bad.columns[error.value.problems[0].field]) == (3, "column 6 (amount)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("type,id\n", "source: no such column"),
        (HEADER.replace("note", "amount"), "column 10 (amount): the column stands twice"),
        (HEADER.replace("note", ""), "column 10 (): the column has no name"),
        (HEADER.replace("note", "discount,discount.code"), "column 10 (discount): stands beside columns discount."),
        (HEADER + "payment.received,e-1\n", "2 cells where the header has 10"),
        (HEADER + 'payment.received,"e-1\n', "not CSV"),
        (HEADER.encode() + b"payment.received,\xe1\n", "byte 0xe1 is not UTF-8"),
    ],
)
def test_rows_that_are_no_events(tmp_path, text, message):
    *_, last = csv(tmp_path, text)
    assert message in "\n".join(str(problem) for problem in last.problems)


def test_the_line_of_a_byte_that_is_not_utf8(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes((HEADER + ROW.format(1, "5") + ROW.format(2, "5")).encode() + "\xe9,\n".encode("latin-1"))
    *_, last = source(str(path)).lines()
    assert last.number == 4
    assert "0xe9 is not UTF-8" in last.problems[0].message
