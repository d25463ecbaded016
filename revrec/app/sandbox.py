"""Pretended authorities on this machine: the tax office and FACe, with certificates of their own, until Ctrl-C."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from einvoice.sandbox import aeat, face
from einvoice.sandbox.faults import Fault, Plan
from einvoice.sandbox.folder import Folder
from einvoice.sandbox.pki import Holder
from einvoice.sandbox.server import Server, Service
from revrec.app.signer import PASSWORD, in_words
from revrec.core.errors import RevrecError
from revrec.settings import load

PERSON = ("Titular", "de Pruebas", "00000000T")  # who represents an invented company; nobody's number

Announce = Callable[[str], None]
Clock = Callable[[], datetime]


class NoTaxpayer(RevrecError):
    """Nobody for whom a certificate could be made."""

    def __init__(self) -> None:
        super().__init__("no workspace here: say for whom the sandbox makes a certificate, with --taxpayer ES-B64717838")


class NotServed(RevrecError):
    """The port is taken, or may not be used."""

    def __init__(self, port: int, why: str) -> None:
        super().__init__(f"port {port} cannot be used: {why}. Choose another with --port, or 0 for any free one")


@dataclass(frozen=True, slots=True)
class Taxpayer:
    """For whom a certificate is made: a Spanish tax number without its country, and a name."""

    nif: str
    name: str

    @property
    def holder(self) -> Holder:
        """A natural person themselves; a company through its representative."""
        if self.nif[0].isdigit() or self.nif[0] in "XYZKLM":
            given, _, surnames = self.name.partition(" ")
            return Holder(given, surnames or given, self.nif)
        return Holder(*PERSON, self.name, self.nif)


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """Faults by name for the first messages, then `rate` of the others at random, from `seed`."""

    script: Sequence[str] = ()
    rate: float = 0.0
    seed: int = 0

    def plan(self) -> Plan:
        """The plan; raises DocumentRefused for a fault that there is not."""
        with in_words():
            return Plan([Fault.read(text) for text in self.script], rate=self.rate, seed=self.seed)


@dataclass(frozen=True, slots=True)
class Listing:
    """What an office has, as rows, and the violations that it remembers."""

    rows: tuple[dict[str, Any], ...]
    violations: tuple[dict[str, Any], ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        for row in self.rows:
            yield "  ".join(str(value) for value in row.values() if value != "")
        yield f"{len(self.rows)} in the register"
        for row in self.violations:
            yield f"violation: {'  '.join(row.values())}"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"register": list(self.rows), "violations": list(self.violations)}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an office serves and for whom: its folder, the workspace whose settings may name it, taxpayer and port."""

    folder: Path
    root: Path
    taxpayer: Taxpayer
    port: int


def taxpayer(root: Path, tax_id: str | None, name: str | None, environ: Mapping[str, str]) -> Taxpayer:
    """Whom the options name, else the workspace's taxpayer. Raises NoTaxpayer."""
    if tax_id:
        return Taxpayer(tax_id.removeprefix("ES-"), name or "Empresa de Pruebas SL")
    if not (root / "revrec.toml").exists():
        raise NoTaxpayer
    settings = load(root, environ)
    return Taxpayer(settings.taxpayer.removeprefix("ES-"), name or settings.name)


def serve_aeat(stand: Stand, how: Misbehaviour, wait: int, environ: Mapping[str, str], clock: Clock, announce: Announce) -> None:
    """Serve the local tax office until Ctrl-C; `announce` is told how to reach it, then a line a message."""
    with _folder(stand, environ, clock(), announce) as folder:
        register = aeat.Register(folder.register("aeat"))
        office = aeat.Office(register, clock, plan=how.plan(), wait=wait, log=announce)
        server = _server(office, folder, stand.port, clock())
        for line in _settings(stand, folder, "endpoint", server.address + aeat.PATH):
            announce(line)
        _serve(server, announce, f"The tax office answers at {server.address}{aeat.PATH}")
        register.close()


def serve_face(stand: Stand, how: Misbehaviour, environ: Mapping[str, str], clock: Clock, announce: Announce) -> None:
    """Serve the pretended FACe until Ctrl-C; `announce` as for the tax office."""
    with _folder(stand, environ, clock(), announce) as folder:
        folder.server(clock())
        register = face.Register(folder.register("face"))
        office = face.Office(register, clock, folder.trusted(), plan=how.plan(), log=announce)
        server = _server(office, folder, stand.port, clock())
        for line in _settings(stand, folder, "face", server.address + face.PATH):
            announce(line)
        _serve(server, announce, f"FACe answers at {server.address}{face.PATH}")
        register.close()


def list_aeat(path: Path) -> Listing:
    """The records that the local tax office accepted, and what it remembers of bad senders."""
    register = aeat.Register(_existing(Folder(path).register("aeat")))
    rows = tuple(
        {
            "number": stored.key.number,
            "issued_on": stored.key.issued_on,
            "kind": stored.kind,
            "outcome": str(stored.outcome),
            "code": stored.code or "",
            "presented_at": stored.presented_at.isoformat(timespec="seconds"),
            "huella": stored.huella,
        }
        for stored in register.records()
    )
    violations = tuple(
        {"kind": str(each.kind), "at": each.at.isoformat(timespec="seconds"), "detail": each.detail}
        for each in register.violations()
    )
    register.close()
    return Listing(rows, violations)


def list_face(path: Path) -> Listing:
    """The invoices that the pretended FACe received, and where they stand."""
    register = face.Register(_existing(Folder(path).register("face")))
    rows = tuple(
        {
            "number": each.number,
            "invoice": f"{each.series}{each.invoice}",
            "issuer": each.issuer,
            "received_at": each.received_at.isoformat(timespec="seconds"),
            "processing": each.processing,
            "processing_reason": each.processing_reason,
            "cancellation": each.cancellation,
            "cancellation_reason": each.cancellation_reason,
        }
        for each in register.invoices()
    )
    register.close()
    return Listing(rows)


def move_face(path: Path, number: str, code: str, reason: str) -> None:
    """Let the administration move an invoice on; 4200 to 4400 speak of its cancellation, and 4300 cancels it (3100)."""
    register = face.Register(_existing(Folder(path).register("face")))
    try:
        with in_words():
            if code.startswith("4"):
                register.decide(number, code, reason)
            if code == "4300" or not code.startswith("4"):
                register.process(number, "3100" if code == "4300" else code, reason)
    finally:
        register.close()


@contextmanager
def _folder(stand: Stand, environ: Mapping[str, str], now: datetime, announce: Announce) -> Iterator[Folder]:
    """The folder with a certificate for the taxpayer; its password is told once, where the environment does not give it."""
    with in_words():
        folder = Folder(stand.folder)
        given = environ.get(PASSWORD)
        password = given or secrets.token_urlsafe(9)
        if folder.enrol(stand.taxpayer.holder, password, now):
            announce(f"{folder.client(stand.taxpayer.nif)}: a certificate for {stand.taxpayer.name} ({stand.taxpayer.nif})")
            announce(f"  its password, told only now: {password}" if not given else f"  its password is that of {PASSWORD}")
        yield folder


def _server(service: Service, folder: Folder, port: int, now: datetime) -> Server:
    try:
        return Server(service, folder.server(now), folder.trust.read_bytes(), port=port)
    except OSError as error:
        raise NotServed(port, error.strerror or str(error)) from error


def _settings(stand: Stand, folder: Folder, key: str, url: str) -> Iterator[str]:
    """What to write into revrec.toml."""
    yield "revrec.toml:"
    yield f'  signer = "{_from(stand.root, folder.client(stand.taxpayer.nif))}"   # password: {PASSWORD}'
    yield "  [submission]"
    yield '  environment = "test"'
    yield f'  {key} = "{url}"'
    yield f'  trust = "{_from(stand.root, folder.trust)}"'


def _from(root: Path, path: Path) -> str:
    """The path as the settings of a workspace write it."""
    here, there = root.resolve(), path.resolve()
    return str(there.relative_to(here) if there.is_relative_to(here) else there)


def _serve(server: Server, announce: Announce, ready: str) -> None:
    try:
        announce(f"{ready}; Ctrl-C ends it")
        server.serve()
    except KeyboardInterrupt:
        return


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(2, "no sandbox has served from here", str(path))
    return path
