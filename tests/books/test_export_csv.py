"""The journal as CSV, read back."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from small_practice import CHART, earned, entry, paid, two_years

from revrec.books.chart import Chart
from revrec.books.export import records, table
from revrec.core.journal import Role

BOOKS = Chart.parse(CHART.replace("open Assets:Bank EUR\n", 'open Assets:Bank EUR\n  pgc: "572"\n'))


def read(entries, currency="EUR") -> list[dict[str, str]]:
    text = "".join(table.text(records.by_entry(entries, BOOKS), BOOKS, currency))
    return list(csv.DictReader(io.StringIO(text)))


def test_one_line_a_posting_with_everything_known_of_it():
    """
    transaction,date,text,account,pgc,role,debit,credit,currency,bundle,branch,customer,method,entry,event,event-source,session,\
service,policy,rule,corrects,effective-date,late,first-entry,last-entry,entries,sha256,metadata
    E-1,2026-01-10,Session S-1 of bundle B-1,Liabilities:ContractLiability,,contract-liability,50.00,,EUR,B-1,bcn,C-1,,E-1,ev-1,,\
S-1,psychology,standard@2026-01-01,session.earned,,,,,,,,
    E-1,2026-01-10,Session S-1 of bundle B-1,Income:Sessions:Package,,revenue-package,,50.00,EUR,B-1,bcn,C-1,,E-1,ev-1,,\
S-1,psychology,standard@2026-01-01,session.earned,,,,,,,,
    """
    text = "".join(table.text(records.by_entry([earned(1, "2026-01-10", "B-1", "S-1")], BOOKS), BOOKS, "EUR"))
    expected = test_one_line_a_posting_with_everything_known_of_it.__doc__.replace("\n    ", "\n").strip() + "\n"
    assert text == expected


def test_the_file_holds_the_debits_and_credits_of_the_entries_by_account():
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in read(two_years()):
        found[row["account"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for each in two_years():
        for leg in each.postings:
            account = BOOKS.need(leg.role, leg.branch or each.branch, each.service, leg.method)
            expected[account] += Decimal(leg.amount) / 100
    assert found == expected
    assert not sum(found.values())


def test_the_number_of_an_account_stands_beside_it():
    assert {row["account"]: row["pgc"] for row in read([paid(1, "2026-01-05", "B-1")])} == {
        "Assets:Bank": "572",
        "Liabilities:ContractLiability": "",
    }


def test_a_leg_of_another_branch_shows_its_own():
    legs = ((Role.CASH, 6000, None, "mad", None, "cash"), (Role.RECEIVABLE, -6000))
    rows = read([entry(1, "2026-01-15", "payment.visit", legs, session="V-1")])
    assert [(row["branch"], row["method"]) for row in rows] == [("mad", "cash"), ("bcn", "")]


def test_no_cell_is_a_formula_and_commas_and_quotes_come_back():
    odd = paid(1, "2026-01-05", "B-1", event='=1+2,"', metadata=(("room", "=2"), ("zone", "ñ")))
    row = read([odd])[0]
    assert row["event"] == "'=1+2,\""
    assert row["metadata"] == '{"room": "=2", "zone": "ñ"}'


def test_a_month_names_its_entries():
    rolled = records.by_month(two_years()[:2], BOOKS, lambda each: b"")
    rows = list(csv.DictReader(io.StringIO("".join(table.text(rolled, BOOKS, "EUR")))))
    assert {(row["transaction"], row["first-entry"], row["last-entry"], row["entries"]) for row in rows} == {
        ("2025-11/bcn", "E-1", "E-2", "2")
    }


def test_the_page_names_every_column():
    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8").partition("| column |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", page, re.MULTILINE)
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(cells))) == sorted(table.COLUMNS)
