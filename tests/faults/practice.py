"""A small practice that is killed: its books, the commands of its evening, and the tax office that they talk to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from einvoice.sandbox.aeat import PATH, Office, Register
from einvoice.sandbox.folder import Folder
from einvoice.sandbox.server import Server
from revrec.app.sandbox import Taxpayer
from tests.app.desk import ADDRESS, Desk, paid, registered, sold, used
from tests.app.shelf import event

NIF, NAME, PASSWORD = "B64717838", "Centro de Pruebas SL", "only for this test"
HOME = {"address": "Calle Menor 2", "post_code": "28002", "town": "Madrid", "province": "Madrid"}
WAIT = 1  # seconds that the office asks for; the sender starts with 60


class Clock:
    """The time of the round: the machine's, moved on between commands instead of waiting."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Round(NamedTuple):
    """One copy of the books, its office, the clock of both, and its story: what was run so far, and how it ended."""

    root: Path
    office: Office
    clock: Clock
    story: list[str]

    def prepare(self, words: tuple[str, ...]) -> None:
        """Before `invoice issue` the settings get the address that no full invoice may lack: it has something to do."""
        if words == ("invoice", "issue"):
            path = self.root / "revrec.toml"
            path.write_text(path.read_text("utf-8").replace("person =", f"{ADDRESS}person =", 1), "utf-8")


def template(folder: Path, day: str) -> Path:
    """Books without events, certificates in their sandbox, and the two event files of the evening."""
    now, root = datetime.now(UTC), folder / "template"
    Desk(root)
    sandbox = Folder(root / "sandbox")
    sandbox.path.mkdir()
    sandbox.enrol(Taxpayer(NIF, NAME).holder, PASSWORD, now)
    sandbox.server(now)
    path = root / "revrec.toml"
    path.write_text(path.read_text("utf-8").replace(ADDRESS, "", 1), "utf-8")
    (root / "first.jsonl").write_text(_lines("a", _first(day)), "utf-8")
    (root / "second.jsonl").write_text(_lines("b", _second(day)), "utf-8")
    return root


def _lines(source: str, rows: list[tuple[str, str, dict]]) -> str:
    return "".join(json.dumps(event(f"{source}{n}", *row[:2], **row[2])) + "\n" for n, row in enumerate(rows, 1))


def _first(day: str) -> list[tuple[str, str, dict]]:
    """Simplified invoices at once, full ones that wait for an address."""
    rows = [registered("C-1", tax_id="12345678Z", **HOME)]
    for n in range(1, 3):
        rows += [sold(f"S-{n}", "TAXED", "NOBODY", day), paid(f"PS-{n}", f"S-{n}", "100.00", day)]
        rows += [sold(f"F-{n}", "HEALTH", "C-1", day), paid(f"PF-{n}", f"F-{n}", "500.00", day)]
    return rows


def _second(day: str) -> list[tuple[str, str, dict]]:
    """Sessions, a refund with its corrective invoice, and another sale."""
    rows = [used(f"V-{n}", f"F-{n}", day) for n in range(1, 3)]
    rows += [(day, "refund.issued", {"refund": "R-1", "bundle": "S-1", "method": "card"})]
    return [*rows, sold("S-9", "TAXED", "NOBODY", day), paid("PS-9", "S-9", "60.00", day)]


@contextmanager
def opened(template: Path, root: Path) -> Iterator[Round]:
    """A copy of the template whose settings name a local tax office, which serves meanwhile."""
    shutil.copytree(template, root)
    clock, sandbox = Clock(), Folder(root / "sandbox")
    office = Office(Register(), clock, wait=WAIT)
    with Server(office, sandbox.server(clock()), sandbox.trust.read_bytes()) as server:
        keys = f'signer = "sandbox/{NIF}.p12"\n\n[submission]\nenvironment = "test"\n'
        where = f'endpoint = "{server.address}{PATH}"\ntrust = "sandbox/ca.pem"\n\n'
        path = root / "revrec.toml"
        path.write_text(path.read_text("utf-8").replace("[taxpayer]", f"{keys}{where}[taxpayer]", 1), "utf-8")
        place = Round(root, office, clock, [])
        with told(place):
            yield place


@contextmanager
def told(place: Round) -> Iterator[None]:
    """A failure of the round tells its story: the commands in order, and the moment at which each was killed."""
    try:
        yield
    except BaseException as failure:
        for line in place.story:
            failure.add_note(line)
        for attempt in place.office.attempts():
            failure.add_note(f"the office had {attempt.key.number} of {attempt.generated_at}: {attempt.outcome} {attempt.code}")
        raise
