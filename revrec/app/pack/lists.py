"""The lists that an auditor asks for first: what was approved, sales whose rules nobody accepted, sessions that earn nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app.pack.facts import csv_text
from revrec.core.book import Kind
from revrec.core.policy import Recognition

if TYPE_CHECKING:
    from revrec.app.pack.facts import Sessions
    from revrec.app.pack.scope import Scope
    from revrec.store.store import Store, StoredEvent

Row = dict[str, Any]


class Approved(NamedTuple):
    """One row of `exceptions.csv`."""

    date: str
    event: str
    number: int
    type: str
    what: str
    of: str
    approver: str
    reason: str
    actor: str


class Exceptions:
    """What departs from the rules, noted while the events pass: approvals, exceptions, closings with failed items, sales."""

    def __init__(self, scope: Scope) -> None:
        self._first, self._last = scope.first, scope.last
        self.rows = list[Approved]()
        self._accepted = dict[str, datetime]()  # bundle -> when the customer accepted the rules, of those not paid yet

    def event(self, stored: StoredEvent, event: Row) -> None:
        """One more event; only those of the period are listed."""
        data = event["data"]
        late = self._accepted_late(stored, event, data)
        if not self._first <= stored.date <= self._last:
            return
        if late:
            self._note(stored, event, "paid before the rules were accepted", "", "")
        if stored.type == "bundle.sold" and "policy_accepted_at" not in data:
            self._note(stored, event, "sale without evidence that the rules were accepted", "", "")
        exception = data.get("exception") or {}
        approver = exception.get("approver") or data.get("approver") or event.get("approver")
        if approver:
            failed = (data.get("metadata") or event.get("metadata") or {}).get("failed-items", "")
            what = "exception to the policy" if exception else event.get("correction") or "approved"
            what = f"closed although items {failed} failed" if failed else what
            self._note(stored, event, what, approver, exception.get("reason") or "")

    def _accepted_late(self, stored: StoredEvent, event: Row, data: Row) -> bool:
        """Whether a payment came before the customer accepted the rules (0-28: known before paying)."""
        bundle = data.get("bundle")
        if stored.type == "bundle.sold" and "policy_accepted_at" in data:
            self._accepted[data["bundle"]] = datetime.fromisoformat(data["policy_accepted_at"])
        elif stored.type == "payment.received" and bundle in self._accepted:
            return datetime.fromisoformat(event["time"]) < self._accepted.pop(bundle)
        return False

    def _note(self, stored: StoredEvent, event: Row, what: str, approver: str, reason: str) -> None:
        data = event["data"]
        of = next(
            (f"{name} {data[name]}" for name in ("bundle", "session", "customer", "policy", "period") if data.get(name)), ""
        )
        row = (stored.date.isoformat(), stored.id, stored.seq, stored.type, what, of, approver, reason, event.get("actor") or "")
        self.rows.append(Approved(*row))

    def table(self) -> str:
        """The list as CSV."""
        return csv_text(Approved._fields, self.rows)


def silent_sessions(store: Store, sessions: Sessions) -> str:
    """The sessions that stand and have no revenue of their own, each with the reason, as CSV."""
    rows = ((session, event, why(store, session)) for session, event in sessions.silent())
    return csv_text(("session", "event", "why"), rows)


def why(store: Store, session: str) -> str:
    """Why a session that stands has no revenue entry."""
    movement = next((m for m in store.movements_of(session) if m.kind in (Kind.SESSION, Kind.VISIT)), None)
    if movement is None:
        return "cancelled in time, or missed where the policy charges nothing"
    bundle = store.bundle(movement.bundle or "")
    recognition = bundle.terms.policy.recognition if bundle else None
    if bundle and recognition is Recognition.AT_PURCHASE:
        return f"policy {bundle.terms.policy.version} recognises the price when it is paid"
    if bundle and recognition is Recognition.STRAIGHT_LINE:
        return f"policy {bundle.terms.policy.version} recognises the price by time"
    if not movement.units:
        return "nothing was left in the bundle and the policy absorbs what goes beyond it"
    return "its share of the price is 0"
