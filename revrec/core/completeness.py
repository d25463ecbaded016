"""Every session that earned against every posting of revenue: each exactly once, in both directions.

Postings are known by their numbers, and nine bytes are kept of each: a million entries take 9 MB.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from revrec.core.bundle import Bundle
from revrec.core.policy import Recognition
from revrec.core.rules import RULES
from revrec.core.sessions import Used

MIRRORS = frozenset({"session.reversed", "session.waived"})


class Source(StrEnum):
    """What a posting of revenue comes from."""

    SESSION = "sessions"
    UNDONE = "sessions undone or waived"
    BREAKAGE = "breakage"
    FEES = "fees and forfeited deposits"
    OVER_TIME = "straight line over time"
    PURCHASE = "recognised at purchase"
    REFUNDS = "refunds, credits and concessions"
    LOSSES = "claims lost and recovered"
    CONTRACT = "changes of the contract"
    MANUAL = "adjustments by hand"


_FAMILIES = {
    "breakage": Source.BREAKAGE,
    "fee": Source.FEES,
    "deposit": Source.FEES,
    "accrual": Source.OVER_TIME,
    "payment": Source.PURCHASE,
    "instalment": Source.PURCHASE,
    "refund": Source.REFUNDS,
    "credit": Source.REFUNDS,
    "receivable": Source.LOSSES,
    "chargeback": Source.LOSSES,
    "default": Source.LOSSES,
    "modification": Source.CONTRACT,
    "contract": Source.CONTRACT,
    "transfer": Source.CONTRACT,
    "sale": Source.CONTRACT,
    "opening": Source.CONTRACT,
    "adjustment": Source.MANUAL,
}


def source_of(rule: str, session: str | None) -> Source | None:
    """What a posting of revenue of a rule comes from; None: nothing that these books know by name."""
    if rule in MIRRORS:
        return Source.UNDONE
    if rule.startswith("session."):
        return Source.SESSION if session else None
    return _FAMILIES.get(rule.partition(".")[0]) if rule in RULES else None


class Revenue(NamedTuple):
    """An entry with a leg on income; `earned` is the credit less the debit, in minor units."""

    number: int
    rule: str
    session: str | None
    corrects: int | None
    earned: int

    @property
    def source(self) -> Source | None:
        """What it comes from."""
        return source_of(self.rule, self.session)


class Delivered(NamedTuple):
    """A session as the sub-ledger keeps it: the number of the `entry` that it posted (0: none)."""

    entry: int
    session: str
    undone: bool = False


class Standing(StrEnum):
    """How a session stands in the books."""

    EARNED = "on exactly one unreversed posting"
    UNDONE = "undone: a posting that another one mirrors, or none"
    NOTHING = "without revenue of its own"


class Reason(StrEnum):
    """Why a session has no revenue of its own."""

    PURCHASE = "its bundle is recognised at purchase"
    OVER_TIME = "its bundle is recognised over time"
    ABSORBED = "nothing was left, and the policy absorbs what goes beyond"
    FREE = "its share of the price is 0"
    OTHERS = "an agent's session without commission"


def reason_of(bundle: Bundle | None, units: int, parts: Sequence[int]) -> Reason | None:
    """Why a session that posted no revenue has none; None: it should have some. `parts` are those of its movement."""
    used = Used(*parts)
    if bundle is not None and bundle.terms.policy.recognition is Recognition.AT_PURCHASE:
        return Reason.PURCHASE
    if bundle is not None and bundle.plan.line_from is not None:
        return Reason.OVER_TIME
    if not used.gross and not used.others:
        return Reason.FREE if units else Reason.ABSORBED
    if bundle is not None and not bundle.terms.policy.principal:
        return Reason.OTHERS
    return None if used.earned or used.others > used.others_vat else Reason.FREE


class Mistake(NamedTuple):
    """An exception: `what` is a session or `E-12`, `why` says what is wrong with it."""

    what: str
    why: str


def _fingerprint(session: str) -> int:
    """Eight bytes that stand for a session: among a million of them, two are alike once in 37 million books."""
    return int.from_bytes(hashlib.sha256(session.encode()).digest()[:8])


_EARNS, _UNDONE, _CLAIMED, _TWICE = 1, 2, 4, 8


class Ledger:
    """What is kept of each posting: whether it earns for a session, is mirrored, and is claimed by a session."""

    def __init__(self, entries: int) -> None:
        self._flags = bytearray(entries + 1)
        self._session = array("Q", bytes(8 * (entries + 1)))

    def post(self, revenue: Revenue) -> Source | Mistake:
        """Take in a posting of revenue: what it comes from, or what is wrong with it."""
        source, name = revenue.source, f"E-{revenue.number}"
        if source is None:
            return Mistake(name, f"revenue by rule {revenue.rule} comes from no session and from no named source")
        if source is Source.UNDONE and revenue.corrects is None:
            return Mistake(name, "it takes back the revenue of a session and names no posting that it mirrors")
        if source is Source.SESSION and revenue.session:
            self._flags[revenue.number] |= _EARNS
            self._session[revenue.number] = _fingerprint(revenue.session)
        return source

    def undo(self, corrects: int) -> None:
        """Take in that an entry mirrors that of a session."""
        self._flags[corrects] |= _UNDONE

    def claim(self, delivered: Delivered) -> Standing | Mistake:
        """A session claims its posting: how it stands, or what is wrong."""
        number, session, undone = delivered
        if number >= len(self._flags):
            return Mistake(session, f"the session names entry E-{number}, which is not there")
        flags = self._flags[number] if number else 0
        if not flags & _EARNS:
            return Standing.UNDONE if undone else Standing.NOTHING
        self._flags[number] |= _TWICE if flags & _CLAIMED else _CLAIMED
        why = self._wrong(delivered, flags)
        if why:
            return Mistake(session, why)
        return Standing.UNDONE if undone else Standing.EARNED

    def _wrong(self, delivered: Delivered, flags: int) -> str:
        """What is wrong with a session's posting; "" when nothing is."""
        number, session, undone = delivered
        if flags & _CLAIMED:
            return f"it stands on E-{number}, on which another session stands"
        if self._session[number] != _fingerprint(session):
            return f"it stands on E-{number}, which names another session"
        if undone and not flags & _UNDONE:
            return f"it was undone, and nothing mirrors its posting E-{number}"
        if flags & _UNDONE and not undone:
            return f"its posting E-{number} is mirrored by another one, and it was not undone"
        return ""

    def stray(self) -> Iterator[tuple[int, str]]:
        """Once every session has claimed: the numbers of the postings that not exactly one stands on, and why."""
        for number, flags in enumerate(self._flags):
            if flags & _EARNS and not flags & _CLAIMED:
                yield number, "revenue of a session that does not stand on it"
            elif flags & _TWICE:
                yield number, "revenue on which more than one session stands"
