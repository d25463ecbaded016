"""A pack with the identities that it leaves out, encrypted for its reader, under the same manifest; and logged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from revrec.app import envelope, handover
from revrec.app.disclose import Request
from revrec.app.handover import HandedOver
from revrec.app.pack.make import Packed, audit_pack, target
from revrec.app.pack.scope import scope

if TYPE_CHECKING:
    from revrec.app.pack.archive import Archive
    from revrec.app.pack.scope import Scope
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace

FOLDER = "identities"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class PackedWith:
    """The pack that was written, and whose identities are in it for whom."""

    packed: Packed
    handed: HandedOver

    def to_json(self) -> dict[str, Any]:
        """The members of `audit-pack --with-identities --json`."""
        return self.packed.to_json() | {"identities": self.handed.to_json()}

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from self.packed.lines()
        yield from self.handed.lines()


def with_identities(
    ws: Workspace,
    period: str,
    out: Path | None,
    recipient: Path,
    request: Request,
    *,
    now: datetime,
    unclosed: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> PackedWith:
    """The pack of a period with `identities/`, whose files only the holder of the recipient's private key opens.

    What would refuse the pack does so before anything is logged. Raises what `audit_pack` and `hand_over` raise.
    """
    path, reader = target(ws, period, out, force=force), envelope.recipient(recipient, now)
    with ws.store.snapshot():
        span = scope(ws, period, unclosed=unclosed)
    days = handover.Scope(span.first, span.last)
    with TemporaryDirectory(prefix="revrec-") as folder:  # encrypted before it is written
        handed = handover.hand_over(ws, Path(folder), days, reader, request, now=now, progress=progress)

        def add(archive: Archive, _span: Scope) -> None:
            _add(archive, handed.files)

        packed = audit_pack(ws, period, path, now=now, unclosed=unclosed, force=force, progress=progress, extra=add)
    return PackedWith(packed, handed)


def _add(archive: Archive, files: Iterable[Path]) -> None:
    for each in files:
        archive.data(f"{FOLDER}/{each.name}", _blocks(each), lined=False)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_BLOCK), b"")
