"""`ledgers/example` is the golden master: made again from its sources, it must be the same, byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from revrec.core.events import TYPES
from tests.example import EXAMPLE, build, files

INTERNAL = {"calendar.advanced"}  # made by `advance`, never written by hand


def events() -> list[dict]:
    return [json.loads(line) for line in (EXAMPLE / "events.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("golden") / "example"
    build(root)
    return root


def test_every_type_of_event_occurs() -> None:
    assert {event["type"] for event in events()} == set(TYPES) - INTERNAL


def test_the_same_files_come_out(made: Path) -> None:
    assert sorted(files(made)) == sorted(files(EXAMPLE))


def test_every_file_is_the_same_byte_for_byte(made: Path) -> None:
    committed = files(EXAMPLE)
    differing = [name for name, content in files(made).items() if committed.get(name) != content]
    assert not differing, "look at them, then run `python -m tests.example`"


def test_the_manifest_names_every_generated_file() -> None:
    lines = (EXAMPLE / "journal" / "MANIFEST").read_text("utf-8").splitlines()
    for digest, name in (line.split("  ") for line in lines):
        assert hashlib.sha256((EXAMPLE / name).read_bytes()).hexdigest() == digest, name


def test_nothing_personal_stands_in_the_books() -> None:
    names = {event["data"][key] for event in events() for key in ("name", "email", "address") if key in event["data"]}
    for name, content in files(EXAMPLE).items():
        if name.endswith(".beancount"):
            assert not [person for person in names if person in content.decode()], name


@pytest.mark.parametrize("entry_point", ["main.beancount", "fy2026.beancount", "summary.beancount"])
def test_beancount_loads_it_without_an_error(entry_point: str) -> None:
    loader = pytest.importorskip("beancount.loader")
    entries, errors, _ = loader.load_file(str(EXAMPLE / entry_point))
    assert not errors
    assert entries


def test_the_story_ends_with_these_balances() -> None:
    """Owed in sessions: B-0006 150.00, B-0008 300.00, B-0010 250.00, B-0012 293.85. Carla left 50.00 and got 25.00 back."""
    assert {role: amount for role, amount in balances().items() if amount} == {
        "bank": Decimal("1822.37"),
        "cash": Decimal("208.25"),
        "psp-clearing": Decimal("45.00"),
        "receivable": Decimal("98.00"),
        "due-from-branch": Decimal("50.00"),
        "due-to-branch": Decimal("-50.00"),
        "contract-liability": Decimal("-993.85"),
        "customer-credit": Decimal("-75.00"),
        "vat-output": Decimal("-159.61"),
        "withholding-payable": Decimal("-3.75"),
        "opening": Decimal("200.00"),
        "revenue-package": Decimal("-905.45"),
        "revenue-single": Decimal("-148.00"),
        "revenue-no-show": Decimal("-50.00"),
        "breakage": Decimal("-375.49"),
        "fee-income": Decimal("-25.00"),
        "refund-contra": Decimal("31.25"),
        "bad-debt": Decimal("150.00"),
        "psp-fees": Decimal("36.75"),
        "provider-cost": Decimal("150.25"),
        "fx-gain": Decimal("-5.72"),
    }


def balances() -> dict[str, Decimal]:
    """The balance of each role as Beancount computes it from the committed books; debit positive."""
    loader = pytest.importorskip("beancount.loader")
    data = pytest.importorskip("beancount.core.data")
    entries, _, _ = loader.load_file(str(EXAMPLE / "main.beancount"))
    roles = {entry.account: entry.meta.get("revrec-role") for entry in entries if isinstance(entry, data.Open)}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            sums[role_of(posting.account, roles)] += posting.units.number
    return sums


def role_of(account: str, roles: dict[str, str | None]) -> str:
    """The role of an account, else of the one above it."""
    while account not in roles or not roles[account]:
        account = account.rpartition(":")[0]
    return str(roles[account])
