"""A practice with one policy, and a way to record events in it by their data alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

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
expiry_kind = "soft"
grace_days = 15
late_cancellation_hours = 24
late_cancellation = "fee"
late_cancellation_fee = "20.00"
no_show = "deduct"
fee_tax = "outside"
fee_tax_why = "Compensation, no supply"
transfer = "any"
sharing = "household"
owner = "centre"
principal = true
modalities = ["in_person", "online"]
modification = "auto"
bonus = "equal"
overage = "charge"
unpaid_use = "allow"
rounding_minutes = 1

[[tax]]
id = "es-health"
category = "E"
rate = "0"
exemption = "VATEX-EU-132-1C"

[[package]]
id = "PSY-10"
since = 2026-01-01
name = { en = "10 sessions" }
policy = "standard"
tax = "es-health"
units = 9
bonus_units = 1
unit = "session"
price = "500.00"
list_price = "60.00"
service = "psychology"
branches = ["bcn", "mad"]
"""


class Desk:
    """Records events in a workspace: `desk("2026-03-02", "bundle.sold", bundle="B-1", …)`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0

    def __call__(self, day: str, kind: str, **data: Any) -> None:
        """Record one event at noon of a day."""
        self.record((day, kind, data))

    def record(self, *events: tuple[str, str, dict[str, Any]]) -> None:
        """Record several events (day, type, data), numbered e1, e2 … since the workspace was made."""
        from revrec.app.record import record
        from revrec.app.workspace import open_workspace

        path = self.root.parent / "events.jsonl"
        path.write_text("".join(json.dumps(self.event(*event)) + "\n" for event in events), "utf-8")
        with open_workspace(self.root) as ws:
            record(ws, [source(str(path))], now=NOW)

    def event(self, day: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """The next event."""
        self.count += 1
        envelope = {"specversion": "1.0", "id": f"e{self.count}", "source": "desk", "branch": "bcn"}
        return envelope | {"type": kind, "time": f"{day}T12:00:00+01:00", "data": data}

    def advance(self, day: str) -> None:
        """Run the calendar to a day."""
        from revrec.app.advance import advance
        from revrec.app.workspace import open_workspace

        with open_workspace(self.root) as ws:
            advance(ws, date.fromisoformat(day), now=NOW)


@pytest.fixture
def desk(new_workspace: Callable[..., Path]) -> Desk:
    """The desk of a practice that has sold nothing yet."""
    root = new_workspace()
    (root / "policy.toml").write_text(POLICY, "utf-8")
    return Desk(root)


@pytest.fixture
def sold(desk: Desk) -> Desk:
    """B-1 of C-1: 9 + 1 units for 500.00, sold and paid by transfer on 2 March, two used."""
    person = {"person": "natural", "country": "ES", "household": "H-1"}
    desk.record(
        ("2026-03-01", "customer.registered", {"customer": "C-1", "name": "Ana", **person}),
        ("2026-03-01", "customer.registered", {"customer": "C-2", "name": "Bruno", **person}),
        ("2026-03-02", "bundle.sold", {"bundle": "B-1", "package": "PSY-10", "customer": "C-1"}),
        ("2026-03-02", "payment.received", {"payment": "P-1", "bundle": "B-1", "amount": "500.00", "method": "transfer"}),
        ("2026-03-10", "session.completed", {"session": "S-1", "bundle": "B-1", "modality": "online"}),
        ("2026-03-20", "session.completed", {"session": "S-2", "bundle": "B-1"}),
    )
    return desk


@pytest.fixture
def opened() -> Iterator[Callable[[Desk], Any]]:
    """Opens the workspace of a desk for the length of a test."""
    from revrec.app.workspace import open_workspace

    with ExitStack() as stack:
        yield lambda desk: stack.enter_context(open_workspace(desk.root))


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The open workspace of `ledgers/example`, made from its sources."""
    from revrec.app.workspace import open_workspace
    from tests.example import build

    root = tmp_path_factory.mktemp("example") / "books"
    build(root)
    with open_workspace(root, environ={}) as ws:
        yield ws
