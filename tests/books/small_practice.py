"""A small practice for the tests of the books: entries in memory, and what the writer asks of them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from beancount import loader
from beancount.core import realization
from beancount.core.data import Transaction
from beancount.core.inventory import Inventory

from revrec.books import plugin
from revrec.books.chart import Chart
from revrec.books.state import Books, MonthRow
from revrec.books.write import Writer
from revrec.core.journal import JournalEntry, Posting, Role

CHART = """\
1970-01-01 open Assets:Bank EUR
  revrec-role: "bank"
1970-01-01 open Assets:Cash EUR
  revrec-role: "cash"
1970-01-01 open Assets:Cash:Madrid EUR
  revrec-role: "cash"
  revrec-branch: "mad"
1970-01-01 open Assets:Receivable:Customers EUR
  revrec-role: "receivable"
1970-01-01 open Liabilities:ContractLiability EUR
  revrec-role: "contract-liability"
1970-01-01 open Liabilities:ContractLiability:Madrid EUR
  revrec-role: "contract-liability"
  revrec-branch: "mad"
1970-01-01 open Liabilities:CustomerCredit EUR
  revrec-role: "customer-credit"
1970-01-01 open Income:Sessions:Package EUR
  revrec-role: "revenue-package"
1970-01-01 open Income:Sessions:Single EUR
  revrec-role: "revenue-single"
1970-01-01 open Income:Breakage EUR
  revrec-role: "breakage"
1970-01-01 open Expenses:Rent EUR
"""
MAIN = """\
option "title" "Centro Demo"
option "operating_currency" "EUR"
option "insert_pythonpath" "TRUE"
plugin "revrec_check"
include "chart.beancount"
include "journal/index.beancount"
"""


def entry(number: int, day: str, rule: str, legs: Iterable[tuple], **more) -> JournalEntry:
    """An entry of event `ev-NUMBER`; legs are (role, minor units) or whole postings."""
    more = {"event": f"ev-{number}", "source": "agenda", "branch": "bcn", "service": "psychology"} | more
    return JournalEntry(number, date.fromisoformat(day), rule=rule, postings=tuple(Posting(*leg) for leg in legs), **more)


def paid(number: int, day: str, bundle: str, amount: int = 50000, **more) -> JournalEntry:
    legs = ((Role.BANK, amount), (Role.CONTRACT_LIABILITY, -amount))
    return entry(number, day, "payment.bundle", legs, bundle=bundle, customer="C-1", **more)


def earned(number: int, day: str, bundle: str, session: str, amount: int = 5000, **more) -> JournalEntry:
    legs = ((Role.CONTRACT_LIABILITY, amount), (Role.REVENUE_PACKAGE, -amount))
    more = {"policy": "standard@2026-01-01", "customer": "C-1"} | more
    return entry(number, day, "session.earned", legs, bundle=bundle, session=session, **more)


def broken(number: int, day: str, bundle: str, amount: int, **more) -> JournalEntry:
    legs = ((Role.CONTRACT_LIABILITY, amount), (Role.BREAKAGE, -amount))
    return entry(number, day, "breakage.expiry", legs, bundle=bundle, **more)


def taken_back(number: int, day: str, bundle: str, amount: int, corrects: int) -> JournalEntry:
    """What a late fact takes back of the breakage at expiry."""
    legs = ((Role.CONTRACT_LIABILITY, -amount), (Role.BREAKAGE, amount))
    return entry(number, day, "breakage.correction", legs, bundle=bundle, corrects=corrects)


def two_years() -> list[JournalEntry]:
    """Two branches over a year's end: what the yearly books and the summary have to agree on."""
    return [
        paid(1, "2025-11-03", "B-1"),
        earned(2, "2025-11-10", "B-1", "S-1"),
        paid(3, "2025-12-01", "B-2", 30001, branch="mad"),
        earned(4, "2025-12-31", "B-2", "S-2", 10000, branch="mad"),
        earned(5, "2026-01-01", "B-1", "S-3"),
        entry(
            6,
            "2026-01-15",
            "session.single",
            ((Role.RECEIVABLE, 6000), (Role.REVENUE_SINGLE, -6000)),
            session="V-1",
            customer="C-2",
        ),
        entry(
            7,
            "2026-01-15",
            "payment.visit",
            ((Role.CASH, 6000, None, "mad"), (Role.RECEIVABLE, -6000)),
            session="V-1",
            customer="C-2",
        ),
        earned(8, "2026-03-02", "B-1", "S-4"),
        broken(9, "2026-05-31", "B-2", 20001, branch="mad"),
    ]


def rows(entries: Iterable[JournalEntry]) -> list[MonthRow]:
    """The month rows of entries, as the store keeps them."""
    sums: dict[tuple, int] = defaultdict(int)
    for e in entries:
        for leg in e.postings:
            sums[e.date.replace(day=1), leg.role, leg.branch or e.branch, e.service, leg.method] += leg.amount
    return [MonthRow(*key, amount) for key, amount in sorted(sums.items(), key=str)]


def books(entries: Iterable[JournalEntry], known: dict[date, str | None] | None = None, last: str | None = None, **more) -> Books:
    """What the writer asks: `known` are the digests of days written before."""
    by_day: dict[date, list[JournalEntry]] = defaultdict(list)
    for e in sorted(entries, key=lambda e: e.number):
        by_day[e.date].append(e)
    days = {day: (known or {}).get(day) for day in by_day}
    last_day = date.fromisoformat(last) if last else max(by_day, default=None)
    return Books(lambda day: by_day.get(day, []), days, rows(entries), last_day, **more)


def workspace(root: Path, *, main: str = MAIN, chart: str = CHART) -> Writer:
    """A workspace with a chart, a main file and the plugin."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "main.beancount").write_text(main)
    (root / "chart.beancount").write_text(chart)
    plugin.install(root)
    return Writer(root, Chart.load(root / "chart.beancount"), "EUR")


def made(root: Path, entries: Iterable[JournalEntry], *, manual: str = "", **more) -> Path:
    """The main file of a workspace with these entries, and a hand-written file of 2026 if there is one."""
    main = MAIN + ('include "manual/2026.beancount"\n' if manual else "")
    writer = workspace(root, main=main)
    if manual:
        (root / "manual").mkdir()
        (root / "manual/2026.beancount").write_text(manual)
    writer.rebuild(books(list(entries), **more))
    return root / "main.beancount"


def load(main: Path) -> list:
    """The directives of a book; an error in it fails the test."""
    entries, errors, _ = loader.load_file(str(main))
    assert [e.message for e in errors] == []
    return entries


def messages(main: Path) -> list[str]:
    """What Beancount and the plugin say of a book."""
    return [error.message for error in loader.load_file(str(main))[1]]


def balances(main: Path, *, until: date | None = None) -> dict[str, Inventory]:
    """The balance of each account that has one."""
    entries = [e for e in load(main) if isinstance(e, Transaction) and (until is None or e.date <= until)]
    tree = realization.realize(entries)
    return {node.account: node.balance for node in realization.iter_children(tree) if not node.balance.is_empty()}


def files(root: Path) -> dict[str, bytes]:
    """Every file of a folder by its path; caches left out."""
    every = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in every if not p.name.endswith(".picklecache")}


def copy(source: Path, target: Path) -> Path:
    """A copy of a workspace to spoil."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    return target
