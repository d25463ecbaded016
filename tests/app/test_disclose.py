"""A blocked person shown to whom the law names, and the log that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from revrec.app.customers import UnknownCustomer
from revrec.app.disclose import NotBlocked, Request, Unreasoned, log, opened
from revrec.app.erase import card
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.cli import main as cli
from revrec.core.blocking import LegalRole, NoLegalRole, legal_role
from revrec.store.errors import DatabaseReadOnly
from tests.app.conftest import NOW, Desk
from tests.app.shelf import tamper

COURT = Request("Ana Ruiz, DPO", "Juzgado 3, autos 12/2027", LegalRole.COURT)


@pytest.fixture
def blocked(sold: Desk) -> Desk:
    """C-1 has sessions left and asked to be erased; C-2 is as before."""
    sold("2026-05-01", "customer.erased", customer="C-1", reason="asked by letter")
    return sold


def shown(desk: Desk, customer: str = "C-1", request: Request = COURT) -> list[str]:
    with open_workspace(desk.root) as ws:
        return list(opened(ws, customer, request, now=NOW).lines())


def logged(desk: Desk, customer: str | None = None) -> list[dict[str, Any]]:
    with open_workspace(desk.root) as ws:
        return [line.to_json() for line in log(ws, customer)]


def findings(root: Path) -> list[str]:
    with open_workspace(root) as ws:
        return [finding.code for finding in verify(ws)]


# one blocked person


def test_a_blocked_person_is_shown_to_a_court_and_that_is_logged(blocked: Desk) -> None:
    with open_workspace(blocked.root) as ws:
        assert card(ws, "C-1", NOW.date()).details == {}
    assert "  name: Ana" in shown(blocked)
    line = logged(blocked, "C-1")[0]
    assert (line["kind"], line["role"], line["persons"]) == ("shown", "court", ["C-1"])
    assert (line["by"], line["reason"]) == ("Ana Ruiz, DPO", "Juzgado 3, autos 12/2027")
    assert logged(blocked, "C-2") == []
    assert findings(blocked.root) == []


def test_it_stays_blocked_afterwards(blocked: Desk) -> None:
    shown(blocked)
    with open_workspace(blocked.root) as ws:
        assert card(ws, "C-1", NOW.date()).details == {}
        assert ws.store.personal("C-1") is None


@pytest.mark.parametrize("words", [("", "why"), ("who", " ")])
def test_nobody_opens_it_without_name_and_reason(blocked: Desk, words: tuple[str, str]) -> None:
    with pytest.raises(Unreasoned):
        shown(blocked, request=Request(*words, LegalRole.COURT))
    assert logged(blocked) == []


def test_who_is_not_blocked_is_not_opened_by_a_role(blocked: Desk) -> None:
    with pytest.raises(NotBlocked, match="is registered, not blocked"):
        shown(blocked, "C-2")
    with pytest.raises(UnknownCustomer):
        shown(blocked, "C-0")
    assert logged(blocked) == []


def test_the_role_is_one_that_the_law_names() -> None:
    assert legal_role("Tax administration") is LegalRole.TAX_ADMINISTRATION
    with pytest.raises(NoLegalRole, match="data-protection-authority"):
        legal_role("marketing")


def test_books_that_may_only_be_read_open_nobody(blocked: Desk) -> None:
    with open_workspace(blocked.root) as ws:
        ws.store.read_only = True
        with pytest.raises(DatabaseReadOnly):
            opened(ws, "C-1", COURT, now=NOW)


# the log


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE disclosures SET role = 'prosecutor' WHERE n = 1", "disclosure.chain"),
        ("UPDATE disclosures SET role = 'friend' WHERE n = 1", "disclosure.role"),
        ("UPDATE disclosures SET said = x'7b7d' WHERE n = 1", "disclosure.chain"),
        ("UPDATE disclosed SET customer = 'C-2' WHERE n = 1", "disclosure.persons"),
        ("DELETE FROM disclosures WHERE n = 1", "disclosure.missing"),
        ("DELETE FROM disclosures WHERE n = 2", "disclosure.missing"),
    ],
)
def test_a_changed_log_is_found(blocked: Desk, statement: str, code: str) -> None:
    shown(blocked)
    shown(blocked)
    tamper(blocked.root, statement)
    assert code in findings(blocked.root)


def test_lines_before_a_closing_cannot_be_cut_off(blocked: Desk) -> None:
    shown(blocked)
    blocked("2026-06-01", "period.closed", period="2026-03", approver="A")
    assert findings(blocked.root) == []
    tamper(blocked.root, "DELETE FROM disclosures", "DELETE FROM disclosed")
    assert findings(blocked.root) == ["head.disclosures"]


def test_the_database_itself_keeps_the_log(blocked: Desk) -> None:
    shown(blocked)
    with open_workspace(blocked.root) as ws:
        for statement in ("UPDATE disclosures SET n = 2", "DELETE FROM disclosures", "DELETE FROM disclosed"):
            with pytest.raises(Exception, match="append-only"):
                ws.store.connection.exec_driver_sql(statement)


# the commands


def test_the_commands_open_log_and_list(blocked: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    show = ["-C", str(blocked.root), "customer", "show", "C-1"]
    assert cli.main(show) == 0
    assert "Ana" not in capsys.readouterr().out
    assert cli.main([*show, "--legal-role", "court", "--by", "A. Ruiz", "--reason", "autos 12/2027"]) == 0
    assert "name: Ana" in capsys.readouterr().out
    assert cli.main(["-C", str(blocked.root), "customer", "disclosures", "C-1"]) == 0
    said = capsys.readouterr().out
    assert "shown to court: details, C-1" in said
    assert "by A. Ruiz: autos 12/2027" in said
    assert cli.main(["-C", str(blocked.root), "customer", "disclosures", "C-2"]) == 0
    assert capsys.readouterr().out == "nothing was disclosed\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--by", "A"], 2),
        (["--legal-role", "court", "--by", "A"], 1),
        (["--legal-role", "friend", "--by", "A", "--reason", "b"], 1),
    ],
)
def test_a_role_needs_name_and_reason(blocked: Desk, words: list[str], code: int) -> None:
    assert cli.main(["-C", str(blocked.root), "customer", "show", "C-1", *words]) == code
