"""Submission: the outbox worked in the order of generation, at the pace that the last answer dictates, by one sender a chain.

Each message is written down before it is sent and its answer as bytes after, never inside a transaction while on the wire: a
crash at any point costs a message whose fate is unknown, which is sent again and answered as a duplicate (spain.md 1.7).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any, NamedTuple

from einvoice import xml, xsd
from einvoice.keys import FileSigner
from einvoice.regimes.verifactu import codes, read
from einvoice.regimes.verifactu import message as wire
from einvoice.regimes.verifactu.answer import Answer, Fault, Source
from einvoice.regimes.verifactu.message import MOST, Pace, Taxpayer
from einvoice.regimes.verifactu.submit import Unreadable, send
from einvoice.transport import NotSent, Transport, Unknown
from revrec.app import outbox
from revrec.app.outbox import Link, Outcome
from revrec.app.progress import Progress, Silent
from revrec.app.signer import in_words
from revrec.app.workspace import Workspace
from revrec.core.errors import RevrecError
from revrec.settings import Settings
from revrec.store.format import instant
from revrec.store.papers import Answer as AnswerRow
from revrec.store.papers import Kept, Message, Papers, State

LONGEST_PAUSE = 3600  # seconds: while an incident lasts, at least one attempt an hour (Orden HAC/1177/2024 art. 16.4)
TRIES = 3  # attempts in a row of one call before it says when to come back

Clock = Callable[[], datetime]
Sleep = Callable[[float], None]


class AnotherSender(RevrecError):
    """A chain has one sender at a time."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"another process is sending these records (process {who}); one at a time keeps their order. Wait for it"
        )


class Shut(RevrecError):
    """A record whose text cannot be opened any more cannot be sent."""

    def __init__(self, place: int) -> None:
        super().__init__(
            f"record {place} cannot be opened: the key of its person, or revrec.key, is gone. Restore it from a backup"
        )


class Invalid(RevrecError):
    """A message that breaks the official schema is not sent."""


class Turn(NamedTuple):
    """One message of a call: what it carried, and how it ended."""

    message: Message
    outcome: Outcome
    said: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a call did: its messages, how many records still wait, and when the next message may go (None: nothing waits)."""

    turns: tuple[Turn, ...]
    waiting: int
    again_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The members of `submit --json`."""
        rows = [
            {
                "message": m.message,
                "first": m.first,
                "last": m.last,
                "incident": m.incident,
                "outcome": outcome.value,
                "said": said,
            }
            for m, outcome, said in self.turns
        ]
        return {"messages": rows, "waiting": self.waiting, "again_at": self.again_at.isoformat() if self.again_at else None}

    def lines(self) -> Iterator[str]:
        """For people."""
        for m, outcome, said in self.turns:
            incident = ", reported as an incident" if m.incident else ""
            yield f"message {m.message}: records {m.first} to {m.last}{incident}: {outcome.value}{f' ({said})' if said else ''}"
        if not self.waiting:
            yield "no record waits"
        else:
            yield (
                f"{self.waiting:,} records wait; the next message may go at {self.again_at:%Y-%m-%d %H:%M:%S %Z}"
                if (self.again_at)
                else f"{self.waiting:,} records wait"
            )


class Office(NamedTuple):
    """Where messages go, and in whose name."""

    url: str
    transport: Transport


def office_of(settings: Settings, signer: FileSigner) -> Office:
    """The tax authority that the settings name, over mutual TLS."""
    where = settings.submission
    environment = codes.Environment(where.environment.value)
    url = where.endpoint or codes.endpoint(environment, seal=where.seal)
    with in_words():
        return Office(url, Transport(signer, trust=where.trust))


def submit(
    ws: Workspace,
    office: Office,
    *,
    now: Clock,
    sleep: Sleep | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Submitted:
    """Send what may be sent; with `sleep`, wait for the pace and go on until nothing waits (or `limit` messages went).

    Raises AnotherSender, Shut, Invalid, DocumentRefused (no schema at hand).
    """
    with sender(ws):
        return _Sender(ws, office, now, sleep, progress or Silent()).run(limit)


@contextmanager
def sender(ws: Workspace) -> Iterator[None]:
    """The right to send for these books, held by one process; the system takes it back when the process dies."""
    path = ws.settings.database_path.with_suffix(".sender")
    with path.open("a+") as file:
        _lock(file)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise AnotherSender(file.read().strip() or "unknown") from None


class _Sender:
    """Works the outbox of one taxpayer."""

    def __init__(self, ws: Workspace, office: Office, now: Clock, sleep: Sleep | None, progress: Progress) -> None:
        self.ws = ws
        self.office = office
        self.now = now
        self.sleep = sleep
        self.progress = progress
        self.papers = Papers(ws.store)
        self.nif = ws.settings.taxpayer[3:]
        self.failures = 0
        self.turns: list[Turn] = []

    def run(self, limit: int | None) -> Submitted:
        """Message after message, in order."""
        self.progress.start("sending records", None)
        while limit is None or len(self.turns) < limit:
            rows, found = self._next()
            if not rows:
                break
            again = self.next_at(len(rows))
            if again > self.now():
                if self.sleep is None:
                    return self._ended(again)
                self.sleep((again - self.now()).total_seconds())
                continue
            if not self._turn(self._batch(rows, found), found):
                break
        return self._ended(None)

    def _next(self) -> tuple[list[Kept], dict[int, State]]:
        """The records that wait longest, as many as a message may have, and where they stand."""
        found = list(islice(self.papers.open_records(), MOST))
        return [row for row, _ in found], {row.place: state for row, state in found if state}

    def _ended(self, again: datetime | None) -> Submitted:
        self.progress.done()
        left = self.papers.count_open()
        return Submitted(tuple(self.turns), left, again or (self.next_at(left) if left else None))

    def next_at(self, waiting: int) -> datetime:
        """When the next message may go: after the wait that the last answer asked for, or longer while an incident lasts."""
        return next_message_at(self.papers, waiting, self.now())

    def _batch(self, rows: Sequence[Kept], found: dict[int, State]) -> tuple[list[Kept], bool]:
        """The records of the next message: neighbours in the chain that are alike in having been delayed."""
        flags = [(row, self._delayed(row, found)) for row in rows]
        batch = next(wire.batches(flags))
        kept = list(batch.records)
        run = [row for place, row in enumerate(kept) if row.place == kept[0].place + place]
        return run, batch.incident

    def _delayed(self, row: Kept, found: dict[int, State]) -> bool:
        """Whether an outage delayed the record: it was tried before, or is older than the tax authority's clock allows."""
        return row.place in found or wire.is_delayed(outbox.link(row, self.nif).record, self.now())

    def _turn(self, batch: tuple[list[Kept], bool], found: dict[int, State]) -> bool:
        """Send one message; whether to go on."""
        rows, incident = batch
        links = [outbox.link(row, self.nif) for row in rows]
        data = self._message(rows, incident=incident)
        message = self._begin(rows, data, links, incident=incident)
        outcome, raw, wait, said = self._sent(data)
        self._end(message, outcome, raw, wait, links, found)
        self.turns.append(Turn(message, outcome, said))
        self.progress.step(len(rows))
        if outcome is Outcome.ANSWERED:
            self.failures = 0
            return True
        self.failures += 1
        return self._goes_on(outcome, said)

    def _goes_on(self, outcome: Outcome, said: str) -> bool:
        """After a failure: a client's fault is mended by people; an outage is waited for where there is time to wait."""
        if outcome is Outcome.FAULT and not said.startswith(Source.SERVER):
            return False
        if self.sleep is None:
            return outcome is not Outcome.NOT_SENT and self.failures < TRIES
        self.sleep(min(60 * 2 ** (self.failures - 1), LONGEST_PAUSE))
        return True

    def _message(self, rows: Sequence[Kept], *, incident: bool) -> bytes:
        records = []
        for row in rows:
            clear = self.papers.for_authority(row)
            if clear is None:
                raise Shut(row.place)
            records.append(read.read(clear))
        with in_words():
            data = wire.message(Taxpayer(self.ws.settings.name, self.nif), records, incident=incident)
            body = xml.parse(data).find(f"{{{wire.SOAP}}}Body")
            problems = xsd.schema("verifactu/SuministroLR").findings(body[0])
        if problems:
            raise Invalid("the message breaks the official schema and was not sent: " + "; ".join(map(str, problems[:5])))
        return data

    def _begin(self, rows: Sequence[Kept], data: bytes, links: Sequence[Link], *, incident: bool) -> Message:
        with self.ws.store.transaction():
            before = self.papers.last_message()
            number = before.message + 1 if before else 1
            sha256 = hashlib.sha256(data).hexdigest()
            message = Message(number, rows[0].place, rows[-1].place, _stamp(self.now()), incident, sha256)
            self.papers.add_message(message)
            self.papers.put_states(outbox.sent(message, links))
        return message

    def _sent(self, data: bytes) -> tuple[Outcome, bytes, int, str]:
        """On the wire: how it ended, the bytes to keep, the wait asked for, and a word about it."""
        try:
            reply = send(data, self.office.url, self.office.transport)
        except Unreadable as error:
            return Outcome.UNKNOWN, error.raw or str(error).encode(), 0, str(error)
        except Unknown as error:
            return Outcome.UNKNOWN, str(error).encode(), 0, str(error)
        except NotSent as error:
            return Outcome.NOT_SENT, str(error).encode(), 0, str(error)
        if isinstance(reply.said, Fault):
            return Outcome.FAULT, reply.raw, 0, f"{reply.said.source}: {reply.said.code} {reply.said.message}"
        return Outcome.ANSWERED, reply.raw, reply.said.wait_seconds or 0, _summary(reply.said)

    def _end(
        self, message: Message, outcome: Outcome, raw: bytes, wait: int, links: Sequence[Link], before: dict[int, State]
    ) -> None:
        with self.ws.store.transaction():
            content = self.papers.seal("", f"answer {message.message}", raw)
            self.papers.add_answer(AnswerRow(message.message, _stamp(self.now()), outcome.value, wait, content))
            self.papers.put_states(outbox.after(before, message, outcome, raw, links))


def _stamp(now: datetime) -> str:
    """A moment as it is stored, in whole seconds: rounded up, since the wait before the next message counts from it."""
    return instant(now + timedelta(microseconds=-now.microsecond % 1_000_000))


def _summary(answer: Answer) -> str:
    rejected = sum(1 for line in answer.lines if line.verdict.value == "Incorrecto")
    return f"{answer.outcome.value}{f', {rejected} rejected' if rejected else ''}{f', CSV {answer.csv}' if answer.csv else ''}"


def next_message_at(papers: Papers, waiting: int, now: datetime) -> datetime:
    """When the next message may go (spain.md 1.7): at once where none went before, or 1,000 records stand ready."""
    last = papers.last_message()
    if last is None:
        return now
    answer, asked = papers.answer(last.message), papers.last_wait()
    since = outbox.moment(answer.at if answer else last.at)
    pace = Pace(since) if asked is None else Pace(since, asked)
    return now if pace.due(waiting, now) else since + timedelta(seconds=pace.wait_seconds)
