"""The signed statement: it says what is owed and nothing else, is kept as it was handed out, and shows every change."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from revrec.app import note
from revrec.app.certify import OfAnErased, OfTheFuture, certify
from revrec.app.checking import check
from revrec.app.customers import UnknownCustomer
from revrec.app.note import Kind
from revrec.app.workspace import open_workspace
from revrec.store.certified import Certificates
from tests.app.shelf import NOW, book, checked, copied, event, lines, prepare, tamper
from tests.app.test_note import own

TODAY = NOW.date()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """C-1 owes 50.00 of B-2 and has two sessions left on B-1; C-2 owes nothing."""
    return prepare(tmp_path_factory.mktemp("shelf") / "books")


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def test_it_says_nothing_is_owed_only_where_nothing_is(root: Path) -> None:
    with open_workspace(root) as ws:
        assert certify(ws, "C-2", TODAY, now=NOW).sentence == "customer C-2 owes nothing as of 2026-11-21"
        assert certify(ws, "C-1", TODAY, now=NOW).sentence == "customer C-1 owes 50.00 EUR as of 2026-11-21"
        assert certify(ws, "C-1", date(2026, 2, 2), now=NOW).sentence == "customer C-1 owes nothing as of 2026-02-02"


def test_what_is_disputed_is_not_passed_over(root: Path) -> None:
    book(root, lines([event("d1", "2026-05-02", "chargeback.opened", payment="P-1", amount="150.00")]), "x.jsonl")
    with open_workspace(root) as ws:
        said = certify(ws, "C-1", TODAY, now=NOW).sentence
    assert said == "customer C-1 owes 50.00 EUR and 150.00 EUR are disputed as of 2026-11-21"


def test_it_holds_the_figures_the_books_and_the_taxpayer_and_of_the_customer_the_id_alone(root: Path) -> None:
    with open_workspace(root) as ws:
        made = certify(ws, "C-1", date(2026, 2, 14), now=NOW)
        head = ws.store.head()
    said = dict(note.read(made.kept.note).content)
    assert said == {
        "kind": "revrec customer statement",
        "version": 1,
        "signer": said["signer"],
        "number": 1,
        "customer": "C-1",
        "as_of": "2026-02-14",
        "currency": "EUR",
        "amount_due": "0.00",
        "credit": "0.00",
        "disputed": "0.00",
        "deposits": "0.00",
        "refunds_payable": "0.00",
        "prepaid_value": said["prepaid_value"],
        "prepaid": said["prepaid"],
        "statement": "customer C-1 owes nothing as of 2026-02-14",
        "taxpayer": "ES-B64717838",
        "name": "Centro de Pruebas SL",
        "at": "2026-11-21T12:00:00Z",
        "events": head.seq,
        "chain": head.digest.hex(),
    }
    assert said["prepaid"][0] == {"bundle": "B-1", "units": 2, "unit": "session", "value": "100.00"}
    assert "Ana" not in made.kept.note


def test_anybody_can_check_it_and_a_change_is_seen(root: Path) -> None:
    with open_workspace(root) as ws:
        text = certify(ws, "C-1", TODAY, now=NOW).kept.note
    [said, made, signed] = check(text).lines()
    assert said == "Centro de Pruebas SL (ES-B64717838) states: customer C-1 owes 50.00 EUR as of 2026-11-21."
    assert made.startswith("  made on 2026-11-21T12:00:00Z after ")
    assert signed.startswith("Signed by key ")
    with pytest.raises(note.SignatureWrong, match="was changed after it was signed"):
        check(text.replace("owes 50.00 EUR", "owes nothing"))


def test_every_statement_is_kept_as_it_was_handed_out(root: Path) -> None:
    with open_workspace(root) as ws:
        made = [certify(ws, customer, TODAY, now=NOW).kept for customer in ("C-1", "C-2")]
        assert list(Certificates(ws.store).all()) == made
        assert [each.n for each in made] == [1, 2]
    assert checked(root) == ()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM statements WHERE n = 1", "statement.missing"),
        ("UPDATE statements SET customer = 'C-9' WHERE n = 1", "statement.row"),
        ("UPDATE statements SET sha256 = sha256 || '' , as_of = '2026-01-01' WHERE n = 1", "statement.row"),
        ("UPDATE statements SET note = replace(note, 'owes 50', 'owes 40') WHERE n = 1", "statement.signature"),
        ("UPDATE statements SET note = 'x' WHERE n = 1", "statement.note"),
        ("UPDATE statements SET sha256 = substr(sha256, 2) || '0' WHERE n = 1", "statement.digest"),
    ],
)
def test_verify_names_a_statement_that_was_changed(root: Path, statement: str, code: str) -> None:
    with open_workspace(root) as ws:
        certify(ws, "C-1", TODAY, now=NOW)
        certify(ws, "C-2", TODAY, now=NOW)
    tamper(root, statement)
    assert code in {found.code for found in checked(root)}


def test_a_note_of_another_kind_in_its_place_is_named(root: Path) -> None:
    with open_workspace(root) as ws:
        certify(ws, "C-1", TODAY, now=NOW)
    other = note.make(Kind.HEAD, {"taxpayer": "x"}, own())
    tamper(root, f"UPDATE statements SET note = x'{other.encode().hex()}'")
    assert "statement.signature" in {found.code for found in checked(root)}


def test_the_future_and_a_stranger_are_refused_and_nothing_is_kept(root: Path) -> None:
    with open_workspace(root) as ws:
        with pytest.raises(OfTheFuture, match="2026-11-22 lies after today, 2026-11-21"):
            certify(ws, "C-1", TODAY + timedelta(days=1), now=NOW)
        with pytest.raises(UnknownCustomer, match="C-9"):
            certify(ws, "C-9", TODAY, now=NOW)
        assert Certificates(ws.store).count == 0


def erased(root: Path, customer: str) -> None:
    book(root, lines([event("er", "2026-11-20", "customer.erased", customer=customer, reason="asked")]), "erased.jsonl")


def test_a_blocked_person_is_still_told_what_is_owed(root: Path) -> None:
    erased(root, "C-1")
    with open_workspace(root) as ws:
        assert ws.store.keys.blocked("C-1")
        assert certify(ws, "C-1", TODAY, now=NOW).sentence == "customer C-1 owes 50.00 EUR as of 2026-11-21"
    assert checked(root) == ()


def test_to_whom_an_erased_id_belonged_nobody_certifies(root: Path) -> None:
    book(
        root,
        lines([event("c8", "2026-05-01", "customer.registered", customer="C-8", name="Eva", person="natural", country="ES")]),
        "c.jsonl",
    )
    erased(root, "C-8")
    with open_workspace(root) as ws:
        with pytest.raises(OfAnErased, match="C-8 was erased on 2026-11-20: these books no longer know who that is"):
            certify(ws, "C-8", TODAY, now=NOW)
        assert Certificates(ws.store).count == 0
