"""A journal entry as people and programs read it: number, rule, amounts by role, and where it stands in the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.core import money
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.rules import RULES

if TYPE_CHECKING:
    from revrec.store.store import Store


class Place(NamedTuple):
    """Where an entry's transaction begins: a file of the workspace and its line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with what is needed to show it; `corrected_by` are the numbers of the entries that undo or change it."""

    entry: JournalEntry
    currency: str
    place: Place | None = None
    corrected_by: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """`E-12`: how the books call it."""
        return f"E-{self.entry.number}"

    @property
    def says(self) -> str:
        """What its rule says, in English; empty for a rule of another release."""
        rule = RULES.get(self.entry.rule)
        return rule.en if rule else ""

    def legs(self) -> str:
        """`bank 500.00, contract-liability -500.00`: debit positive."""
        return ", ".join(f"{leg.role} {money.text(leg.amount, self.currency)}" for leg in self.entry.postings)

    def line(self) -> str:
        """The entry in one line."""
        return f"{self.name}  {self.entry.date}  {self.entry.rule}: {self.legs()}"

    def to_json(self) -> dict[str, Any]:
        """The entry as JSON: amounts are decimal strings, what is not set is left out."""
        entry = self.entry
        found: dict[str, Any] = {
            "entry": self.name,
            "date": entry.date.isoformat(),
            "rule": entry.rule,
            "text": self.says,
            "postings": [self._leg(leg) for leg in entry.postings],
            "event": entry.event,
            "bundle": entry.bundle,
            "session": entry.session,
            "customer": entry.customer,
            "branch": entry.branch,
            "policy": entry.policy,
            "corrects": f"E-{entry.corrects}" if entry.corrects else None,
            "corrected_by": [f"E-{number}" for number in self.corrected_by] or None,
            "effective_date": entry.effective.isoformat() if entry.effective else None,
            "late": entry.late or None,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
        }
        return {key: value for key, value in found.items() if value is not None}

    def _leg(self, leg: Posting) -> dict[str, str]:
        found = {"role": leg.role.value, "amount": money.text(leg.amount, self.currency)}
        extra = {"bundle": leg.bundle, "branch": leg.branch, "customer": leg.customer, "method": leg.method}
        return found | {key: value for key, value in extra.items() if value}


def amount_of(entries: Iterable[JournalEntry], *roles: Role, customer: str | None = None, bundle: str | None = None) -> int:
    """The balance of some roles over some entries (debit positive), of one customer or bundle where one is named.

    A leg's own customer or bundle goes before its entry's.
    """
    return sum(
        leg.amount
        for entry in entries
        for leg in entry.postings
        if leg.role in roles
        and (customer is None or (leg.customer or entry.customer) == customer)
        and (bundle is None or (leg.bundle or entry.bundle) == bundle)
    )


def of_bundle(store: Store, bundle: str) -> list[JournalEntry]:
    """The entries of a bundle by number: its own, and those of other bundles or adjustments that have a leg on it."""
    found = {entry.number: entry for entry in store.entries_of(bundle=bundle)}
    numbers = {movement.entry for movement in store.movements(bundle) if movement.entry}
    made = store.bundle(bundle)
    origin = store.event(made.seq) if made else None  # a part split off is paid for by the entry of that transfer
    for number in numbers.union(origin.numbers if origin else ()) - found.keys():
        entry = store.entry(number)
        if entry and any(leg.bundle == bundle for leg in entry.postings):
            found[number] = entry
    return [entry for _, entry in sorted(found.items())]


def find(root: Path, entry: JournalEntry) -> Place | None:
    """The place of an entry in the journal files, read from the file itself; None when it is not written there.

    The line is the transaction's first: the nearest one above its `entry` metadata that begins with a date.
    """
    file = f"journal/{entry.date:%Y}/{entry.date}.beancount"
    try:
        text = (root / file).read_bytes()
    except FileNotFoundError:
        return None
    at = _own_line(text, f'entry: "E-{entry.number}"\n'.encode())
    while at > 0 and not text[at : at + 4].isdigit():
        at = text.rfind(b"\n", 0, at - 1) + 1
    return Place(file, text.count(b"\n", 0, at) + 1) if at >= 0 else None


def _own_line(text: bytes, wanted: bytes) -> int:
    """Where the line begins that holds nothing but this; -1 where there is none. A day of a large practice has thousands."""
    found = text.find(wanted)
    while found >= 0:
        start = text.rfind(b"\n", 0, found) + 1
        if not text[start:found].strip():
            return start
        found = text.find(wanted, found + 1)
    return -1
