"""One random history in fifty goes the whole way: JSON lines, SQLite, day files, Beancount, `verify`.

The entries in the store must be those of the core alone, and the loader must agree with the core's balances.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Open, Transaction
from hypothesis import HealthCheck, given, settings

from revrec.app import issuing
from revrec.app.init import Answers, init
from revrec.app.record import record
from revrec.app.report import run as report
from revrec.app.verify import verify
from revrec.app.workspace import Workspace, open_workspace
from revrec.core import events as e
from revrec.core import money, units
from revrec.core.policy import OUTSIDE, WHOLE, Breakage, Package, Policy, Regime, Tax
from revrec.core.units import UNIT
from revrec.store.papers import Papers
from revrec.wire.facts import SEALED
from revrec.wire.files import source
from tests.core.practice import START, TAXES, World, balances, histories, worlds
from tests.core.test_invariants import HISTORIES, PHASES

NOW = datetime(2029, 1, 1, tzinfo=UTC)
ISSUING = f"""invoicing_from = {START}
[taxpayer]
address = "Calle Mayor 1"
post_code = "28001"
town = "Madrid"
province = "Madrid"
"""
NAMES = {kind: name for name, kind in e.TYPES.items()}
AMOUNTS = {"amount", "fee", "price", "list_price", "deferred", "tax_paid", "withheld", "tip", "gross", "cost"}
AMOUNTS |= {"tax_amount", "withholding"}
UNITS = {"quantity", "units", "bonus_units", "units_left"}
BILLION = 1_000_000_000
ELSEWHERE = ("tick", "erase")  # `calendar.advanced` does not come from outside; nothing personal follows an erasure


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """An empty workspace, made once and copied for each history."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "books"
        init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
        yield root


@settings(max_examples=max(HISTORIES // 50, 3), deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(worlds, histories)
def test_a_history_through_files_beancount_and_verify(empty: Path, world: World, history: Any) -> None:
    world = world._replace(currency="EUR")
    game = world.played([move for move in history if move[0] not in ELSEWHERE])
    lines = [line(event) for event in game.accepted]
    with recorded(empty, world, lines) as ws:
        by_number = sorted(ws.store.entries(), key=lambda entry: entry.number)
        assert by_number == game.entries
        entries, errors, _ = loader.load_file(str(ws.root / "main.beancount"))
        assert [error.message for error in errors] == []
        assert ledger_balances(entries) == {role.value: amount for role, amount in balances(game.entries).items()}
        assert verify(ws, None) == ()
        again = record(ws, [source(str(ws.root.parent / "events.jsonl"))], now=NOW)
        assert (again.recorded, again.repeated) == (0, len(lines))  # invariant 10
        assert len(list(ws.store.entries())) == len(game.entries)


@settings(max_examples=max(HISTORIES // 50, 3), deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(worlds, histories)
def test_after_a_history_documents_tie_to_the_ledger_and_are_derived_again(empty: Path, world: World, history: Any) -> None:
    world = world._replace(currency="EUR")
    game = world.played([move for move in history if move[0] not in ELSEWHERE])
    lines = [line(event) for event in game.accepted]
    with recorded(empty, world, lines, ISSUING) as ws:
        made = report(ws, "invoices", START, NOW.date())
        assert made.tied, [tie.sentence("EUR") for tie in made.ties]
        assert report(ws, "uninvoiced", START, NOW.date()).tied
        assert verify(ws, None) == ()


@settings(max_examples=max(HISTORIES // 50, 3), deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(worlds, histories)
def test_documents_issued_together_are_those_issued_one_by_one(
    empty: Path, monkeypatch: pytest.MonkeyPatch, world: World, history: Any
) -> None:
    world = world._replace(currency="EUR")
    lines = [line(event) for event in world.played([move for move in history if move[0] not in ELSEWHERE]).accepted]
    found = []
    for together in (1, issuing.TOGETHER):
        monkeypatch.setattr(issuing, "TOGETHER", together)
        with recorded(empty, world, lines, ISSUING) as ws:
            papers = Papers(ws.store)
            issued = [(each[:-2], papers.unseal(each.customer, each.number, each.content)) for each in papers.invoices()]
            found.append((issued, [each.hashed for each in papers.records()], papers.waiting(), list(papers.accounts())))
    assert found[0] == found[1]


@contextmanager
def recorded(empty: Path, world: World, lines: list[str], taxpayer: str = "[taxpayer]\n") -> Iterator[Workspace]:
    """A copy of the empty workspace with these events recorded, in two calls; `taxpayer` is how its table begins."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "books"
        shutil.copytree(empty, root)
        (root / "policy.toml").write_text(policy_file(world.policy, world.package), "utf-8")
        settings_file = root / "revrec.toml"
        text = settings_file.read_text("utf-8").replace("[taxpayer]\n", taxpayer, 1)
        settings_file.write_text(with_regime(text, world.regime), "utf-8")
        half = Path(folder) / "half.jsonl"
        half.write_text("".join(lines[: len(lines) // 2]), "utf-8")
        (Path(folder) / "events.jsonl").write_text("".join(lines), "utf-8")
        with open_workspace(root) as ws:
            first = record(ws, [source(str(half))], now=NOW)
            done = record(ws, [source(str(Path(folder) / "events.jsonl"))], now=NOW)
            assert first.recorded + done.recorded == len(lines)
            yield ws


def with_regime(text: str, regime: Regime) -> str:
    """The settings of a workspace with a VAT regime."""
    if regime.vat_cash:
        text = text.replace('vat_scheme = "general"', 'vat_scheme = "cash"')
    rows = (f'[[vat_deductible]]\nsince = {since}\nshare = "{share(part)}"\n' for since, part in regime.deductible)
    return "\n".join((text, *rows))


def share(millionths: int) -> str:
    """A share as the contract writes it."""
    return str(Decimal(millionths) / WHOLE)


def line(event: e.Event) -> str:
    """The event as the contract writes it."""
    kind = NAMES[type(event.data)]
    currency = foreign.currency if (foreign := getattr(event.data, "foreign", None)) else "EUR"
    data = {name: written(name, value, currency) for name, value in members(event.data, kind)}
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": kind,
        "time": f"{event.date}T12:00:00+01:00",
        "branch": event.branch,
        "data": data,
    }
    return json.dumps(envelope) + "\n"


def members(fact: Any, kind: str) -> Iterator[tuple[str, Any]]:
    """The members of a fact under the names of the contract, without those that it leaves out."""
    if isinstance(fact, e.SessionCancelled):
        hours = Decimal(fact.notice_minutes) / 60
        yield from (("session", fact.session), ("bundle", fact.bundle), ("notice_hours", str(hours)))
        return
    if isinstance(fact, e.CustomerRegistered):
        yield "name", "Ana"
    for name in SEALED.get(kind, ()):
        if name != "relation":
            yield name, "agreed"
    foreign = getattr(fact, "foreign", None)
    if foreign is not None:
        yield from (("currency", foreign.currency), ("rate", foreign.rate))
    for name in fact.__slots__:
        value = getattr(fact, name)
        if name == "foreign" or (value in (None, False, 0, ()) and not (name in ("price", "deferred") and value == 0)):
            continue
        if name == FOREIGN_AMOUNT.get(type(fact)) and foreign is not None:
            value = foreign.amount
        yield name, value


FOREIGN_AMOUNT = {e.PaymentReceived: "amount", e.BundleSold: "price", e.PayoutSettled: "gross"}


def written(name: str, value: Any, currency: str) -> Any:
    """One value in the contract's writing."""
    for names, write in WRITTEN:
        if name in names:
            return write(value, currency)
    if isinstance(value, tuple):
        return [written("", part, currency) for part in value]
    if hasattr(value, "__dataclass_fields__"):
        parts = ((part, getattr(value, part)) for part in value.__slots__)
        return {part: written(part, inner, currency) for part, inner in parts if inner is not None}
    return str(value)


WRITTEN: tuple[tuple[set[str], Callable[[Any, str], Any]], ...] = (
    (AMOUNTS, money.text),
    (UNITS, lambda value, _: units.text(value)),
    ({"expected_used"}, lambda value, _: share(value)),
    ({"rate"}, lambda value, _: str(Decimal(value) / BILLION)),
    ({"accepted"}, lambda *_: {"reason": "agreed", "accepted_at": "2026-01-01T12:00:00+01:00"}),
    ({"period"}, lambda value, _: f"{value:%Y-%m}"),
)


def policy_file(policy: Policy, package: Package) -> str:
    """The policy.toml that says what a core policy and package are."""
    agent = f'commission_rate = "{share(policy.commission_rate)}"\ncommission_tax = "{policy.commission_tax}"'
    branches = f"branches = {json.dumps(package.branches)}" if package.branches else ""
    why = 'fee_tax_why = "Compensation"' if policy.fee_tax == OUTSIDE else ""
    return f"""
[[policy]]
id = "standard"
since = {policy.since}
why = "Drawn at random"
recognition = "{policy.recognition}"
breakage = "{policy.breakage}"
{f'expected_used = "{share(policy.expected_used)}"' if policy.breakage is Breakage.PROPORTIONAL else ""}
obligation = "{policy.obligation}"
invoicing = "{policy.invoicing}"
refund = "{policy.refund}"
refund_basis = "{policy.refund_basis}"
refund_window_days = {policy.refund_window_days}
refund_expected = "{share(policy.refund_expected)}"
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
fee_tax = "{policy.fee_tax}"
{why}
transfer = "{policy.transfer}"
sharing = "{policy.sharing}"
owner = "{policy.owner}"
principal = {str(policy.principal).lower()}
{agent if not policy.principal else ""}
modalities = {json.dumps(policy.modalities)}
modification = "{policy.modification}"
bonus = "{policy.bonus}"
overage = "{policy.overage}"
unpaid_use = "{policy.unpaid_use}"
rounding_minutes = {policy.rounding_minutes}
{"".join(tax_table(tax) for tax in TAXES.values())}
[[package]]
id = "P10"
since = {package.since}
name = {{ en = "Pack" }}
policy = "standard"
tax = "{package.tax}"
units = {package.units // UNIT}
bonus_units = {package.bonus_units // UNIT}
unit = "{package.unit}"
price = "{money.text(package.price, "EUR")}"
list_price = "{money.text(package.list_price, "EUR")}"
service = "{package.service}"
{branches}
"""


def tax_table(tax: Tax) -> str:
    """One `[[tax]]`."""
    exemption = f'exemption = "{tax.exemption}"\n' if tax.exemption else ""
    voucher = f'voucher = "{tax.voucher}"\n' if tax.percent else ""
    return f'[[tax]]\nid = "{tax.id}"\nsince = {START}\ncategory = "{tax.category}"\nrate = "{tax.rate}"\n{exemption}{voucher}'


def ledger_balances(entries: list[Any]) -> dict[str, int]:
    """Debit balance by role as Beancount sees it, in cents, without zeros."""
    roles = {entry.account: entry.meta.get("revrec-role") for entry in entries if isinstance(entry, Open)}
    total: dict[str, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            total[roles[posting.account]] += int(posting.units.number * 100)
    return {role: amount for role, amount in total.items() if amount}
