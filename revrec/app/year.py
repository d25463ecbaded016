"""The demo's year as an office lives it: events recorded week by week, documents issued, records sent to a local tax office.

The tax office is the sandbox's on a real TLS socket; it misbehaves now and then, by a seed. The clock is that of the year.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import orjson

from einvoice.keys import FileSigner, load
from einvoice.sandbox.aeat import PATH, Register
from einvoice.sandbox.aeat import Office as TaxOffice
from einvoice.sandbox.faults import PASSING, Kind, Plan
from einvoice.sandbox.folder import Folder
from einvoice.sandbox.server import Server
from einvoice.transport import Limits, Transport
from revrec.app import close, record, submit
from revrec.app.outbox import Outcome
from revrec.app.progress import Progress
from revrec.app.sandbox import Taxpayer
from revrec.app.workspace import Workspace
from revrec.core.dates import DAY
from revrec.wire.files import Line

SANDBOX = "sandbox"  # the folder beside the books
FAULTS = 0.15  # of the messages meet one
WEEK = timedelta(days=7)
_KINDS = tuple(kind for kind in PASSING if kind is not Kind.SLOW)
_EVENING = timedelta(hours=21)


class Week(NamedTuple):
    """The events that arrive in a week, and the evening on which they are recorded."""

    events: tuple[bytes, ...]
    at: datetime


@dataclass(slots=True)
class Batch:
    """The events of a week as a source."""

    events: tuple[bytes, ...]
    name: str
    path: Path | None = None
    size: int | None = None
    skipped: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def lines(self) -> Iterator[Line]:
        """The events, numbered within the week."""
        return (Line(number, raw) for number, raw in enumerate(self.events, 1))


class Lived(NamedTuple):
    """What a year came to: events recorded, documents issued, messages sent and how many of them went wrong."""

    recorded: int
    issued: int
    messages: int
    faults: int
    waiting: int


def weeks(path: Path) -> Iterator[Week]:
    """The events of a file by the week in which they arrive: the latest day seen so far decides."""
    found: list[bytes] = []
    until: date | None = None
    with path.open("rb") as file:
        for raw in file:
            day = date.fromisoformat(orjson.loads(raw)["time"][:10])
            until = until or day + WEEK
            if day >= until:
                yield Week(tuple(found), evening(until - DAY))
                found = []
                until = day + WEEK
            found.append(raw.rstrip())
    if found and until is not None:
        yield Week(tuple(found), evening(until - DAY))


def evening(day: date) -> datetime:
    """When a day's work is recorded."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + _EVENING


class Clock:
    """The time of the demo: it stands where a week ends, and moves on while somebody waits."""

    def __init__(self) -> None:
        self.now = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def live(ws: Workspace, path: Path, *, now: datetime, seed: int, progress: Progress) -> Lived:
    """Record, issue and submit a year; `now` is the machine's time, of the certificates."""
    clock, lived = Clock(), Lived(0, 0, 0, 0, 0)
    with local_office(ws, clock, now=now, seed=seed) as office:
        batches = list(weeks(path))
        progress.start("living the year", len(batches))
        for number, week in enumerate(batches, 1):
            clock.now = max(clock.now, week.at)
            recorded, issued = _work(ws, week.events, f"week {number}", clock.now)
            sent = submit.submit(ws, office, now=clock, sleep=clock.sleep)
            bad = sum(turn.outcome is not Outcome.ANSWERED for turn in sent.turns)
            lived = Lived(
                lived.recorded + recorded,
                lived.issued + issued,
                lived.messages + len(sent.turns),
                lived.faults + bad,
                sent.waiting,
            )
            progress.step()
        progress.done()
    return lived


def _work(ws: Workspace, events: Iterable[bytes], name: str, now: datetime) -> tuple[int, int]:
    """Record a week's events, and close months by the checklist as an accountant does; how many events and documents."""
    recorded = issued = 0
    for closing, found in groupby(events, _closing):
        if closing is None:
            done = record.record(ws, [Batch(tuple(found), name)], now=now)
            recorded, issued = recorded + done.recorded, issued + len(done.issued)
        else:
            close.close(ws, closing["period"], approver=closing["approver"], now=now)
            recorded += 1
    return recorded, issued


def _closing(raw: bytes) -> dict[str, str] | None:
    """What an event closes, and who approves; None of any other event."""
    event = orjson.loads(raw)
    data: dict[str, str] | None = event["data"] if event["type"] == "period.closed" else None
    return data


@contextmanager
def local_office(ws: Workspace, clock: Clock, *, now: datetime, seed: int) -> Iterator[submit.Office]:
    """A tax office on this machine, with certificates of its own, that misbehaves now and then."""
    folder, password = Folder(ws.root / SANDBOX), secrets.token_hex(16)
    folder.path.mkdir(exist_ok=True)
    holder = Taxpayer(ws.settings.taxpayer[3:], ws.settings.name).holder
    folder.enrol(holder, password, now)
    signer = load(folder.client(holder.company_nif or holder.nif), password, now)
    register = Register(folder.register("aeat"))
    try:
        plan = Plan(rate=FAULTS, seed=seed, kinds=_KINDS)
        with Server(TaxOffice(register, clock, plan=plan), folder.server(now), folder.trust.read_bytes()) as server:
            yield submit.Office(server.address + PATH, _transport(signer, folder))
    finally:
        register.close()


def _transport(signer: FileSigner, folder: Folder) -> Transport:
    return Transport(signer, trust=folder.trust, limits=Limits(connect=5, answer=30))
