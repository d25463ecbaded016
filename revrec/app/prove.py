"""Prove: the file that shows to anybody that a session is in the books with its posting, and shows nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from revrec.app import note
from revrec.app.nodes import BooksChanged, nodes
from revrec.app.note import Kind as NoteKind
from revrec.app.progress import Progress, Silent
from revrec.app.proof import Leaf, Proof, ProofRefused, Proved, Step, What, proved
from revrec.core import merkle
from revrec.core.book import Kind
from revrec.core.dates import DAY
from revrec.core.errors import RevrecError
from revrec.store.format import decode_entry
from revrec.store.tree import Tree, TreeHead, entry_leaf, event_leaf

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.core.book import Movement
    from revrec.store.store import Store, StoredEvent

_OF_SESSION = (Kind.SESSION, Kind.VISIT, Kind.SESSION_UNDONE)
_SHOWN = 5  # sessions named in a refusal


class NotASession(RevrecError):
    """What was named is no session, or nothing at all."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")


class NothingSigned(RevrecError):
    """No closing has signed the books yet."""

    def __init__(self, closed: bool) -> None:
        super().__init__(
            "the months closed so far were closed by a release that signed nothing: the next `revrec close` signs everything "
            "recorded until then, those months too"
            if closed
            else "no month is closed yet, and a proof rests on what a closing signed. `revrec close 2026-01` (the month) signs"
        )


class NotClosed(RevrecError):
    """The month that was named has no signed head."""

    def __init__(self, period: str, known: Sequence[str]) -> None:
        super().__init__(f"{period}: no closing of that month was signed. Signed are: {', '.join(dict.fromkeys(known))}")


class NotCovered(RevrecError):
    """The session was recorded after what the closing signed."""

    def __init__(self, session: str, head: TreeHead, later: Sequence[str], coming: str) -> None:
        covers = f"take --head {later[0]}" if later else f"{coming} will cover it"
        super().__init__(f"session {session} was recorded after the closing of {head.period} (event number {head.seq}): {covers}")


@dataclass(frozen=True, slots=True)
class Made:
    """A proof that was made and checked, what it proves, and what it cannot show yet."""

    proof: Proof
    proved: Proved
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """What it proves, for programs."""
        return {**self.proved.to_json(), "remarks": list(self.remarks)}

    def lines(self) -> Iterator[str]:
        """What it proves, for people."""
        yield from self.proved.lines()
        yield from self.remarks


def head_note(ws: Workspace, period: str | None = None) -> str:
    """The signed head of a month's latest closing, of the newest closing where none is named: what to hand out."""
    return _head(Tree(ws.store).heads(), period, bool(ws.store.periods())).note


def prove(ws: Workspace, name: str, period: str | None = None, *, progress: Progress | None = None) -> Made:
    """The proof of a session against the newest closing, or that of a month, then with the step to every later one.

    Raises NotASession, NothingSigned, NotClosed, NotCovered, and BooksChanged when the books do not give what was signed.
    """
    with ws.store.snapshot():
        session = _session(ws, name)
        heads = Tree(ws.store).heads()
        head = _head(heads, period, bool(ws.store.periods()))
        moved = sorted(_moved(ws.store, session), key=lambda movement: movement.seq)
        if moved[0].seq > head.seq:
            raise NotCovered(session, head, _later_periods(heads, moved[0].seq), _coming(ws))
        events = [event for movement in moved if movement.seq <= head.seq and (event := ws.store.event(movement.seq))]
        chain = [head, *(each for each in heads if each.seq > head.seq)]
        proof = _made(ws.store, session, events, chain, progress or Silent())
        try:
            found = proved(proof)
        except ProofRefused:
            raise BooksChanged(head.period) from None  # the session's own leaves are not those that were signed
        return Made(proof, found, tuple(_since(ws.store, [each for each in moved if each.seq > head.seq], head)))


def _made(store: Store, session: str, events: Sequence[StoredEvent], heads: Sequence[TreeHead], progress: Progress) -> Proof:
    """The proof, once the roots that were signed are known to be those of the books."""
    head, size = heads[0], heads[0].size
    leaves = [found for event in events for found in _leaves(store, session, event)]
    paths = {index: merkle.inclusion(index, size) for _, index, _ in leaves}
    steps = [(before, after, merkle.consistency(before.size, after.size)) for before, after in pairwise(heads)]
    spans = [span for path in (*paths.values(), *(path for *_, path in steps)) for span in path]
    found = nodes(store, heads, spans, progress)
    for each in heads:
        note.check(note.read(each.note), NoteKind.HEAD)
    return Proof(
        session,
        head.note,
        tuple(Leaf(what, index, data, tuple(found[span] for span in paths[index])) for what, index, data in leaves),
        tuple(Step(a.size, b.size, tuple(found[span] for span in path), b.note) for a, b, path in steps),
    )


def _leaves(store: Store, session: str, event: StoredEvent) -> Iterator[tuple[What, int, bytes]]:
    """The leaf of an event, and those of its entries that are the session's."""
    yield What.EVENT, event_leaf(event.seq, event.first_entry), event.record
    rows = store.rows("entries_numbered", event.numbers.start, event.numbers.stop) if event.numbers else ()
    for (body,) in rows:
        entry = decode_entry(bytes(body))
        if entry.session == session:
            yield What.ENTRY, entry_leaf(event.seq, entry.number), bytes(body)


def _head(heads: Sequence[TreeHead], period: str | None, closed: bool) -> TreeHead:
    if not heads:
        raise NothingSigned(closed)
    if period is None:
        return heads[-1]
    found = [head for head in heads if head.period == period]
    if not found:
        raise NotClosed(period, [head.period for head in heads])
    return found[-1]


def _later_periods(heads: Sequence[TreeHead], seq: int) -> list[str]:
    return [head.period for head in heads if head.seq >= seq]


def _coming(ws: Workspace) -> str:
    """The closing that comes next."""
    through = ws.store.head().closed_through
    assert through is not None  # something was signed; what is opened again is closed through the day before
    return f"the next closing, that of {through + DAY:%Y-%m},"


def _since(store: Store, moved: Sequence[Movement], head: TreeHead) -> Iterator[str]:
    """What happened to the session after the closing, which the proof does not show."""
    for movement in moved:
        event = store.event(movement.seq)
        name = event.id if event else f"number {movement.seq}"
        yield f"Not in it: event {name}, recorded after the closing of {head.period}; it changed what became of the session."


def _moved(store: Store, session: str) -> list[Movement]:
    return [movement for movement in store.movements_of(session) if movement.kind in _OF_SESSION]


def _session(ws: Workspace, name: str) -> str:
    """The session that a name is, bare or as `session:ID`; raises NotASession, which says what the name is instead."""
    session = name.removeprefix("session:")
    if _moved(ws.store, session):
        return session
    kind, _, ref = name.partition(":")
    for known, found in _INSTEAD.items():
        if (kind == known or not ref) and (what := found(ws, ref if kind == known and ref else name)):
            raise NotASession(name, what)
    raise NotASession(name, "no session of that id is recorded. `revrec trace ID` finds an id of any kind")


def _entry_instead(ws: Workspace, ref: str) -> str | None:
    digits = ref.removeprefix("E-")
    entry = ws.store.entry(int(digits)) if digits.isascii() and digits.isdigit() else None
    if entry is None:
        return None
    return f"this is an entry, {_of(entry.session)}"


def _event_instead(ws: Workspace, ref: str) -> str | None:
    found = [event.event["data"].get("session") for event in ws.store.events_by_id(ref)]
    return f"this is an event, {_of(next(filter(None, found), None))}" if found else None


def _of(session: str | None) -> str:
    return f"of session {session}: `revrec prove {session}` proves both" if session else "of no session: sessions are proved"


def _bundle_instead(ws: Workspace, ref: str) -> str | None:
    if ws.store.bundle(ref) is None:
        return None
    sessions = [movement.ref for movement in ws.store.movements(ref, kind=Kind.SESSION)]
    more = f" and {len(sessions) - _SHOWN} more" if len(sessions) > _SHOWN else ""
    listed = f"its sessions are {', '.join(sessions[:_SHOWN])}{more}" if sessions else "it has no session yet"
    return f"this is a bundle, and sessions are proved one by one: {listed}"


def _customer_instead(ws: Workspace, ref: str) -> str | None:
    if not ws.store.known_customer(ref):
        return None
    return f"this is a customer, and sessions are proved one by one: `revrec trace customer:{ref}` lists them"


_INSTEAD = {"entry": _entry_instead, "event": _event_instead, "bundle": _bundle_instead, "customer": _customer_instead}
