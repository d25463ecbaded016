"""A blocked person shown to whom the law names, and the log of all that was shown, handed over (`handover`) or destroyed.

The line of the log is committed before anything is shown or a file gets its name: what was given out is always in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app.customers import UnknownCustomer
from revrec.app.erase import Card, answer, registered_as
from revrec.core.blocking import LegalRole
from revrec.core.checklist import counted
from revrec.core.errors import RevrecError
from revrec.store.disclosures import Disclosure, Disclosures, Draft, Kind
from revrec.store.format import instant

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import Store


class Unreasoned(RevrecError):
    """Identities are given out only by somebody, for a reason."""

    def __init__(self) -> None:
        super().__init__(
            "say who opens the identities and why: by and reason. Both stand in the log (`revrec customer disclosures`)"
        )


class NotBlocked(RevrecError):
    """A legal role opens blocked data; this person's is not."""

    def __init__(self, customer: str, status: str) -> None:
        super().__init__(f"customer {customer} is {status}, not blocked: `revrec customer show {customer}` shows what there is")


class Request(NamedTuple):
    """Who gives identities out, why, and to which office the blocked ones (None: those stay shut); raises Unreasoned."""

    by: str
    reason: str
    role: LegalRole | None = None

    def checked(self) -> Request:
        """The request with the spaces around its words taken away."""
        made = Request(self.by.strip(), self.reason.strip(), self.role)
        if not made.by or not made.reason:
            raise Unreasoned
        return made


# one blocked person


def opened(ws: Workspace, customer: str, request: Request, *, now: datetime) -> Card:
    """Who a blocked person is, for the office that the request names; logged. Raises NotBlocked, UnknownCustomer, Unreasoned."""
    asked, store = request.checked(), ws.store
    assert asked.role is not None
    if not store.heard_of(customer):
        raise UnknownCustomer(customer)
    erased = store.erasure(customer)
    if erased is None or not store.keys.blocked(customer):
        raise NotBlocked(customer, "erased" if erased else "registered")
    with store.transaction():
        draft = Draft(Kind.SHOWN, "details", asked.role.value, by=asked.by, reason=asked.reason)
        Disclosures(store).add(draft, [customer], instant(now))
    today = now.astimezone(ws.settings.zone).date()
    became = answer(store, customer, today, ws.settings)
    return Card(customer, "blocked", erased.date, became, details(store, customer))


def details(store: Store, customer: str) -> dict[str, Any]:
    """Who a person is as registered latest, blocked or not; empty when the key is gone or nobody was registered."""
    registered = store.last_registration(customer)
    if registered is None or not (store.keys.has(customer) or store.keys.blocked(customer)):
        return {}
    return registered_as(registered, store.unsealed_for_role(registered))


# the log


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log with the words that were said, and its persons (`more` beyond those named)."""

    line: Disclosure
    by: str
    reason: str
    persons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """One element of `customer disclosures --json`."""
        line = self.line
        return {
            "disclosure": line.n,
            "at": line.at,
            "kind": line.kind,
            "role": line.role or None,
            "scope": line.scope,
            "by": self.by or None,
            "reason": self.reason or None,
            "recipient": line.recipient or None,
            "persons": list(self.persons),
            "count": line.persons,
            "documents": line.documents,
            "digest": line.digest.hex(),
        }

    def lines(self) -> Iterator[str]:
        """The line for people."""
        line = self.line
        who = ", ".join(self.persons) if line.persons == len(self.persons) else counted(line.persons, "person")
        office = f" to {line.role}" if line.role else ""
        yield f"{line.n:>4}  {line.at}  {line.kind}{office}: {line.scope}, {who}"
        if self.by or self.reason:
            yield f"      by {self.by}: {self.reason}"
        if line.recipient:
            yield f"      {counted(line.documents, 'document')}, for certificate {line.recipient}"


SHOWN = 5  # persons that a line names


def log(ws: Workspace, customer: str | None = None) -> list[Line]:
    """The log, or what of it is about one customer."""
    kept = Disclosures(ws.store)
    with ws.store.snapshot():
        return [_said(kept, line) for line in (kept.of(customer) if customer else kept.all())]


def _said(kept: Disclosures, line: Disclosure) -> Line:
    persons: Iterable[str] = kept.persons(line.n) if line.persons <= SHOWN else ()
    return Line(line, *kept.said(line), tuple(persons))
