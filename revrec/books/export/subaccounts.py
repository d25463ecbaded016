"""Account numbers for Spanish programs: the `pgc` metadata of the chart, brought to the length of their subaccounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from revrec.books.chart import Chart
from revrec.core.errors import RevrecError

DIGITS = 8
"""The usual length of a subaccount; the program of the accountant says which one it uses."""

Numbers: TypeAlias = Mapping[str, str]
"""The subaccount of each account of the chart that an export needs."""


class NoNumbers(RevrecError):
    """Accounts of the chart that the export needs have no number, or none of the wanted length."""

    def __init__(self, name: str, accounts: Iterable[str]) -> None:
        listed = "".join(f"\n  {account}" for account in accounts)
        super().__init__(
            f"{name}: these accounts have no account number:{listed}\n"
            'Put it under the `open` line of each, for example `pgc: "438"` with two spaces before it.',
        )


class WrongNumber(RevrecError):
    """An account number that cannot be brought to the length asked for."""

    def __init__(self, name: str, account: str, code: str, digits: int) -> None:
        super().__init__(
            f'{name}: {account}: pgc "{code}" is no account number of at most {digits} digits (a dot stands for zeros: "430.1"). '
            "Mend it there, or ask for longer ones with --digits.",
        )


class SameNumber(RevrecError):
    """Two different account numbers that become the same subaccount."""

    def __init__(self, name: str, one: str, other: str, number: str) -> None:
        super().__init__(
            f"{name}: {one} and {other} have different `pgc` numbers but both become subaccount {number}. "
            "Give one of them more digits there.",
        )


def numbers(chart: Chart, used: Iterable[str], digits: int = DIGITS) -> Numbers:
    """The subaccount of every used account; raises `NoNumbers` (all of them at once), `WrongNumber` or `SameNumber`."""
    codes = {account.name: account.pgc for account in chart.accounts}
    wanted = sorted(set(used))
    if missing := [account for account in wanted if not codes[account]]:
        raise NoNumbers(chart.name, missing)
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for account in wanted:
        number = found[account] = _subaccount(chart.name, account, codes[account] or "", digits)
        other = owners.setdefault(number, account)
        if codes[other] != codes[account]:
            raise SameNumber(chart.name, other, account, number)
    return found


def _subaccount(name: str, account: str, code: str, digits: int) -> str:
    """`438` is 43800000, `430.1` is 43000001: zeros at the end, or where the dot is."""
    head, _, tail = code.partition(".")
    if not (code.isascii() and head.isdigit() and (tail.isdigit() or not tail) and len(head + tail) <= digits):
        raise WrongNumber(name, account, code, digits)
    return head + tail.rjust(digits - len(head), "0")
