"""The demo: a workspace of its own, a summary that ties out, nothing else is ever wiped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from revrec.app import closings
from revrec.app import demo as app
from revrec.app.progress import Silent
from revrec.app.workspace import open_workspace
from revrec.core.reports import reconciliation

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def run(root: Path, **options) -> list[str]:
    said: list[str] = []
    app.demo(root, now=NOW, progress=Silent(), serve=False, bundles=40, months=4, say=said.append, **options)
    return said


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("demo") / "ledger"
    return root, run(root)


def test_the_summary_ties_out(shown: tuple[Path, list[str]]) -> None:
    differences = [found for line in shown[1] for found in re.findall(r"difference (-?[0-9.]+)", line)]
    assert len(differences) >= 5
    assert set(differences) == {"0.00"}


def test_every_account_with_a_sub_ledger_is_tied(shown: tuple[Path, list[str]]) -> None:
    with open_workspace(shown[0]) as ws:
        open_roles = {role for role, amount in app.balances(ws, date(2025, 4, 30)).items() if amount}
    for role in open_roles.intersection(reconciliation.ROLES):
        (line,) = [line for line in shown[1] if line.startswith(f"{role} in the ledger")]
        assert line.endswith("difference 0.00")


def test_the_vat_of_the_year_is_tied(shown: tuple[Path, list[str]]) -> None:
    (line,) = [line for line in shown[1] if "VAT shown" in line]
    assert re.search(r"VAT shown [1-9]", line)
    assert line.endswith("difference 0.00")


def test_a_part_of_the_input_vat_is_deducted(shown: tuple[Path, list[str]]) -> None:
    with open_workspace(shown[0]) as ws:
        assert app.balances(ws, date(2025, 4, 30))["vat-input"] > 0


def test_every_role_that_moved_is_listed(shown: tuple[Path, list[str]]) -> None:
    text = "\n".join(shown[1])
    with open_workspace(shown[0]) as ws:
        for role in app.balances(ws, date(2025, 4, 30)):
            assert app.TITLES.get(role, role.replace("-", " ")) in text


def test_counts_and_speed_are_told(shown: tuple[Path, list[str]]) -> None:
    text = "\n".join(shown[1])
    assert re.search(r"session\.completed +[0-9]+", text)
    assert re.search(r"[0-9,]+ events recorded, issued and submitted in [0-9.]+ s", text)


def test_every_month_was_closed_by_its_checklist(shown: tuple[Path, list[str]]) -> None:
    with open_workspace(shown[0]) as ws:
        acts = [act for month in closings.months(ws) for act in month.acts if act.closes]
        assert acts
        assert all(act.checks for act in acts)


def test_the_books_load_in_beancount(shown: tuple[Path, list[str]]) -> None:
    loader = pytest.importorskip("beancount.loader")
    entries, errors, _ = loader.load_file(str(shown[0] / "main.beancount"))
    assert not errors
    assert entries


def test_a_demo_replaces_a_demo_and_makes_the_same_books(tmp_path: Path, shown: tuple[Path, list[str]]) -> None:
    root = tmp_path / "ledger"
    run(root)
    (root / "left over").write_text("from before")
    run(root)
    assert not (root / "left over").exists()
    assert (root / "journal" / "MANIFEST").read_bytes() == (shown[0] / "journal" / "MANIFEST").read_bytes()


def test_a_folder_that_no_demo_made_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(app.NotADemo, match="not made by `revrec demo`"):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_real_workspace_is_not_wiped(new_workspace: Callable[..., Path]) -> None:
    root = new_workspace()
    before = sorted(root.rglob("*"))
    with pytest.raises(app.NotADemo):
        run(root)
    assert sorted(root.rglob("*")) == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(app.NotADemo):
        run(tmp_path / "demo")
