"""The ContaPlus diary, read back by its field positions."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_practice import CHART, earned, entry, paid, two_years
from spanish import BOOKS, CODES, PLACES, balances, diary, months, singles

from revrec.books.chart import Chart
from revrec.books.export import contaplus
from revrec.books.export.subaccounts import NoNumbers, SameNumber, WrongNumber, numbers
from revrec.core.journal import Role

EIGHT = numbers(BOOKS, CODES)
VAT = ((Role.BANK, 12100), (Role.CONTRACT_LIABILITY, -10000), (Role.VAT_OUTPUT, -2100))


def made(records, **more) -> bytes:
    return "".join(contaplus.text(records, EIGHT, "EUR", **more)).encode("ascii")


def test_a_line_to_the_byte():
    """
         12026011043800000                            0.00Session S-1 of bundle B-1            0.00       0            0.00 0.00\
 0.00E-1                      00     0            0.00            0.00            0.00                       0.00\
2           50.00            0.00            0.00F          |
    """
    first, second, end = made(singles([earned(1, "2026-01-10", "B-1", "S-1")])).split(b"\r\n")
    expected = test_a_line_to_the_byte.__doc__[5:].partition("|")[0]
    assert first.decode() == expected
    assert (len(first), len(second), end) == (297, 297, b"")


def test_a_month_says_which_entries_it_stands_for():
    rows = diary(made(months(two_years()[4:7])))
    (record,) = months(two_years()[4:7])
    assert {row["concepto"] for row in rows} == {"E-5/E-7 bcn"}
    assert {row["documento"] for row in rows} == {record.batch.sha256[:10]}
    assert {row["fecha"] for row in rows} == {"20260131"}


@pytest.mark.parametrize("records", [months, singles])
def test_read_back_every_entry_balances_and_the_accounts_are_those_of_the_books(records):
    entries = two_years()[:5]
    rows = diary(made(records(entries)))
    found: dict[str, Decimal] = defaultdict(Decimal)
    each: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        amount = Decimal(row["euro_debe"]) - Decimal(row["euro_haber"])
        found[row["subcta"]] += amount
        each[row["asien"]] += amount
    assert {number: amount for number, amount in found.items() if amount} == balances(entries, EIGHT)
    assert set(each.values()) == {0}
    assert list(each) == [str(n) for n in range(1, len(each) + 1)]


def test_amounts_stand_in_the_euro_fields_alone():
    rows = diary(made(singles(two_years()[:5])))
    assert {(row["pta_debe"], row["pta_haber"], row["base_impo"], row["iva"], row["moneda_uso"]) for row in rows} == {
        ("0.00", "0.00", "0.00", "0.00", "2")
    }


def test_a_vat_line_names_its_counterpart():
    rows = diary(made(singles([entry(1, "2026-01-10", "payment.bundle", VAT, bundle="B-1")])))
    assert {row["subcta"]: row["contra"] for row in rows} == {"57200000": "", "43800000": "", "47700000": "57200000"}


def test_letters_with_accents_are_written_without():
    rows = diary(made(months([paid(1, "2026-01-10", "B-1", branch="Gràcia-Ñ€")])))
    assert rows[0]["concepto"] == "E-1/E-1 Gracia-N?"


def test_numbers_begin_where_the_other_program_left_off():
    assert [row["asien"] for row in diary(made(singles([paid(1, "2026-01-10", "B-1")]), first=999_999))] == ["999999"] * 2


def test_more_records_than_six_digits_can_number_are_refused():
    with pytest.raises(contaplus.TooMany, match="999,999"):
        made(singles(two_years()[:2]), first=999_999)


@pytest.mark.parametrize("records", [months, singles])
def test_more_than_a_fiscal_year_is_refused(records):
    with pytest.raises(contaplus.MoreThanAYear, match=r"from 2025-11 to 2026-11.*--from 2026-01-01 --to 2026-12-31"):
        made(records([*two_years(), paid(10, "2026-11-03", "B-9")]))


def test_twelve_months_are_one_year_whenever_it_begins():
    assert made(months([*two_years(), paid(10, "2026-10-31", "B-9")]))


def test_another_currency_is_refused():
    with pytest.raises(contaplus.NotInEuro, match="kept in CHF"):
        "".join(contaplus.text(singles([]), EIGHT, "CHF"))


def test_the_page_names_every_field_at_its_characters():
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8").partition("| field |")[2].partition("\n\n")[0]
    page, between = page.replace("| `n_casado` to `imp_aux_me` | 150-237 |", "| |"), "150-237" in page
    named: dict[str, str] = {}
    for names, places in re.findall(r"^\| (`[^|]*`) \| ([-0-9, ]+) \|", page, re.MULTILINE):
        named |= zip(re.findall(r"`(\w+)`", names), places.split(", "), strict=True)
    expected = {name: f"{first}-{first + width - 1}" if width > 1 else str(first) for name, (first, width) in PLACES.items()}
    assert (named, between) == (expected, True)


IDS = st.text("ABCñÁ€ -_.", min_size=1, max_size=30)


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 28), st.integers(0, 10**11), IDS), max_size=8))
def test_whatever_the_ids_and_amounts_the_file_can_be_read(rows):
    entries = [paid(n, f"2026-{m:02}-{d:02}", name, cents, branch=name) for n, (m, d, cents, name) in enumerate(sorted(rows), 1)]
    for records in (months, singles):
        found = diary(made(records(entries)))
        assert sum(Decimal(row["euro_debe"]) for row in found) == Decimal(sum(row[2] for row in rows)) / 100
        assert sum(Decimal(row["euro_debe"]) - Decimal(row["euro_haber"]) for row in found) == 0


@pytest.mark.parametrize(
    ("digits", "code", "number"),
    [
        (8, "438", "43800000"),
        (8, "438.1", "43800001"),
        (12, "4381", "438100000000"),
        (4, "4381", "4381"),
        (10, "57.12", "5700000012"),
    ],
)
def test_a_number_is_brought_to_length(digits, code, number):
    chart = Chart.parse(f'1970-01-01 open Assets:Bank EUR\n  pgc: "{code}"\n')
    assert numbers(chart, ["Assets:Bank"], digits) == {"Assets:Bank": number}


def test_accounts_without_number_are_all_named_with_the_remedy():
    with pytest.raises(NoNumbers) as caught:
        numbers(Chart.parse(CHART, "plan.beancount"), ["Income:Breakage", "Assets:Bank"])
    assert str(caught.value).splitlines() == [
        "plan.beancount: these accounts have no account number:",
        "  Assets:Bank",
        "  Income:Breakage",
        'Put it under the `open` line of each, for example `pgc: "438"` with two spaces before it.',
    ]


@pytest.mark.parametrize("code", ["4380000001", "43A", ".438", "438.1.2", "٤٣٨"])
def test_a_number_that_is_none_is_named(code):
    chart = Chart.parse(f'1970-01-01 open Assets:Bank EUR\n  pgc: "{code}"\n')
    with pytest.raises(WrongNumber, match="Assets:Bank: pgc"):
        numbers(chart, ["Assets:Bank"])


def test_two_numbers_that_become_one_are_refused_and_one_shared_on_purpose_is_not():
    text = '1970-01-01 open Assets:Bank EUR\n  pgc: "572"\n1970-01-01 open Assets:Savings EUR\n  pgc: "{}"\n'
    with pytest.raises(SameNumber, match=r"Assets:Bank and Assets:Savings .* 57200000"):
        numbers(Chart.parse(text.format("5720")), ["Assets:Savings", "Assets:Bank"])
    assert set(numbers(Chart.parse(text.format("572")), ["Assets:Savings", "Assets:Bank"]).values()) == {"57200000"}


@pytest.mark.parametrize(("line", "code"), [('pgc: "572"', "572"), ("pgc: 572 ; banks", "572"), ("note: 1", None)])
def test_the_chart_reads_the_number_with_and_without_quotes(line, code):
    assert Chart.parse(f"1970-01-01 open Assets:Bank EUR\n  {line}\n").accounts[0].pgc == code
