"""The stored formats: journal entries and chain records (docs/formats.md). Version letter: A.

Everything is RFC 8785 JSON: members in order, no white space, no floats. What is hashed is what is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import orjson

from revrec.core.journal import JournalEntry, Posting, Role, balanced

VERSION = "A"
GENESIS = bytes(32)  # digest(0)
NO_PINS = hashlib.sha256(b"").hexdigest()
_ROLES = {role.value: role for role in Role}
_sha256 = hashlib.sha256


def encode_entry(entry: JournalEntry) -> bytes:
    """The bytes of an entry: RFC 8785 JSON, only the members that are set, amounts in minor units."""
    body: dict[str, Any] = {}  # filled in the order of RFC 8785: no sorting needed
    if entry.branch is not None:
        body["branch"] = entry.branch
    if entry.bundle is not None:
        body["bundle"] = entry.bundle
    if entry.corrects is not None:
        body["corrects"] = entry.corrects
    if entry.customer is not None:
        body["customer"] = entry.customer
    body["date"] = entry.date
    if entry.effective is not None:
        body["effective"] = entry.effective
    body["entry"] = entry.number
    body["event"] = entry.event
    return orjson.dumps(_rest(entry, body))


def _rest(entry: JournalEntry, body: dict[str, Any]) -> dict[str, Any]:
    """The members from `late` on."""
    if entry.late:
        body["late"] = True
    if entry.metadata:
        body["metadata"] = dict(sorted(entry.metadata))
    if entry.policy is not None:
        body["policy"] = entry.policy
    body["postings"] = [_posting(posting) for posting in entry.postings]
    body["rule"] = entry.rule
    if entry.service is not None:
        body["service"] = entry.service
    if entry.session is not None:
        body["session"] = entry.session
    body["source"] = entry.source
    body["v"] = VERSION
    return body


def _posting(posting: Posting) -> dict[str, Any]:
    role, amount, bundle, branch, customer, method = posting
    body: dict[str, Any] = {"amount": amount}
    if branch is not None:
        body["branch"] = branch
    if bundle is not None:
        body["bundle"] = bundle
    if customer is not None:
        body["customer"] = customer
    if method is not None:
        body["method"] = method
    body["role"] = role
    return body


def decode_entry(body: bytes) -> JournalEntry:
    """The entry that the bytes are."""
    raw = orjson.loads(body)
    get = raw.get
    effective = get("effective")
    metadata = get("metadata")
    entry = JournalEntry(
        raw["entry"],
        date.fromisoformat(raw["date"]),
        raw["event"],
        raw["source"],
        raw["rule"],
        tuple(
            [
                Posting(_ROLES[p["role"]], p["amount"], p.get("bundle"), p.get("branch"), p.get("customer"), p.get("method"))
                for p in raw["postings"]
            ],
        ),
        get("bundle"),
        get("session"),
        get("customer"),
        get("branch"),
        get("service"),
        get("policy"),
        get("corrects"),
        date.fromisoformat(effective) if effective else None,
        get("late", False),
        tuple(metadata.items()) if metadata else (),
    )
    return balanced(entry)


def instant(now: datetime) -> str:
    """A recorded instant: UTC, whole seconds, `2026-03-02T10:11:12Z`."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def chain_record(seq: int, at: str, event: bytes, entries: Iterable[bytes], pins: str, taxpayer: str) -> bytes:
    """bytes(n) of the chain; `event` is the stored event, `pins` the hex digest over the versions that it pinned."""
    posted = _sha256(b"".join(entries)).hexdigest()
    head = f'{{"at":"{at}","entries":"{posted}","event":'
    tail = f',"n":{seq},"pins":"{pins}","taxpayer":"{taxpayer}","v":"{VERSION}"}}'
    return b"".join((head.encode(), event, tail.encode()))


_EVENT_AT = len('{"at":"2026-01-01T00:00:00Z","entries":"","event":') + 64


def stored_event(record: bytes) -> bytes:
    """The stored event inside a chain record, as its own bytes."""
    return record[_EVENT_AT : record.rindex(b',"n":')]


def chain_digest(before: bytes, record: bytes) -> bytes:
    """digest(n) = SHA-256(digest(n-1) || bytes(n)); digest(0) = 32 zero bytes."""
    return _sha256(before + record).digest()


def pins_digest(digests: Iterable[bytes]) -> str:
    """The hex digest over the digests of the versions that an event pinned."""
    joined = b"".join(digests)
    return _sha256(joined).hexdigest() if joined else NO_PINS
