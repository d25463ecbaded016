from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from beancount.core.data import Balance, Transaction
from beancount.parser import parser
from small_practice import CHART, earned, entry, paid, two_years

from revrec.books.chart import Chart
from revrec.books.narration import narration
from revrec.books.render import Renderer, escape
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.rules import RULES

GOLDEN = Path(__file__).parent / "golden" / "2026-02-01.beancount"


@pytest.fixture
def renderer():
    return Renderer(Chart.parse(CHART), "EUR")


def test_an_entry_reads_like_this(renderer):
    """
    2026-01-10 * "Session S-1 of bundle B-1" ^bundle-B-1
      entry: "E-12"
      event: "ev-12"
      bundle: "B-1"
      session: "S-1"
      customer: "C-1"
      branch: "bcn"
      service: "psychology"
      policy: "standard@2026-01-01"
      rule: "session.earned"
      Liabilities:ContractLiability                            50.00 EUR
      Income:Sessions:Package                                 -50.00 EUR
    """
    expected = test_an_entry_reads_like_this.__doc__.replace("\n    ", "\n").rstrip(" ")
    assert renderer.transaction(earned(12, "2026-01-10", "B-1", "S-1")) == expected


def test_a_day_is_the_golden_one(renderer):
    """Every kind of metadata once; `GOLDEN` is the file as it stands in a workspace."""
    day = date(2026, 2, 1)
    entries = [
        earned(7, "2026-02-01", "B-1", "S-1", effective=date(2026, 1, 30), late=True, metadata=(("room", "3"), ("agenda", "x1"))),
        earned(8, "2026-02-01", "B-1", "S-1", amount=-5000, corrects=7),
        paid(9, "2026-02-01", "B-2", branch="mad"),
        entry(
            10,
            "2026-02-01",
            "transfer.units",
            ((Role.CONTRACT_LIABILITY, 12345, "B-1", "bcn", "C-1"), (Role.CONTRACT_LIABILITY, -12345, "B-9", "mad", "C-2")),
            bundle="B-1",
            event="dup",
        ),
    ]
    balances = [("Liabilities:ContractLiability", -4500001), ("Liabilities:CustomerCredit", 0)]
    text = renderer.day(day, balances, entries, {("dup", "agenda")})
    assert text.encode() == GOLDEN.read_bytes()


def test_what_is_rendered_is_what_beancount_reads(renderer):
    """Ids, amounts and dates of every entry come back from Beancount's own parser."""
    entries = two_years()
    found, errors, _ = parser.parse_string(renderer.day(date(2026, 1, 1), [("Assets:Bank", 5)], entries))
    assert not errors
    assert [type(e) for e in found].count(Balance) == 1
    transactions = [e for e in found if isinstance(e, Transaction)]
    for read, posted in zip(sorted(transactions, key=lambda e: int(e.meta["entry"][2:])), entries, strict=True):
        assert read.date == date(2026, 1, 1)
        assert [int(p.units.number.scaleb(2)) for p in read.postings] == [leg.amount for leg in posted.postings]
        assert read.meta["event"] == posted.event
        assert read.links == ({f"bundle-{posted.bundle}"} if posted.bundle else set())


@pytest.mark.parametrize(
    ("currency", "amount", "text"), [("JPY", -5, "-5 JPY"), ("KWD", 5, "0.005 KWD"), ("EUR", -5, "-0.05 EUR")]
)
def test_amounts_have_the_decimals_of_their_currency(currency, amount, text):
    rendered = Renderer(Chart.parse(CHART), currency).transaction(paid(1, "2026-01-10", "B-1", amount))
    assert f" {text}\n" in rendered


def test_what_is_no_plain_id_is_escaped(renderer):
    r"""Quotes and backslashes stay what they are; markup, control characters and decomposed letters do not."""
    odd = 'a"b\\c<i>&\n' + "e\N{COMBINING ACUTE ACCENT}"
    text = renderer.transaction(
        earned(1, "2026-01-10", "B-1", "S-1", event=odd, source=odd, metadata=(("note", odd),)), shown=True
    )
    assert not set("<>&") & set(text)
    (read,), errors, _ = parser.parse_string(text)
    assert not errors
    for key in ("event", "event-source", "note"):
        assert read.meta[key] == 'a"b\\c%3Ci%3E%26%0A\N{LATIN SMALL LETTER E WITH ACUTE}'


def test_metadata_of_the_user_never_hides_ours(renderer):
    """A key that revrec writes itself, or that Beancount could not read, gets `user-` before it."""
    odd = (("Room", "1"), ("entry", "E-9"), ("bundle", "B-9"), ("2x", "1"), ("a.b", "1"))
    (read,), errors, _ = parser.parse_string(renderer.transaction(earned(1, "2026-01-10", "B-1", "S-1", metadata=odd)))
    assert not errors
    assert (read.meta["entry"], read.meta["bundle"]) == ("E-1", "B-1")
    assert {"user-Room", "user-entry", "user-bundle", "user-2x", "user-a-b"} <= read.meta.keys()


def test_every_rule_has_words_of_its_own():
    """No narration names something that the entry does not have, or holds what a browser takes for markup."""
    for rule in RULES:
        owed = (Posting(Role.DUE_FROM_BRANCH, 1, branch="mad"), Posting(Role.DUE_TO_BRANCH, -1))
        posted = JournalEntry(1, date(2026, 1, 10), "e", "s", rule, owed, "B-1", "S-1", "C-1", "bcn", corrects=3)
        posted = posted._replace(metadata=(("provider", "PR-1"),))
        words = narration(posted)
        assert "None" not in words
        assert words == escape(words)
        assert words.endswith("(corrects E-3)")


def test_a_correction_names_what_it_changes():
    assert narration(earned(8, "2026-02-01", "B-1", "S-1", corrects=7)) == "Session S-1 of bundle B-1 (corrects E-7)"


def test_a_rule_without_words_is_spelled_out():
    assert narration(entry(1, "2026-02-01", "payout.settled", (), customer="C-1")) == "Payout settled of customer C-1"
