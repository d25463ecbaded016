"""The sessions that were given and stand: whose package, by whom, where, of which service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import orjson

from revrec.store.store import Store

_STRIDE = 20_000  # events of one read


class Given(NamedTuple):
    """One session; '' stands for none."""

    package: str
    provider: str
    branch: str
    service: str


class _Bundle(NamedTuple):
    package: str
    branch: str
    service: str


_NO_BUNDLE = _Bundle("", "", "")


def given(store: Store, first: date, last: date) -> Iterator[Given]:
    """The sessions of some days, both counted, that nobody took back, in order of recording."""
    undone, known = {row[0] for row in store.rows("undone_sessions")}, dict[str, _Bundle]()
    begin, end = first.isoformat(), last.isoformat()
    for after in range(0, store.head().seq, _STRIDE):
        rows = store.rows("sessions_between", after + 1, after + _STRIDE, begin, end)
        events = [orjson.loads(row[0])["event"] for row in rows]
        stand = [event for event in events if event["data"]["session"] not in undone]
        _know(store, {data["bundle"] for event in stand if "bundle" in (data := event["data"])} - known.keys(), known)
        for event in stand:
            yield _given(event, known)


def _given(event: dict[str, Any], known: dict[str, _Bundle]) -> Given:
    data = event["data"]
    bundle = known.get(data.get("bundle", ""), _NO_BUNDLE)
    service = bundle.service or data.get("service", "")
    return Given(bundle.package, data.get("provider", ""), event.get("branch") or bundle.branch, service)


def _know(store: Store, names: set[str], known: dict[str, _Bundle]) -> None:
    """Look up what sessions inherit of their bundles."""
    for name, state in store.rows_of_list("bundles_of_list", sorted(names)):
        key, _, branch, *_ = orjson.loads(state)
        package = store.pins.terms(key).package
        known[name] = _Bundle(package.id, branch or "", package.service)
