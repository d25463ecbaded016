"""Beancount's text as hledger's: line by line, without Beancount, so that a second engine adds the books up by itself."""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

_INCLUDE = re.compile(r'include "([^"]+)"')
_TRANSACTION = re.compile(r'(\d{4}-\d\d-\d\d) \* "((?:[^"\\]|\\.)*)"')
_METADATA = re.compile(r"\s+([a-z][\w-]*): (.*)$")
_POSTING = re.compile(r"  ([A-Z][^\s]*)(?:\s+(-?[\d.]+) ([A-Z]+))?$")
_BALANCE = re.compile(r"\d{4}-\d\d-\d\d balance ")


def lines(book: Path) -> Iterator[str]:
    """The lines of a book, those of its included files in their place."""
    for line in book.read_text(encoding="utf-8").splitlines():
        if included := _INCLUDE.match(line):
            yield from lines(book.parent / included[1])
        else:
            yield line


def converted(book: Path) -> Iterator[str]:
    """The transactions of a book as hledger reads them, metadata as tags; what it does not know is left out."""
    inside = False
    for line in lines(book):
        if head := _TRANSACTION.match(line):
            inside = True
            yield f"\n{head[1]} * {head[2].replace(';', ',')}"
        elif inside and (tag := _METADATA.match(line)):
            yield f"    ; {tag[1]}:{tag[2].strip(chr(34))}"
        elif inside and (leg := _POSTING.match(line)):
            yield f"    {leg[1]}" + (f"  {leg[2]} {leg[3]}" if leg[2] else "")
        else:
            assert not inside or not line.strip() or line.startswith(";") or _BALANCE.match(line) or " open " in line, line
            inside = False


def totals(book: Path, query: str = "") -> dict[str, Decimal]:
    """The balance of each account that is not 0, as hledger adds them up."""
    command = ["hledger", "-f", "-", "balance", "--flat", "--no-total", "-O", "csv", *([query] if query else [])]
    text = "\n".join(converted(book)) + "\n"
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found = {account: Decimal(amount.split()[0]) for account, amount in list(csv.reader(done.stdout.splitlines()))[1:]}
    return {account: amount for account, amount in found.items() if amount}
