"""The accountant's chart: which account a role is, by branch, service and payment method.

`chart.beancount` is read as text, so that posting needs no Beancount: `open` lines and the metadata under them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from revrec.core.errors import RevrecError
from revrec.core.journal import Role

_OPEN = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})\s+open\b\s*([^\s;]*)")
_METADATA = re.compile(r"[ \t]+([a-z][A-Za-z0-9_-]*):[ \t]*(.*)$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:;.*)?$')
_ACCOUNT = re.compile(r"[^\W\d_][\w-]*(?::[^\W_][\w-]*)+$")
_ROLES = frozenset(role.value for role in Role)
_KEYS = {"revrec-role": "role", "revrec-branch": "branch", "revrec-service": "service", "revrec-method": "method"}
_PGC = re.compile(r'[ \t]+pgc:[ \t]*"?([^"\s;]+)')

_Asked: TypeAlias = tuple[str, str | None, str | None, str | None]


class ChartFault(RevrecError):
    """A line of the chart that cannot be read: `chart.beancount:12: …`."""

    def __init__(self, name: str, line: int, message: str) -> None:
        super().__init__(f"{name}:{line}: {message}")


class NoChart(RevrecError):
    """The chart is missing or no text."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}. A chart names the account of each role; `revrec init` writes one to start from.")


class NoAccount(RevrecError):
    """A role that the books need has no account."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__(f'{name}: no account has the role "{role}". Put `revrec-role: "{role}"` under the `open` line of one.')


@dataclass(frozen=True, slots=True)
class Account:
    """One `open` line: what stands on line `line` of the chart; `pgc` is the account number that exports use."""

    name: str
    opened: date
    line: int
    role: Role | None = None
    branch: str | None = None
    service: str | None = None
    method: str | None = None
    pgc: str | None = None

    def rank(self, branch: str | None, service: str | None, method: str | None) -> int:
        """How specific a match it is for a posting (branch before service before method), or -1 if it is none."""
        asked = ((self.branch, branch, 4), (self.service, service, 2), (self.method, method, 1))
        if any(mine is not None and mine != theirs for mine, theirs, _ in asked):
            return -1
        return sum(16 + weight for mine, _, weight in asked if mine is not None)


@dataclass(frozen=True, slots=True)
class Chart:
    """All accounts of a chart, in the order of the file called `name`."""

    name: str
    accounts: tuple[Account, ...]
    _found: dict[_Asked, str | None] = field(default_factory=dict, compare=False, repr=False)
    _roles: dict[str, Role | None] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, path: Path) -> Chart:
        """The chart in a file; raises `NoChart` or `ChartFault` naming file and line."""
        try:
            return cls.parse(path.read_text(encoding="utf-8-sig"), path.name)
        except OSError as error:
            raise NoChart(path.name, error.strerror or "cannot be read") from error
        except UnicodeDecodeError as error:
            raise NoChart(path.name, f"is not UTF-8 text (byte {error.start})") from error

    @classmethod
    def parse(cls, text: str, name: str = "chart.beancount") -> Chart:
        """The chart in a text; `name` is what errors call it."""
        accounts: dict[str, Account] = {}
        for account in _accounts(text, name):
            before = accounts.setdefault(account.name, account)
            if before is not account:
                raise ChartFault(name, account.line, f"{account.name} is opened already on line {before.line}")
        return cls(name, tuple(accounts.values()))

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that have an account."""
        return frozenset(account.role for account in self.accounts if account.role)

    def account(
        self,
        role: str,
        branch: str | None = None,
        service: str | None = None,
        method: str | None = None,
    ) -> str | None:
        """The account of a role: the most specific one that matches, the first of equals; None when there is none."""
        key = (role, branch, service, method)
        if key not in self._found:
            self._found[key] = self._find(role, branch, service, method)
        return self._found[key]

    def need(self, role: str, branch: str | None = None, service: str | None = None, method: str | None = None) -> str:
        """The account of a role; raises `NoAccount` when there is none."""
        account = self.account(role, branch, service, method)
        if account is None:
            raise NoAccount(self.name, role)
        return account

    def role(self, account: str) -> Role | None:
        """The role of an account: its own, else that of the nearest account above it."""
        if account not in self._roles:
            own = next((each.role for each in self.accounts if each.name == account), None)
            above = account.rpartition(":")[0]
            self._roles[account] = own or (self.role(above) if above else None)
        return self._roles[account]

    @property
    def mapping(self) -> str:
        """Twelve hex digits that change when a role gets another account."""
        lines = (f"{a.name}|{a.role}|{a.branch}|{a.service}|{a.method}" for a in self.accounts if a.role)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    def _find(self, role: str, branch: str | None, service: str | None, method: str | None) -> str | None:
        ranked = [(a.rank(branch, service, method), a.name) for a in self.accounts if a.role == role]
        best = max((rank for rank, _ in ranked), default=-1)
        return next((name for rank, name in ranked if rank == best >= 0), None)


def _accounts(text: str, name: str) -> Iterator[Account]:
    """Each `open` line with the indented lines under it."""
    head: tuple[int, re.Match[str]] | None = None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in {" ", "\t"} or not line.strip():
            if head:
                _metadata(line, values, name, number)
            continue
        if line.startswith(";"):
            continue
        if head:
            yield _account(head, values, name)
        opened = _OPEN.match(line)
        head, values = ((number, opened) if opened else None), {}
    if head:
        yield _account(head, values, name)


def _metadata(line: str, values: dict[str, str], name: str, number: int) -> None:
    """Take one indented line in, when it is metadata of ours."""
    if number_of := _PGC.match(line):
        values["pgc"] = number_of[1]
    found = _METADATA.match(line)
    if not found or found[1] not in _KEYS:
        return
    value = _STRING.match(found[2])
    if not value or not value[1].strip():
        raise ChartFault(name, number, f'{found[1]} needs a value in quotes, like {found[1]}: "bank"')
    if _KEYS[found[1]] in values:
        raise ChartFault(name, number, f"{found[1]} stands twice under one account")
    if found[1] == "revrec-role" and value[1] not in _ROLES:
        raise ChartFault(name, number, f'"{value[1]}" is no role. The roles are: {", ".join(Role)}')
    values[_KEYS[found[1]]] = value[1]


def _account(head: tuple[int, re.Match[str]], values: dict[str, str], name: str) -> Account:
    """The account of one `open` line; raises `ChartFault` for a bad date or name."""
    line, opened = head
    if not _ACCOUNT.match(opened[4]):
        raise ChartFault(name, line, f'"{opened[4]}" is no account name; one reads like Assets:Bank')
    try:
        day = date(int(opened[1]), int(opened[2]), int(opened[3]))
    except ValueError as error:
        raise ChartFault(name, line, f"{opened[1]}-{opened[2]}-{opened[3]} is no date") from error
    role = Role(values["role"]) if "role" in values else None
    pgc = values.pop("pgc", None)
    if role is None and values:
        raise ChartFault(name, line, f"{opened[4]} has {', '.join(f'revrec-{key}' for key in values)} but no revrec-role")
    return Account(opened[4], day, line, role, values.get("branch"), values.get("service"), values.get("method"), pgc)
