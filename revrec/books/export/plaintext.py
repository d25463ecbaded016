"""The journal that both hledger and Ledger read: facts as tags, accounts and commodity declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from revrec.books.chart import Chart
from revrec.books.export.records import Facts, Record
from revrec.books.render import posting_line
from revrec.core import money

_HEAD = "; The journal of revrec for hledger and Ledger. Do not edit: run `revrec export hledger` to make it again.\n"
_CONTROL = "%\x7f" + "".join(map(chr, range(32)))  # % so that the text can be read back
# What ends a description, and what ends a tag or is a date in brackets, for one of the two programs.
_IN_TEXT = {ord(c): f"%{ord(c):02X}" for c in ";|" + _CONTROL}
_IN_TAG = {ord(c): f"%{ord(c):02X}" for c in ",[]" + _CONTROL}


def text(records: Iterable[Record], chart: Chart, currency: str) -> Iterator[str]:
    """The journal, a piece at a time: the accounts of the chart, then each record as a transaction.

    Each tag is declared before its first use, so that Ledger's --pedantic and hledger's --strict find nothing to say.
    """
    decimals = money.exponent(currency)
    # Ledger reads no "1000." and hledger no "1000" there; without decimals neither needs it.
    form = f"    format 1000.{'0' * decimals} {currency}\n" if decimals else ""
    yield f"{_HEAD}\ncommodity {currency}\n{form}\n"
    yield from (f"account {account.name}\n" for account in chart.accounts)
    declared: set[str] = set()
    for record in records:
        keys = dict.fromkeys(key for facts in (record.facts, *(line.facts for line in record.lines)) for key, _ in facts)
        if new := "".join(f"tag {key}\n" for key in keys if key not in declared):
            yield f"\n{new}"
        declared.update(keys)
        yield transaction(record, currency)


def transaction(record: Record, currency: str) -> str:
    """One transaction with a blank line before it: its tags, then its lines, each with the tags of its own under it.

    Signs that a program would take for its own are percent-encoded.
    """
    lines = (
        "  " + posting_line(line.account, money.text(line.amount, currency), currency) + _tags(line.facts)
        for line in record.lines
    )
    return f"\n{record.date} * {record.text.translate(_IN_TEXT)}\n{_tags(record.facts)}{''.join(lines)}"


def _tags(facts: Facts) -> str:
    return "".join(f"    ; {key}: {value.translate(_IN_TAG)}\n" for key, value in facts)
