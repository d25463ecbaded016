"""One random history in fifty goes the whole way: JSON lines, SQLite, day files, Beancount, `verify`.

The entries in the store must be those of the core alone, and the loader must agree with the core's balances.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Open, Transaction
from hypothesis import HealthCheck, given, settings

from revrec.app.init import Answers, init
from revrec.app.record import record
from revrec.app.verify import verify
from revrec.app.workspace import Workspace, open_workspace
from revrec.core import events as e
from revrec.core import money, units
from revrec.core.policy import Package, Policy
from revrec.core.units import UNIT
from revrec.wire.files import source
from tests.core.practice import balances, histories, packages, play, policies, practice
from tests.core.test_invariants import HISTORIES, PHASES

NOW = datetime(2028, 1, 1, tzinfo=UTC)
# Nine properties share HISTORIES each; one in fifty of all of them.
WHOLE = max(HISTORIES * 9 // 50, 1)
NAMES = {kind: name for name, kind in e.TYPES.items()}
AMOUNTS = {"amount", "fee", "price", "list_price"}
UNITS = {"quantity", "units"}


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """An empty workspace, made once and copied for each history."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "books"
        init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
        yield root


@settings(max_examples=WHOLE, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(policies, packages, histories)
def test_a_history_through_files_beancount_and_verify(empty: Path, policy, package, history) -> None:
    game = practice(policy, package)
    play(game, [move for move in history if move[0] != "tick"])  # `calendar.advanced` does not come from outside
    with recorded(empty, policy_file(policy, package), [line(event) for event in game.accepted]) as ws:
        by_number = sorted(ws.store.entries(), key=lambda entry: entry.number)
        assert by_number == game.entries
        entries, errors, _ = loader.load_file(str(ws.root / "main.beancount"))
        assert [error.message for error in errors] == []
        assert ledger_balances(entries) == {role.value: amount for role, amount in balances(game.entries).items()}
        assert verify(ws, None) == ()


@contextmanager
def recorded(empty: Path, policy: str, lines: list[str]) -> Iterator[Workspace]:
    """A copy of the empty workspace with these events recorded."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "books"
        shutil.copytree(empty, root)
        (root / "policy.toml").write_text(policy, "utf-8")
        (Path(folder) / "events.jsonl").write_text("".join(lines), "utf-8")
        with open_workspace(root) as ws:
            done = record(ws, [source(str(Path(folder) / "events.jsonl"))], now=NOW)
            assert done.recorded == len(lines)
            yield ws


def line(event: e.Event) -> str:
    """The event as the contract writes it."""
    data = {name: written(name, value) for name, value in members(event.data)}
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": NAMES[type(event.data)],
        "time": f"{event.date}T12:00:00+01:00",
        "branch": event.branch,
        "data": data,
    }
    return json.dumps(envelope) + "\n"


def members(fact: Any) -> Iterator[tuple[str, Any]]:
    """The members of a fact under the names of the contract, without those that it leaves out."""
    if isinstance(fact, e.SessionCancelled):
        hours = Decimal(fact.notice_minutes) / 60
        yield from (("session", fact.session), ("bundle", fact.bundle), ("notice_hours", str(hours)))
        return
    if isinstance(fact, e.CustomerRegistered):
        yield "name", "Ana"
    if isinstance(
        fact, e.SessionReversed | e.SessionWaived | e.BundleVoided | e.BundleTerminated | e.PeriodReopened | e.AdjustmentPosted
    ):
        yield "reason", "agreed"
    for name in fact.__slots__:
        value = getattr(fact, name)
        if value not in (None, False, 0) or (name == "price" and value == 0):
            yield name, value


def written(name: str, value: Any) -> Any:
    """One value in the contract's writing."""
    if name in AMOUNTS:
        return money.text(value, "EUR")
    if name in UNITS:
        return units.text(value)
    if name == "accepted":
        return {"reason": "agreed", "accepted_at": "2026-01-01T12:00:00+01:00"}
    if isinstance(value, e.RefundException):
        return {"reason": value.reason, "approver": value.approver}
    if name == "postings":
        legs = [{"role": leg.role, "amount": money.text(leg.amount, "EUR"), "bundle": leg.bundle} for leg in value]
        return [{k: v for k, v in leg.items() if v} for leg in legs]
    return f"{value:%Y-%m}" if name == "period" else str(value)


def policy_file(policy: Policy, package: Package) -> str:
    """The policy.toml that says what a core policy and package are."""
    return f"""
[[policy]]
id = "standard"
since = {policy.since}
why = "Drawn at random"
recognition = "{policy.recognition}"
breakage = "at_expiry"
obligation = "cancellable"
invoicing = "{policy.invoicing}"
refund = "{policy.refund}"
refund_basis = "{policy.refund_basis}"
refund_window_days = {policy.refund_window_days}
refund_expected = "0.00"
refund_fee = "{money.text(policy.refund_fee, "EUR")}"
expiry_months = {policy.expiry_months}
expiry_from = "{policy.expiry_from}"
latest_start_months = {policy.latest_start_months}
expiry_kind = "{policy.expiry_kind}"
grace_days = {policy.grace_days}
late_cancellation_hours = {policy.late_cancellation_minutes // 60}
late_cancellation = "{policy.late_cancellation}"
late_cancellation_fee = "{money.text(policy.late_cancellation_fee, "EUR")}"
no_show = "{policy.no_show}"
no_show_fee = "{money.text(policy.no_show_fee, "EUR")}"
fee_tax = "es-health"
transfer = "{policy.transfer}"
sharing = "{policy.sharing}"
owner = "{policy.owner}"
principal = true
modalities = ["in_person", "online"]
modification = "auto"
bonus = "equal"
overage = "{policy.overage}"
unpaid_use = "{policy.unpaid_use}"
rounding_minutes = {policy.rounding_minutes}

[[tax]]
id = "es-health"
since = {policy.since}
category = "E"
rate = "0"
exemption = "VATEX-EU-132-1C"

[[package]]
id = "P10"
since = {package.since}
name = {{ en = "Pack" }}
policy = "standard"
tax = "es-health"
units = {package.units // UNIT}
bonus_units = {package.bonus_units // UNIT}
unit = "{package.unit}"
price = "{money.text(package.price, "EUR")}"
list_price = "{money.text(package.list_price, "EUR")}"
service = "{package.service}"
"""


def ledger_balances(entries: list[Any]) -> dict[str, int]:
    """Debit balance by role as Beancount sees it, in cents, without zeros."""
    roles = {entry.account: entry.meta.get("revrec-role") for entry in entries if isinstance(entry, Open)}
    total: dict[str, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            total[roles[posting.account]] += int(posting.units.number * 100)
    return {role: amount for role, amount in total.items() if amount}
