"""What of an event is stored in the clear, what is sealed, and the event again from what is stored.

Sealed are: of `customer.registered` every member but those that rules need; free text of any event (`note`, `relation`,
`reason` where it is not one of a list, the reason in `accepted`); a `subject` that is not an id.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from revrec.wire.facts import CLEAR_OF_CUSTOMER, SEALED
from revrec.wire.kinds import ID, LENGTH

if TYPE_CHECKING:
    from revrec.core.events import Event
    from revrec.wire.context import Context

MARKER = "sealed"  # the member of `data` in which the store puts the sealed bytes
_ID = re.compile(ID[1:-1])


def split(event: dict[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """(what may stand in the clear, what must be sealed or None); the event itself is not changed."""
    data = event["data"]
    private = _private(data, kind)
    subject = event.get("subject")
    hide_subject = subject is not None and not (len(subject) <= LENGTH and _ID.fullmatch(subject))
    if not private and not hide_subject:
        return event, None
    public = {name: value for name, value in event.items() if name != "subject" or not hide_subject}
    public["data"] = _public(data, private)
    return public, {"data": private, "subject": subject} if hide_subject else {"data": private}


def _private(data: dict[str, Any], kind: str) -> dict[str, Any]:
    if kind == "customer.registered":
        return {name: value for name, value in data.items() if name not in CLEAR_OF_CUSTOMER}
    names = SEALED.get(kind)
    private = {name: data[name] for name in names if name in data} if names else {}
    if "note" in data:
        private["note"] = data["note"]
    if "accepted" in data:
        private["accepted"] = {"reason": data["accepted"]["reason"]}
    return private


def _public(data: dict[str, Any], private: dict[str, Any]) -> dict[str, Any]:
    public = {name: value for name, value in data.items() if name not in private}
    if "accepted" in private:
        public["accepted"] = {"accepted_at": data["accepted"]["accepted_at"]}
    if "relation" in private:
        public["related"] = True  # rules ask whether a relation was given, never which
    return public


def unseal(stored: dict[str, Any], private: dict[str, Any]) -> dict[str, Any]:
    """The whole normalised event again, from the stored one and its opened part."""
    event = dict(stored)
    data = {name: value for name, value in stored["data"].items() if name not in (MARKER, "related")}
    for name, value in private["data"].items():
        data[name] = data[name] | value if name == "accepted" else value
    event["data"] = data
    if "subject" in private:
        event["subject"] = private["subject"]
    return event


def restore(stored: dict[str, Any], context: Context) -> Event:
    """The core's event of a stored one, without unsealing: what is stored was validated when it came in."""
    from revrec.wire.envelope import fact  # the envelope needs split

    data = stored["data"]
    if "effective_date" in data:
        day = context.days[data["effective_date"]]
    else:
        text = stored["time"]
        day = context.local_date(text, datetime.fromisoformat(text))
    return fact(stored, stored["type"], day, context)
