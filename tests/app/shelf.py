"""A practice whose books are kept between tests: made once, copied for each, compared byte for byte."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from revrec.app.init import Answers, init
from revrec.app.record import Recorded, record
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.core.findings import Finding
from revrec.wire.files import source

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

POLICY = """
[[policy]]
id = "standard"
since = 2026-01-01
why = "Agreed for the tests"
recognition = "per_session"
breakage = "at_expiry"
obligation = "cancellable"
invoicing = "at_purchase"
refund = "pro_rata"
refund_basis = "contract"
refund_expected = "0.00"
refund_fee = "0.00"
expiry_months = 6
expiry_from = "sale"
expiry_kind = "hard"
late_cancellation_hours = 24
late_cancellation = "deduct"
late_cancellation_fee = "0.00"
no_show = "deduct"
transfer = "any"
sharing = "household"
owner = "centre"
principal = true
modalities = ["in_person"]
modification = "auto"
bonus = "equal"
overage = "reject"
unpaid_use = "allow"
rounding_minutes = 1

[[tax]]
id = "es-health"
category = "E"
rate = "0"
exemption = "VATEX-EU-132-1C"

[[package]]
id = "PSY-3"
since = 2026-01-01
name = { en = "3 sessions" }
policy = "standard"
tax = "es-health"
units = 3
bonus_units = 0
unit = "session"
price = "150.00"
list_price = "60.00"
service = "psychology"
branches = ["bcn"]
"""

# A second policy of which a sale cannot be made, and one whose bundles belong to a provider.
OTHER_POLICIES = (
    """
[[policy]]
id = "unfinished"
since = 2026-01-01
why = "Still being discussed"
recognition = "per_session"

[[package]]
id = "PSY-X"
since = 2026-01-01
name = { en = "one session" }
policy = "unfinished"
tax = "es-health"
units = 1
bonus_units = 0
unit = "session"
price = "60.00"
list_price = "60.00"
service = "psychology"
"""
    + POLICY[: POLICY.index("[[tax]]")].replace('"standard"', '"own"').replace('owner = "centre"', 'owner = "provider"')
    + """
[[package]]
id = "PSY-P"
since = 2026-01-01
name = { en = "3 sessions with one therapist" }
policy = "own"
tax = "es-health"
units = 3
bonus_units = 0
unit = "session"
price = "150.00"
list_price = "60.00"
service = "psychology"
"""
)


def event(event_id: str, day: str, kind: str, **data: Any) -> dict[str, Any]:
    """An event at noon of a day."""
    envelope = {"specversion": "1.0", "id": event_id, "source": "desk", "type": kind, "time": f"{day}T12:00:00+01:00"}
    return {**envelope, "branch": "bcn", "data": data}


HISTORY = [
    event(
        "c1", "2026-02-01", "customer.registered", customer="C-1", name="Ana", tax_id="12345678Z", person="natural", country="ES"
    ),
    event("s1", "2026-02-02", "bundle.sold", bundle="B-1", package="PSY-3", customer="C-1"),
    event("p1", "2026-02-02", "payment.received", payment="P-1", bundle="B-1", amount="150.00", method="card"),
    event("u1", "2026-02-10", "session.completed", session="S-1", bundle="B-1", note="came late"),
    event("s2", "2026-02-12", "bundle.sold", bundle="B-2", package="PSY-3", customer="C-1"),
    event("p2", "2026-02-12", "payment.received", payment="P-2", bundle="B-2", amount="100.00", method="cash"),
    event("u2", "2026-02-13", "session.completed", session="S-2", bundle="B-2"),
    event("u3", "2026-02-14", "session.completed", session="S-3", bundle="B-2"),
    event("u4", "2026-02-15", "session.completed", session="S-4", bundle="B-2"),
    event("s3", "2026-03-01", "bundle.sold", bundle="B-3", package="PSY-P", customer="C-2", provider="T-1"),
    event(
        "v1",
        "2026-03-02",
        "session.completed",
        session="S-5",
        service="psychology",
        price="60.00",
        tax="es-health",
        customer="C-2",
    ),
    event("p3", "2026-03-02", "payment.received", payment="P-3", session="S-5", amount="60.00", method="bizum"),
    event("m1", "2026-03-03", "payment.received", payment="P-4", customer="C-2", amount="20.00", method="transfer"),
    event("z1", "2026-04-01", "period.closed", period="2026-02", approver="A"),
    event("u5", "2026-04-02", "session.completed", session="S-6", bundle="B-1", effective_date="2026-02-20"),
]


def lines(events: Iterable[dict[str, Any]]) -> bytes:
    """The events as JSON lines."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def prepare(root: Path) -> Path:
    """A workspace with the history recorded."""
    init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
    (root / "policy.toml").write_text(POLICY + OTHER_POLICIES, "utf-8")
    book(root, lines(HISTORY))
    return root


def book(root: Path, content: bytes, name: str = "events.jsonl", **options: Any) -> Recorded:
    """Record a file of this content, which lies beside the workspace."""
    path = root.parent / name
    path.write_bytes(content)
    with open_workspace(root) as ws:
        return record(ws, [source(str(path))], now=NOW, **options)


def copied(shelf: Path, target: Path) -> Path:
    """A copy of a workspace that nobody has open."""
    shutil.copytree(shelf, target)
    return target


def checked(root: Path) -> tuple[Finding, ...]:
    """What `verify` finds."""
    with open_workspace(root) as ws:
        return verify(ws)


def state(root: Path) -> dict[str, Any]:
    """Every row of the database and every other file of the workspace, after one more opening."""
    with open_workspace(root):
        pass
    found: dict[str, Any] = {}
    with sqlite3.connect(root / "revrec.db") as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            found[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.name.startswith("revrec.db"):
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def tamper(root: Path, *statements: str, values: Sequence[Any] = ()) -> None:
    """Change the database behind revrec's back: the triggers are dropped first."""
    with sqlite3.connect(root / "revrec.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement, values)
    connection.close()
