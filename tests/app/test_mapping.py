"""An agenda in, events out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from revrec.app.mapping import MappedCsv
from revrec.core import post
from revrec.core.book import Book
from revrec.wire import mapping_file, policies
from revrec.wire.context import Context
from revrec.wire.envelope import parse
from revrec.wire.errors import MappingUnreadable, Unreadable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "mappings"
DATA = ROOT.parent / "shared" / "data"
SPAIN = Context("ES-B64717838", "EUR", "Europe/Madrid")

AGENDA = """\
appointment_id,appointment_date,appointment_time,status,patient_id
3,2025-01-03,09:00:00,attended,7
1,2025-01-01,08:00:00,cancelled,7
2,2025-01-02,08:00:00,attended,7
4,2025-01-04,08:00:00,did not attend,8
5,2025-01-05,08:00:00,cancelled,8
6,2026-01-05,08:00:00,scheduled,8
"""


def mapped(tmp_path, csv, name="clinic", changes=()):
    text = (DOCS / f"{name}.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "agenda.csv"
    path.write_text(csv, "utf-8")
    import tomllib

    catalogue = policies.load(DOCS / f"{name}-policy.toml", "EUR")
    return MappedCsv(mapping_file.loads(tomllib.loads(text), "mapping.toml"), path, catalogue, SPAIN)


def told(source):
    """`line type what` of every event; `*` marks what was invented."""
    for line in source.lines():
        data = line.raw["data"]
        yield f"{line.number}{'*' if line.invented else ''} {line.raw['type']} {line.raw['id']} {data.get('bundle', '')}".rstrip()


def test_rows_in_order_of_time_and_a_sale_on_the_day_of_first_need(tmp_path):
    source = mapped(tmp_path, AGENDA)
    assert list(told(source)) == [
        "4* bundle.sold M-P-7-20250102-sold M-P-7-20250102",
        "4* payment.received M-P-7-20250102-paid M-P-7-20250102",
        "4 session.completed appointment-2 M-P-7-20250102",
        "2 session.completed appointment-3 M-P-7-20250102",
        "5* bundle.sold M-P-8-20250104-sold M-P-8-20250104",
        "5* payment.received M-P-8-20250104-paid M-P-8-20250104",
        "5 session.no_show appointment-4 M-P-8-20250104",
        "6 session.cancelled appointment-5 M-P-8-20250104",
    ]
    assert source.skipped == {"scheduled": 1, "session.cancelled that costs nothing, of a customer without a bundle": 1}


def test_what_is_invented_says_so(tmp_path):
    sale, _, session, *_ = mapped(tmp_path, AGENDA).lines()
    assert (sale.raw["source"], session.raw["source"]) == ("mapping.clinic", "clinic-agenda")
    assert session.raw["time"] == "2025-01-02T08:00:00+01:00"


def test_the_same_file_makes_the_same_events(tmp_path):
    assert [line.raw for line in mapped(tmp_path, AGENDA).lines()] == [line.raw for line in mapped(tmp_path, AGENDA).lines()]


def test_another_bundle_when_no_unit_is_left_or_the_bundle_has_expired(tmp_path):
    header = AGENDA.splitlines()[0]
    rows = [f"{i},2025-01-{i:02},08:00:00,attended,7" for i in range(1, 12)] + ["20,2025-12-01,08:00:00,attended,7"]
    sold = [
        line.raw["data"]["bundle"]
        for line in mapped(tmp_path, "\n".join([header, *rows])).lines()
        if line.raw["type"] == "bundle.sold"
    ]
    assert sold == ["M-P-7-20250101", "M-P-7-20250111", "M-P-7-20251201"]


CLUB = """\
bookid,facid,memid,starttime,slots
0,0,1,2012-07-03 11:00:00,3
1,1,0,2012-07-03 08:00:00,2
2,1,5,2012-07-04 08:00:00,2
3,2,5,2012-07-04 09:00:00,2
"""
FACILITIES = """\
facid,name,membercost,guestcost
0,Tennis Court 1,5,25
1,Massage Room 1,35,80.5
2,Pool Table,0,5
"""


def test_a_second_file_says_service_and_price(tmp_path):
    (tmp_path / "club_facilities.csv").write_text(FACILITIES, "utf-8")
    source = mapped(tmp_path, CLUB, "club")
    events = [line.raw for line in source.lines()]
    assert [event["type"] for event in events] == [
        "session.completed",
        "payment.received",
        "bundle.sold",
        "payment.received",
        "session.completed",
        "session.completed",
        "payment.received",
    ]
    visit = {"session": "S-1", "customer": "GUEST", "service": "massage-room-1", "price": "161", "tax": "exempt"}
    assert events[0]["data"] == visit
    assert events[1]["data"] == {"payment": "PAY-S-1", "amount": "161", "method": "cash", "session": "S-1"}
    assert events[4]["data"] == {"session": "S-0", "bundle": "COURT-M-1-20120703", "quantity": "1.5"}
    assert source.skipped == {"free for members": 1}
    for event in events:
        parse(event, SPAIN)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("attended,7\n1", "came,7\n1", 'column 4 (status): no [[row]] of the mapping fits status = "came"'),
        ("2025-01-03", "03/01/2025", 'column 2 (appointment_date): "03/01/2025 09:00:00" is not a time of the form'),
        ("3,2025-01-03,09:00:00,attended,7", "3,2025-01-03", "line: 2 cells where the header has 5"),
        ("09:00:00,attended,7", "09:00:00,attended,", "column 5 (patient_id): the row names no customer"),
        ("09:00:00,attended,7", "09:00:00,attended,<7>", 'column 5 (patient_id): "P-<7>" is not an id'),
    ],
)
def test_a_wrong_row_is_named_and_the_others_are_read(tmp_path, old, new, message):
    assert old in AGENDA
    bad = [line for line in mapped(tmp_path, AGENDA.replace(old, new)).lines() if line.problems]
    assert [line.number for line in bad] == [2]
    assert message in str(bad[0].problems[0])


def test_a_mistake_in_an_event_has_its_column(tmp_path):
    *_, line = mapped(tmp_path, AGENDA.replace("1,2025-01-01,08:00:00,cancelled", "<1>,2025-01-09,08:00:00,attended")).lines()
    with pytest.raises(Unreadable) as error:
        parse(line.raw, SPAIN)
    assert line.number == 3
    assert {line.columns[problem.field] for problem in error.value.problems} == {"column 1 (appointment_id)"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "clinic"', 'nam = "clinic"', 'nam: no such key (did you mean "name"?)'),
        ('event = "session.completed"', 'event = "session.complete"', '[[row]] 1, event: "session.complete" is no type of event'),
        ('event = "session.completed"', "", "[[row]] 1: needs `event` or `skip`, one of them"),
        ('zone = "Europe/Madrid"', 'zone = "Europe/Madird"', '[time], zone: "Europe/Madird" is no time zone'),
        ('fields = { notice_hours = "48" }', 'fields = { notice = "48" }', "session.cancelled has no such member"),
        ('method = "card"', 'method = "cards"', 'sell.method: "cards" is not one of the choices'),
        ('customer = { column = "patient_id", prefix = "P-" }', "", "[sell] must know who needs a bundle"),
        ('column = "patient_id"', 'colum = "patient_id"', "colum: no such key"),
    ],
)
def test_a_wrong_mapping(tmp_path, old, new, message):
    with pytest.raises(MappingUnreadable) as error:
        mapped(tmp_path, AGENDA, changes=[(old, new)])
    assert message in str(error.value)


def test_a_column_that_is_not_there(tmp_path):
    source = mapped(tmp_path, AGENDA, changes=[('"patient_id"', '"patient"')])
    with pytest.raises(MappingUnreadable, match='customer: there is no column "patient"'):
        list(source.lines())


def test_a_package_that_is_not_on_sale(tmp_path):
    source = mapped(tmp_path, AGENDA, changes=[('"CLINIC-10"', '"CLINIC-9"')])
    assert next(str(line.problems[0]) for line in source.lines()).startswith("[sell], package: ")


if DATA.is_dir():

    @pytest.mark.parametrize(
        ("name", "csv", "types", "skipped"),
        [
            (
                "clinic",
                "clinic_appointments_2025.csv",
                {
                    "session.completed": 5719,
                    "session.no_show": 438,
                    "session.cancelled": 1107,
                    "bundle.sold": 1242,
                    "payment.received": 1242,
                },
                {"scheduled": 111, "unknown": 36, "session.cancelled that costs nothing, of a customer without a bundle": 106},
            ),
            (
                "club",
                "club_bookings.csv",
                {"session.completed": 2110, "payment.received": 1463, "bundle.sold": 132},
                {"free for members": 1934},
            ),
        ],
    )
    def test_the_books_take_every_event_of_a_real_agenda(name, csv, types, skipped):
        catalogue = policies.load(DOCS / f"{name}-policy.toml", "EUR")
        source = MappedCsv(mapping_file.load(DOCS / f"{name}.toml"), DATA / csv, catalogue, SPAIN)
        book, found = Book(catalogue), Counter()
        for line in source.lines():
            event = parse(line.raw, SPAIN).event
            post.record(book, event)
            found[event.type] += 1
        assert (found, source.skipped) == (types, skipped)
