"""The plugin: Beancount text in, the messages of the error page out."""

from __future__ import annotations

import inspect
import os
import pickle
import re
import subprocess
import sys
import time
from datetime import date

import pytest
from beancount import loader
from beancount.core.data import Balance
from small_practice import CHART, books, broken, earned, entry, load, made, messages, paid, taken_back, two_years, workspace

from revrec.core.journal import Role

MANUAL = """\
2026-01-20 * "Goodwill of 2025, moved by the accountant" #manual
  bundle: "B-1"
  Liabilities:ContractLiability  10.00 EUR
  Income:Sessions:Package
"""
SALE = [paid(1, "2026-01-10", "B-1"), earned(2, "2026-01-12", "B-1", "S-1")]


def doc(function) -> str:
    """The docstring of a test: its hand-written file."""
    return inspect.cleandoc(function.__doc__) + "\n"


def test_a_sound_book_has_no_findings(tmp_path):
    assert messages(made(tmp_path, two_years(), last="2026-07-01")) == []


def test_an_approved_entry_by_hand_moves_the_balances_after_it(tmp_path):
    """Beancount checks balances after the plugin: an approved entry is no false alarm, on any later month end."""
    main = made(tmp_path, SALE, manual=MANUAL, last="2026-03-15")
    found = [e for e in load(main) if isinstance(e, Balance)]
    assert [(e.date, str(e.amount)) for e in found] == [(date(2026, 2, 1), "-440.00 EUR"), (date(2026, 3, 1), "-440.00 EUR")]
    assert messages(tmp_path / "fy2026.beancount") == []


def test_an_edited_journal_still_breaks_its_balance(tmp_path):
    """The adjustment is no blanket: 1 cent changed under journal/ is found."""
    main = made(tmp_path, SALE, manual=MANUAL, last="2026-03-15")
    spoil(tmp_path, "journal/2026/2026-01-12.beancount", "50.00 EUR", "50.01 EUR")
    assert any("Balance failed for 'Liabilities:ContractLiability'" in message for message in messages(main))


# What an accountant is to do about a finding.
REMEDY = re.compile(r"\. (Run|Check|Write|Delete|Move) |`revrec trace |needs the tag #manual")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" #manual", "", "2026.beancount:1: Liabilities:ContractLiability (contract-liability) is kept by revrec"),
        ('  bundle: "B-1"\n', "", "a hand-written entry on it needs the tag #manual and bundle:"),
        ('"B-1"', '"B-9"', "2026.beancount:1: no bundle B-9 stands in the books"),
        ("10.00", "500.00", "2026.beancount:1: bundle B-1 has used more than was paid: its contract liability is 50.00 in debit"),
        ('  bundle: "B-1"', '  bundle: "B-1"\n  entry: "E-3"', "2026.beancount:1: an entry number outside journal/"),
    ],
)
def test_an_entry_by_hand_has_its_rules(tmp_path, old, new, message):
    found = messages(made(tmp_path, SALE, manual=MANUAL.replace(old, new)))
    assert any(message in each for each in found)
    assert all(REMEDY.search(each) for each in found)


def test_other_entries_by_hand_are_free(tmp_path):
    """
    2026-02-03 * "Rent" ^lease
      Expenses:Rent  700.00 EUR
      Assets:Bank
    """
    assert messages(made(tmp_path, SALE, manual=doc(test_other_entries_by_hand_are_free))) == []


def test_accounts_below_are_guarded_too(tmp_path):
    """
    2026-01-01 open Liabilities:ContractLiability:Long EUR
    2026-01-31 * "Beyond a year"
      Liabilities:ContractLiability       10.00 EUR
      Liabilities:ContractLiability:Long
    """
    found = messages(made(tmp_path, SALE, manual=doc(test_accounts_below_are_guarded_too)))
    assert [m.split(" is kept")[0] for m in found] == [
        "2026.beancount:2: Liabilities:ContractLiability (contract-liability)",
        "2026.beancount:2: Liabilities:ContractLiability:Long (contract-liability)",
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [*SALE, earned(3, "2026-01-13", "B-1", "S-1")],
            (
                "2026-01-13.beancount:3, event ev-3: session S-1 earned on 2 unreversed transactions: "
                "E-2 (2026-01-12.beancount:3), E-3 (2026-01-13.beancount:3)"
            ),
        ),
        (
            [*SALE, earned(3, "2026-01-12", "B-1", "S-1", event="ev-2")],
            "2026-01-12.beancount:16, event ev-2: posted twice, as E-3 and as E-2 (2026-01-12.beancount:3)",
        ),
        (
            [*SALE, earned(3, "2026-01-13", "B-1", "S-2", 45001)],
            "2026-01-13.beancount:3, event ev-3: bundle B-1 has used more than was paid: its contract liability is 0.01 in debit",
        ),
        ([*SALE, earned(5, "2026-01-13", "B-1", "S-2")], "before E-5, E-3 to E-4 missing. Run `revrec books build`"),
        ([*SALE, earned(4, "2026-01-13", "B-1", "S-2")], "event ev-4: before E-4, E-3 missing"),
        ([*SALE, earned(2, "2026-01-13", "B-1", "S-2")], "the number E-2 stands on another entry too (2026-01-12.beancount:3)"),
        ([*SALE, earned(3, "2026-01-13", "B-1", "S-1", -5000, corrects=9)], "E-3 corrects E-9, which is no earlier entry"),
        ([*SALE, earned(3, "2026-01-13", "B-1", "S-2", late=True)], "E-3 is late but has no effective-date"),
        (
            [*SALE, broken(3, "2026-01-31", "B-1", 44999)],
            "event ev-3: bundle B-1 has ended, but its contract liability is -0.01 and not 0",
        ),
        (
            [*SALE, broken(3, "2026-01-31", "B-1", 45000), taken_back(4, "2026-01-31", "B-1", 5000, corrects=3)],
            "event ev-4: bundle B-1 has ended, but its contract liability is -50.00 and not 0",
        ),
    ],
)
def test_a_broken_invariant_is_named_with_event_and_file(tmp_path, entries, message):
    found = messages(made(tmp_path, entries))
    assert any(message in each for each in found)
    assert all(REMEDY.search(each) for each in found)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([*SALE, earned(3, "2026-01-13", "B-1", "S-1", -5000, corrects=2)], id="a session rolled back"),
        pytest.param(
            [earned(2, "2026-01-10", "B-1", "S-1"), paid(3, "2026-01-10", "B-1"), paid(1, "2026-01-09", "B-2")], id="one day"
        ),
        pytest.param(
            [
                *SALE,
                broken(3, "2026-01-31", "B-1", 45000),
                entry(
                    4,
                    "2026-02-05",
                    "breakage.reinstated",
                    ((Role.CONTRACT_LIABILITY, -45000), (Role.BREAKAGE, 45000)),
                    bundle="B-1",
                ),
            ],
            id="an extension after breakage",
        ),
        pytest.param(
            [
                *SALE,
                broken(3, "2026-01-31", "B-1", 45000),
                taken_back(4, "2026-01-31", "B-1", 5000, corrects=3),
                taken_back(5, "2026-01-31", "B-1", 40000, corrects=4),
            ],
            id="an extension that came after the expiry was booked",
        ),
        pytest.param(
            [*SALE, earned(3, "2026-02-01", "B-1", "S-2", late=True, effective=date(2026, 1, 13))],
            id="late with its date",
        ),
        pytest.param(
            [
                *SALE,
                paid(3, "2026-01-12", "B-2", 100),
                entry(
                    4,
                    "2026-01-13",
                    "transfer.units",
                    ((Role.CONTRACT_LIABILITY, 45000, "B-1"), (Role.CONTRACT_LIABILITY, -45000, "B-3")),
                    bundle="B-1",
                ),
                earned(5, "2026-01-14", "B-3", "S-3", 45000),
            ],
            id="a leg names its bundle",
        ),
    ],
)
def test_what_is_allowed_is_no_finding(tmp_path, entries):
    assert messages(made(tmp_path, entries)) == []


def test_a_generated_entry_stands_in_journal_only(tmp_path):
    made(tmp_path, SALE)
    text = (tmp_path / "journal/2026/2026-01-12.beancount").read_text()
    (tmp_path / "main.beancount").open("a").write(text.replace("E-2", "E-3"))
    assert messages(tmp_path / "main.beancount") == [
        (
            "main.beancount:9, event ev-2: an entry number outside journal/: hand-written entries have none. "
            "Delete its line `entry:`"
        ),
        (
            "main.beancount:9, event ev-2: Liabilities:ContractLiability (contract-liability) is kept by revrec: "
            'a hand-written entry on it needs the tag #manual and bundle: "…"'
        ),
    ]


def test_an_entry_by_hand_in_journal_is_found(tmp_path):
    main = made(tmp_path, SALE)
    (tmp_path / "journal/2026/2026-01-12.beancount").open("a").write('2026-01-12 * "x"\n  Assets:Bank  1 EUR\n  Assets:Cash\n')
    assert any("no entry number, in a file that revrec makes. Move it to manual/" in message for message in messages(main))


def test_an_account_without_role_is_found_once(tmp_path):
    main = made(tmp_path, [*SALE, earned(3, "2026-01-13", "B-1", "S-2")])
    (tmp_path / "chart.beancount").write_text(CHART.replace('  revrec-role: "revenue-package"\n', ""))
    assert [m for m in messages(main) if "revrec-role" in m] == [
        (
            "2026-01-12.beancount:3, event ev-2: Income:Sessions:Package has no revrec-role, yet revrec posted to it. "
            'Write revrec-role: "…" under its open line in chart.beancount'
        ),
    ]


def test_a_year_by_itself_begins_anywhere(tmp_path):
    """Numbers begin where the year does, and a correction may name an entry of the year before."""
    entries = [*two_years(), earned(10, "2026-06-01", "B-1", "S-1", -5000, corrects=2)]
    made(tmp_path, entries, last="2026-07-01")
    assert messages(tmp_path / "main.beancount") == messages(tmp_path / "fy2026.beancount") == []


def test_findings_come_back_from_beancounts_cache(tmp_path):
    """A pickled finding is read where the plugin cannot be imported."""
    main = made(tmp_path, [*SALE, earned(3, "2026-01-13", "B-1", "S-1")])
    (tmp_path / "errors").write_bytes(pickle.dumps(loader.load_file(str(main))[1]))
    code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb'))[0].message)"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "errors"], capture_output=True, text=True, check=True, cwd="/")
    assert "session S-1 earned on 2 unreversed transactions" in done.stdout


def test_a_book_loads_without_revrec(tmp_path):
    """Only Beancount and the workspace: nothing of revrec can be imported."""
    main = made(tmp_path, two_years())
    code = (
        "import sys; sys.modules['revrec'] = None\n"
        "from beancount import loader; print([e.message for e in loader.load_file(sys.argv[1])[1]])"
    )
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code, main], capture_output=True, text=True, check=True, cwd="/", env=environ)
    assert done.stdout.strip() == "[]"


def test_the_plugin_is_quick(tmp_path):
    """5,000 sessions: the pass costs a few hundredths of the load (0.2 s of 7 s at 100,000), here at most a tenth."""
    entries = []
    for n in range(5_000):
        day = f"2026-{1 + n // 500:02}-{1 + n % 28:02}"
        entries.append(paid(n + 1, day, f"B-{n}", 5000) if n % 2 == 0 else earned(n + 1, day, f"B-{n}", f"S-{n}", -5000))
    main = made(tmp_path, entries)
    start = time.process_time()
    directives, _, options = loader.load_file(str(main))
    loaded = time.process_time()
    sys.modules["revrec_check"].revrec_check(directives, options)
    assert time.process_time() - loaded < 0.1 * (loaded - start)


def spoil(root, path, old, new) -> None:
    """Change a generated file by hand."""
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def test_the_year_book_checks_hand_written_entries_too(tmp_path):
    made(tmp_path, SALE, manual=MANUAL.replace(" #manual", ""))
    assert any("is kept by revrec" in message for message in messages(tmp_path / "fy2026.beancount"))


def test_installing_again_writes_only_what_differs(tmp_path):
    from revrec.books import plugin

    workspace(tmp_path).write(books([]))
    assert not plugin.install(tmp_path)
    (tmp_path / "revrec_check.py").write_text("old")
    assert plugin.install(tmp_path)
