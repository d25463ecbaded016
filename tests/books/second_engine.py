"""hledger and Ledger: programs that share no code with revrec or Beancount and add an exported journal up by themselves."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterable
from decimal import Decimal

import pytest

from revrec.books.chart import Chart
from revrec.books.export import plaintext, records
from revrec.core.journal import JournalEntry


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None and not os.environ.get("REVREC_STRICT"),
        reason=f"{program} is not installed (apt-get install {program})",
    )


needs_hledger = _needs("hledger")
needs_ledger = _needs("ledger")


def journal(entries: Iterable[JournalEntry], chart: str, currency: str = "EUR") -> str:
    """The export of some entries under a chart."""
    accounts = Chart.parse(chart)
    return "".join(plaintext.text(records.by_entry(entries, accounts), accounts, currency))


def by_hledger(text: str, *query: str) -> dict[str, Decimal]:
    """The balance of each account that is not 0, as hledger adds them up; strict: nothing undeclared."""
    lines = _said(["hledger", "-s", "-f", "-", "balance", "--flat", "--no-total", "-O", "csv", *query], text)
    return _not_zero((account, amount.split()[0]) for account, amount in list(csv.reader(lines))[1:])


def by_ledger(text: str, *query: str) -> dict[str, Decimal]:
    """The same by Ledger; pedantic: an undeclared account, commodity or tag is an error."""
    form = "%(account)|%(quantity(amount))\n"
    command = ["ledger", "--pedantic", "-f", "-", "balance", "--flat", "--no-total", "--empty", "--balance-format", form, *query]
    return _not_zero(line.split("|") for line in _said(command, text))


def _said(command: list[str], text: str) -> list[str]:
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _not_zero(pairs: Iterable[Iterable[str]]) -> dict[str, Decimal]:
    return {account: number for account, amount in pairs if (number := Decimal(amount))}
