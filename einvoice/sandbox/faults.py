"""Misbehaviour on demand: what a pretended authority does wrong, by a script or at random from a seed."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from einvoice.errors import EinvoiceError
from einvoice.sandbox.server import Reply


class Kind(StrEnum):
    """What goes wrong with one message."""

    SLOW = "slow"  # accepted at once, answered `value` seconds late
    DROP_BEFORE = "drop-before"  # the connection breaks, nothing is accepted
    DROP_AFTER = "drop-after"  # everything is accepted, then the connection breaks
    ERROR = "5xx"  # an HTTP error page (`value`: 503), nothing is accepted
    GARBAGE = "garbage"  # accepted, answered with an HTML page
    TRUNCATED = "truncated"  # accepted, half of the answer arrives
    PARTIAL = "partial"  # every second record is rejected for no reason (`value`: with this code, 1100)
    DUPLICATE = "duplicate"  # an earlier copy of the message was accepted unanswered: this one finds its records there
    WAIT = "wait"  # the answer asks for `value` seconds before the next message
    SKEW = "skew"  # the authority's clock is `value` seconds ahead
    SERVER = "fault-server"  # a SOAP fault: send it again as it is
    CLIENT = "fault-client"  # a SOAP fault: the message is wrong (`value`: its code, 4102)
    REFUSE = "refuse"  # FACe only: the request is refused (`value`: with this code, 999)
    REDIRECT = "redirect"  # the certificate is not recognised: sent to an error page


_USUAL = {
    Kind.SLOW: 2.0,
    Kind.ERROR: 503.0,
    Kind.PARTIAL: 1100.0,
    Kind.WAIT: 120.0,
    Kind.SKEW: 3600.0,
    Kind.CLIENT: 4102.0,
    Kind.REFUSE: 999.0,
}
# What a sender survives without a person: the others need somebody to mend a record or a certificate, or to look at
# what a duplicate is that was never sent.
PASSING = (
    Kind.SLOW,
    Kind.DROP_BEFORE,
    Kind.DROP_AFTER,
    Kind.ERROR,
    Kind.GARBAGE,
    Kind.TRUNCATED,
    Kind.WAIT,
    Kind.SERVER,
)


PAGE = Reply(
    b"<!DOCTYPE html><html><head><title>Error</title></head><body>Servicio no disponible</body></html>",
    status=404,
    content_type="text/html; charset=utf-8",
)


class NoSuchFault(EinvoiceError):
    """A fault that nobody knows."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no fault; use one of {', '.join(Kind)}, with a number behind it if need be: slow=2")


class Fault(NamedTuple):
    """One misbehaviour and its number: seconds, an HTTP status or an error code, as its kind says."""

    kind: Kind
    value: float = 0.0

    @classmethod
    def of(cls, kind: Kind, value: float | None = None) -> Fault:
        """The fault with its usual number if none is given."""
        return cls(kind, _USUAL.get(kind, 0.0) if value is None else value)

    @classmethod
    def read(cls, text: str) -> Fault:
        """The fault that `slow`, `slow=0.5` or `partial=1112` means. Raises NoSuchFault."""
        name, _, number = text.partition("=")
        try:
            return cls.of(Kind(name.strip()), float(number) if number else None)
        except ValueError:
            raise NoSuchFault(text) from None


class Plan:
    """Which fault meets which message: first the script, in order (None: no fault); then `rate` of the messages, from `seed`."""

    def __init__(
        self, script: Iterable[Fault | None] = (), *, rate: float = 0.0, seed: int = 0, kinds: Collection[Kind] = PASSING
    ) -> None:
        self._script = deque(script)
        self._rate = rate
        self._kinds = tuple(kinds)
        self._random = random.Random(seed)  # noqa: S311  a plan that can be played again is no secret
        self._lock = threading.Lock()

    def add(self, *faults: Fault | None) -> None:
        """Let the next messages meet these."""
        with self._lock:
            self._script.extend(faults)

    def next(self) -> Fault | None:
        """What the message that has just come will meet."""
        with self._lock:
            if self._script:
                return self._script.popleft()
            unlucky = self._random.random() < self._rate
            return Fault.of(self._random.choice(self._kinds)) if unlucky else None


def before(fault: Fault | None, soap_fault: Callable[[Fault], Reply]) -> Reply | None:
    """The reply of a fault that strikes before the message is read, if it is one; `soap_fault` makes the authority's own."""
    match fault and fault.kind:
        case Kind.DROP_BEFORE:
            return Reply(drop=True)
        case Kind.ERROR:
            return replace(PAGE, status=int(fault.value if fault else 0))
        case Kind.REDIRECT:
            return replace(PAGE, status=302, location="/static_files/common/html/error/erro4011.html")
        case Kind.SERVER | Kind.CLIENT if fault:
            return soap_fault(fault)
        case _:
            return None


def after(fault: Fault | None, reply: Reply) -> Reply:
    """What a fault makes of the reply once everything is done; the reply itself without one."""
    match fault and fault.kind:
        case Kind.SLOW:
            return replace(reply, delay=fault.value if fault else 0.0)
        case Kind.DROP_AFTER:
            return replace(reply, drop=True)
        case Kind.GARBAGE:
            return replace(PAGE, status=200, after=lambda _left: reply.after(False))
        case Kind.TRUNCATED:
            return replace(reply, cut=True)
        case _:
            return reply
