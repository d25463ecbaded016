"""`init`: a workspace that loads in Beancount as it is, made whole or not at all."""

from __future__ import annotations

import base64
import stat
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime

import pytest
from beancount import loader
from beancount.core.data import Open, Query

from revrec import settings
from revrec.app.init import Answers, Occupied, init, usual
from revrec.core.journal import Role

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def opens(root):
    entries, errors, options = loader.load_file(str(root / "main.beancount"))
    assert errors == []
    return {entry.account: entry for entry in entries if isinstance(entry, Open)}, entries, options


@pytest.mark.parametrize("chart", ["pgc", "generic"])
def test_a_chart_loads_and_gives_every_role_its_own_account(new_workspace, chart):
    accounts, _, options = opens(new_workspace(chart=chart))
    assert sorted(entry.meta["revrec-role"] for entry in accounts.values()) == sorted(Role)
    assert {entry.date for entry in accounts.values()} == {date(1970, 1, 1)}
    assert options["title"] == "Centro de Pruebas SL"


def test_the_spanish_chart_carries_official_codes(new_workspace):
    accounts, _, _ = opens(new_workspace(chart="pgc"))
    codes = {entry.meta["revrec-role"]: entry.meta.get("pgc") for entry in accounts.values()}
    assert (codes["contract-liability"], codes["bank"], codes["refund-contra"]) == ("438", "572", "708")
    assert [role for role, code in codes.items() if code is None] == ["opening"]
    assert all(code in account for account, entry in accounts.items() if (code := entry.meta.get("pgc")))


def test_accounts_open_on_the_day_and_in_the_currency_asked_for(tmp_path):
    answers = Answers("GB-123456789", "Test Practice Ltd", "generic", "Europe/London", "GBP", None, date(2025, 4, 1))
    made = init(tmp_path / "books", answers, now=NOW)
    accounts, _, _ = opens(tmp_path / "books")
    assert {(entry.date, *entry.currencies) for entry in accounts.values()} == {(date(2025, 4, 1), "GBP")}
    assert made.territory is None
    assert "es-health" not in (tmp_path / "books/policy.toml").read_text("utf-8")


def test_the_settings_are_read_back(new_workspace):
    found = settings.load(new_workspace(), {})
    assert (found.taxpayer, found.name, found.zone.key) == ("ES-B64717838", "Centro de Pruebas SL", "Europe/Madrid")


@pytest.mark.parametrize("name", ['Centro "Ñandú" & Hijos', "Back\\slash SL", "L'Hospitalet, S.L."])
def test_any_legal_name_survives_toml_and_beancount(tmp_path, name):
    made = init(tmp_path / "b", Answers("ES-B64717838", name, "pgc", "Europe/Madrid", "EUR", "common"), now=NOW)
    assert made.name == name
    assert opens(tmp_path / "b")[2]["title"] == name
    tomllib.loads((tmp_path / "b/policy.toml").read_text("utf-8"))


def test_the_key_is_the_owners_alone_and_kept_out_of_git(new_workspace):
    root = new_workspace()
    assert stat.S_IMODE((root / "revrec.key").stat().st_mode) == 0o600
    assert len(base64.b64decode((root / "revrec.key").read_text("ascii"))) == 32
    assert stat.S_IMODE((root / "audit.key").stat().st_mode) == 0o600
    assert {"revrec.key", "audit.key"} < set((root / ".gitignore").read_text("utf-8").splitlines())


def test_two_workspaces_have_two_keys(new_workspace):
    assert (new_workspace("a") / "revrec.key").read_bytes() != (new_workspace("b") / "revrec.key").read_bytes()


def test_saved_queries_run(new_workspace):
    import beanquery

    _, entries, options = opens(new_workspace())
    connection = beanquery.connect("beancount:", entries=entries, errors=[], options=options)
    queries = [entry for entry in entries if isinstance(entry, Query)]
    assert len(queries) == 11
    for query in queries:
        connection.execute(query.query_string).fetchall()


def test_a_workspace_is_not_made_twice(new_workspace):
    root = new_workspace()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(Occupied, match="a workspace already"):
        new_workspace()
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_what_stands_in_the_folder_is_not_overwritten(tmp_path, new_workspace):
    (tmp_path / "books").mkdir()
    (tmp_path / "books/policy.toml").write_text("mine", "utf-8")
    with pytest.raises(Occupied, match=r"policy\.toml"):
        new_workspace()
    assert [path.name for path in tmp_path.rglob("*")] == ["books", "policy.toml"]


def test_a_folder_with_other_things_becomes_a_workspace(tmp_path, new_workspace):
    (tmp_path / "books").mkdir()
    (tmp_path / "books/notes.txt").write_text("mine", "utf-8")
    opens(new_workspace())
    assert (tmp_path / "books/notes.txt").read_text("utf-8") == "mine"


def test_a_failure_leaves_nothing_behind(tmp_path, new_workspace, monkeypatch):
    def full(_url):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("revrec.store.schema.create", full)
    with pytest.raises(OSError, match="No space left"):
        new_workspace()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path, new_workspace):
    (tmp_path / "books").write_text("x", "utf-8")
    with pytest.raises(Occupied, match="a file, not a folder"):
        new_workspace()


@pytest.mark.parametrize(
    ("taxpayer", "answers"),
    [
        ("ES-B64717838", ("pgc", "Europe/Madrid", "EUR", "common")),
        ("FR-40303265045", ("generic", "Europe/Paris", "EUR", None)),
        ("GB-123456789", ("generic", "Europe/London", "GBP", None)),
        ("XK-1234", ("generic", None, None, None)),
    ],
)
def test_usual_answers_follow_from_the_country(taxpayer, answers):
    assert usual(taxpayer) == answers


def test_the_books_load_where_revrec_is_not_installed(new_workspace):
    blocked = "import sys; sys.modules['revrec'] = None; from beancount import loader"
    code = f"{blocked}; print(loader.load_file({str(new_workspace() / 'main.beancount')!r})[1])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("taxpayer", ["ES-B64717838", "FR-40303265045"])
def test_the_sample_policies_are_complete(tmp_path, taxpayer):
    from revrec.wire import policies

    zone = usual(taxpayer).zone or "UTC"
    init(tmp_path / "b", Answers(taxpayer, "Test", "generic", zone, "EUR", None), now=NOW)
    catalogue = policies.load(tmp_path / "b/policy.toml", "EUR")
    assert catalogue.name == "policy.toml"
