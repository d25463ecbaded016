"""A practice whose two months are closed, its packs in memory, and ways to spoil them."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from revrec.app import note
from revrec.app.close import close
from revrec.app.notary import notary
from revrec.app.note import Kind
from revrec.app.pack.make import HEAD, VERIFIERS, Packed, audit_pack
from revrec.templates import verify
from tests.app.desk import Desk, paid, registered, sold, used

JANUARY, FEBRUARY = datetime(2026, 2, 3, 12, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC)
MANIFEST = "MANIFEST.jsonl"


def practice(root: Path) -> Desk:
    """Two months of a practice that issues: sales, sessions, one undone, one cancelled in time, one late, approvals."""
    desk = Desk(root)
    desk.say(
        registered("C-1", tax_id="12345678Z"),
        sold("B-1", "TAXED", day="2026-01-10", policy_accepted_at="2026-01-10T09:00:00+01:00"),
        paid("P-1", "B-1", "100.00", day="2026-01-10"),
        used("S-1", "B-1", day="2026-01-12"),
        used("S-2", "B-1", day="2026-01-13"),
        ("2026-01-14", "session.reversed", {"session": "S-2", "reason": "she was not there"}),
        ("2026-01-15", "session.cancelled", {"session": "S-3", "bundle": "B-1", "notice_hours": "72"}),
        at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    )
    shut(desk, "2026-01", JANUARY)
    desk.say(
        sold("B-2", "HEALTH", day="2026-02-05"),
        paid("P-2", "B-2", "500.00", day="2026-02-05"),
        used("S-4", "B-2", day="2026-02-06"),
        used("S-5", "B-1", day="2026-01-20"),  # late: January is closed
        ("2026-02-20", "refund.issued", refund()),
        at=datetime(2026, 2, 25, 12, tzinfo=UTC),
    )
    shut(desk, "2026-02", FEBRUARY)
    return desk


def refund() -> dict[str, Any]:
    """A refund that somebody approved against the quote."""
    exception = {"approver": "Dr. Jefa", "reason": "goodwill"}
    return {"bundle": "B-1", "refund": "R-1", "amount": "90.00", "method": "card", "exception": exception}


def shut(desk: Desk, month: str, now: datetime) -> None:
    """Close a month whatever its checklist says."""
    desk.asked(close, month, approver="A. Pérez", reason="for the tests", now=now)


def pack(desk: Desk, path: Path, period: str, **more: Any) -> Packed:
    """The pack of a period."""
    return desk.asked(audit_pack, period, path, **{"now": FEBRUARY, "force": True, **more})


def members(path: Path) -> dict[str, bytes]:
    """The members of a zip by name."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, content: Mapping[str, bytes]) -> Path:
    """A zip of some members."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def verified(content: Mapping[str, bytes], handed: tuple[Mapping[str, Any], ...] = ()) -> tuple[list[Any], list[str]]:
    """What the verifier finds in members, and the lines that it says."""
    said: list[str] = []
    report = verify.Report(said.append)
    verify.Audit(report, content, lambda name: io.BytesIO(content[name]), [dict(each) for each in handed]).verify()
    return report.findings, said


def findings(content: Mapping[str, bytes]) -> list[Any]:
    """What the verifier finds in members: (file, record, what)."""
    return verified(content)[0]


class Flip(NamedTuple):
    """One changed byte: where it stands, and in which line."""

    name: str
    at: int
    line: int
    content: dict[str, bytes]


def flips(content: Mapping[str, bytes], count: int, seed: int = 1) -> Iterator[Flip]:
    """Members with one byte changed: each member's first, last and a middle one, then random ones; the verifiers are left."""
    names = sorted(name for name, data in content.items() if data and name not in VERIFIERS)
    chance = random.Random(seed)
    places = [(name, at) for name in names for at in sorted({0, len(content[name]) // 2, len(content[name]) - 1})]
    while len(places) < count:
        name = chance.choice(names)
        places.append((name, chance.randrange(len(content[name]))))
    for name, at in places:
        data = bytearray(content[name])
        data[at] ^= chance.randrange(1, 256)
        yield Flip(name, at, 1 + content[name].count(b"\n", 0, at), {**content, name: bytes(data)})


def resigned(desk: Desk, content: Mapping[str, bytes]) -> dict[str, bytes]:
    """The members with a manifest and a head that fit them, as its own maker could sign them again with the right key."""
    rows = [json.loads(line) for line in content[MANIFEST].splitlines()]
    for row in rows:
        row.update(_row(content[row["name"]]))
    manifest = b"".join(note.canonical(row) + b"\n" for row in rows)
    said = json.loads(content[HEAD].split(b"\n")[0])
    of = _row(manifest)
    said["manifest"] = {"sha256": of["sha256"], "lines": of["lines"]}
    text = desk.asked(lambda ws: note.make(Kind.PACK, said, notary(ws.settings, FEBRUARY)))
    return {**content, MANIFEST: manifest, HEAD: text.encode()}


def _row(data: bytes) -> dict[str, Any]:
    lines = "".join(hashlib.sha256(line).hexdigest()[:8] for line in io.BytesIO(data))
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "lines": lines}
