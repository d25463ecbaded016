"""Sending a message of records to the tax office and reading what it says; addresses stand in `codes.endpoint`."""

from __future__ import annotations

from typing import NamedTuple

from einvoice.regimes.verifactu.answer import Answer, Fault, NoAnswer, parse
from einvoice.transport import Transport, Unknown


class Unreadable(Unknown):
    """Something came back that says nothing of the records; `raw` is kept as evidence."""

    def __init__(self, url: str, error: NoAnswer, raw: bytes) -> None:
        super().__init__(f"{url}: {error}")
        self.raw = raw


class Reply(NamedTuple):
    """What the tax office answered: the bytes to keep, and what they say."""

    raw: bytes
    said: Answer | Fault


def send(message: bytes, url: str, transport: Transport) -> Reply:
    """The reply to the envelope of `message.message`. Raises `transport.NotSent` (send it again) and `transport.Unknown`.

    After Unknown the same bytes are sent again: what had arrived comes back as a duplicate (`states.answered`, `doubtful`).
    """
    raw = transport.post(url, message)
    try:
        return Reply(raw, parse(raw))
    except NoAnswer as error:
        raise Unreadable(url, error, raw) from error
