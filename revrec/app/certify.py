"""The signed statement for a customer: what is owed as of a day, signed like a closing, kept as it was handed out.

It names the customer by id only, and opens no sealed detail: who holds it says whose it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from revrec.app import customers, note
from revrec.app.customers import Balance
from revrec.app.notary import Notary, notary
from revrec.app.note import Kind
from revrec.core import money
from revrec.core.errors import RevrecError
from revrec.store.certified import Certificates, Certified
from revrec.store.format import instant

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import Head


class OfTheFuture(RevrecError):
    """A day that has not come: nobody knows what will be owed."""

    def __init__(self, on: date, today: date) -> None:
        super().__init__(f"{on} lies after today, {today}: a signed statement says what was owed. Name today or an earlier day")


class OfAnErased(RevrecError):
    """The person was erased: the books no longer know whose id it is."""

    def __init__(self, customer: str, on: date) -> None:
        super().__init__(
            f"customer {customer} was erased on {on}: these books no longer know who that is, so nothing is certified. "
            f"`revrec customer statement {customer}` still shows the figures"
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was signed and kept."""

    kept: Certified
    notary: Notary

    @property
    def sentence(self) -> str:
        """`customer C-1 owes nothing as of 2026-06-30`."""
        return str(note.read(self.kept.note).content["statement"])

    def to_json(self) -> dict[str, Any]:
        """For programs: what was signed, the note itself, and by whom."""
        content = dict(note.read(self.kept.note).content)
        return {"content": content, "sha256": self.kept.sha256, "note": self.kept.note, "signed_by": self.notary.to_json()}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"statement {self.kept.n}: {self.sentence}; signed by {self.notary}"
        yield from self.notary.remarks


def certify(ws: Workspace, customer: str, on: date, *, now: datetime) -> Statement:
    """Sign what a customer owes at the end of a day, and keep it; raises UnknownCustomer, OfTheFuture, OfAnErased.

    A blocked person is still told what is owed: the id and the figures stand in the books, the details stay shut.
    """
    today = now.astimezone(ws.settings.zone).date()
    if on > today:
        raise OfTheFuture(on, today)
    ws.store.check_writable()
    signs = notary(ws.settings, now)
    with ws.store.transaction() as head:
        erased = ws.store.erasure(customer)
        if erased is not None and not ws.store.keys.blocked(customer):
            raise OfAnErased(customer, erased.date)
        certificates = Certificates(ws.store)
        number, at = certificates.count + 1, instant(now)
        content = _content(ws, customers.balance(ws, customer, on), head) | {"number": number, "at": at}
        text = note.make(Kind.STATEMENT, content, signs)
        kept = Certified(number, customer, on, at, head.seq, hashlib.sha256(text.encode()).hexdigest(), text)
        certificates.add(kept)
    return Statement(kept, signs)


def _content(ws: Workspace, found: Balance, head: Head) -> dict[str, Any]:
    """What is signed: amounts as decimal strings, prepaid units by bundle, and the books that say so."""
    said = found.to_json()
    named = ("customer", "as_of", "currency", "amount_due", "credit", "disputed", "deposits", "refunds_payable", "prepaid_value")
    return {
        **{name: said[name] for name in named},
        "prepaid": [{name: each[name] for name in ("bundle", "units", "unit", "value")} for each in said["prepaid"]],
        "statement": _sentence(found),
        "taxpayer": ws.settings.taxpayer,
        "name": ws.settings.name,
        "events": head.seq,
        "chain": head.digest.hex(),
    }


def _sentence(found: Balance) -> str:
    """`customer C-1 owes nothing as of …` only where nothing is due and nothing is disputed; else what is."""
    disputed = f" and {money.text(found.disputed, found.currency)} {found.currency} are disputed" if found.disputed else ""
    owes = f"{money.text(found.amount_due, found.currency)} {found.currency}" if found.amount_due or disputed else "nothing"
    return f"customer {found.customer} owes {owes}{disputed} as of {found.as_of}"
