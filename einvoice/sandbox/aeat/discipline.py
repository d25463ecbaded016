"""What the office asks of a sender beyond AEAT's answers: one message at a time, no haste, in order, nothing twice as new."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from einvoice.sandbox.aeat.message import MAX_RECORDS, Message, Turned
from einvoice.sandbox.aeat.record import Record, RecordKind, moment
from einvoice.sandbox.aeat.register import Register, Stored, ViolationKind
from einvoice.sandbox.server import Call

# A sender counts from when it sent: the way of one message to the office may take longer than that of the next.
_GRACE = timedelta(seconds=1)


class _Tail(NamedTuple):
    """The last new record of a chain so far: its huella, when it was made, and all huellas that came in this message."""

    huella: str
    generated_at: datetime | None
    here: frozenset[str] = frozenset()


class Discipline:
    """Watches the messages of all chains; what breaks the rules is remembered, and refused where that can be mended."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._under_way: dict[str, Call] = {}

    def begin(self, message: Message, chains: frozenset[str], call: Call, now: datetime) -> None:
        """Let a message in, under way until `over`. Raises Turned; called by one thread at a time."""
        for chain in chains:
            self._alone(chain, now)
            self._paced(chain, message, now)
        self._ordered(message, now)
        self._new(message, now)
        self._under_way.update(dict.fromkeys(chains, call))

    def over(self, chains: frozenset[str], call: Call) -> None:
        """The message has been answered, or its connection has broken."""
        for chain in chains:
            if self._under_way.get(chain) is call:
                del self._under_way[chain]

    def _alone(self, chain: str, now: datetime) -> None:
        """A client that has hung up is no sender any more: its message does not count as under way."""
        other = self._under_way.get(chain)
        if other and not other.gone():
            self._register.violate(now, ViolationKind.PARALLEL, chain, "another message of this chain is under way")
            raise Turned(0, "hay otro envío en curso de la misma cadena", again=True)

    def _paced(self, chain: str, message: Message, now: datetime) -> None:
        pace = self._register.pace(chain)
        if pace is None or len(message.records) >= MAX_RECORDS:
            return
        left = pace.at + timedelta(seconds=pace.wait) - now
        if left > _GRACE:
            detail = f"{len(message.records)} records {left.total_seconds():g} s before the waiting time was over"
            self._register.violate(now, ViolationKind.EARLY, chain, detail)
            raise Turned(0, "no ha transcurrido TiempoEsperaEnvio", again=True)

    def _ordered(self, message: Message, now: datetime) -> None:
        """New records follow each other: each is chained to the last one that came, and made no earlier."""
        tails: dict[str, _Tail | None] = {}
        for record in message.records:
            if self._register.seen(record.chain, record.huella):
                continue
            if record.chain not in tails:
                tails[record.chain] = _tail(self._register.last(record.chain))
            self._follows(record, tails[record.chain], now)
            before = tails[record.chain]
            here = before.here if before else frozenset()
            tails[record.chain] = _Tail(record.huella, record.generated_at, here | {record.huella})

    def _follows(self, record: Record, tail: _Tail | None, now: datetime) -> None:
        if tail is None or record.previous == tail.huella:
            if tail and record.generated_at and tail.generated_at and record.generated_at < tail.generated_at:
                self._disorder(record, f"made at {record.generated_at}, before the one sent before it", now)
            return
        if record.first or record.previous in tail.here or self._register.seen(record.chain, record.previous):
            what = "begins a chain that has begun" if record.first else "is chained to a record that is not the last one"
            self._register.violate(now, ViolationKind.FORK, record.chain, f"{record.key.number} {what}")
            return
        self._disorder(record, "chained to a record that has not come", now)

    def _disorder(self, record: Record, what: str, now: datetime) -> None:
        self._register.violate(now, ViolationKind.OUT_OF_ORDER, record.chain, f"{record.key.number}: {what}")
        raise Turned(0, f"el registro {record.key.number} no sigue al último recibido de su cadena")

    def _new(self, message: Message, now: datetime) -> None:
        """What was accepted and answered is not sent again as if it had not been."""
        for record in message.records:
            known = self._register.accepted(record.chain, record.huella)
            if known is None and record.kind is RecordKind.ALTA and not record.amends:
                known = self._register.invoice(record.key)
            if known and known.answered:
                self._register.violate(
                    now, ViolationKind.REPEATED, record.chain, f"{record.kind} {record.key.number} was accepted and answered"
                )


def _tail(last: Stored | None) -> _Tail | None:
    return _Tail(last.huella, moment(last.generated_at)) if last else None
