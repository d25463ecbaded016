"""`revrec invoice` from the outside: what each option prints, what it answers to the shell, what it says of mistakes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from einvoice.sandbox.pki import Holder
from revrec.cli import main as cli
from tests.app.desk import NOW, Desk, paid, registered, sold
from tests.cli.desk import HOLDER, HOME, PASSWORD, STORY, STRANGER, Door

NUMBERS = ["F2026-000001", "S2026-000001"]


@pytest.fixture
def door(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Door:
    made = Door(Desk(tmp_path / "books"), capsys, monkeypatch)
    made.desk.say(*STORY)
    return made


def test_list_says_number_type_amount_and_state(door: Door) -> None:
    first, second, total = door("invoice", "list").splitlines()
    assert first.split() == ["F2026-000001", "F1", "2026-03-20", "500.00", "EUR", "bundle:B-1", "pending"]
    assert second.split()[:2] == ["S2026-000001", "F2"]
    assert total == "2 documents, 600.00 EUR"


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], NUMBERS),
        (["--from", "2026-03-20"], NUMBERS),
        (["--from", "2026-03-21"], []),
        (["--to", "2026-03-19"], []),
        (["--customer", "C-1"], NUMBERS[:1]),
        (["--bundle", "B-2"], NUMBERS[1:]),
    ],
)
def test_list_takes_a_period_a_customer_or_a_bundle(options: list[str], numbers: list[str], door: Door) -> None:
    assert [row["number"] for row in door.json("invoice", "list", *options)] == numbers


def test_list_pending_says_what_is_missing_and_until_when(door: Door) -> None:
    said = door("invoice", "list", "--pending")
    assert "invoice of 500.00 EUR to C-3 for bundle:B-3 (event e7): due 2026-03-20" in said
    assert said.endswith("1 document waits\n")
    door.at(NOW + timedelta(days=1))
    assert "OVERDUE, was due 2026-03-20" in door("invoice", "list", "--pending")
    (row,) = door.json("invoice", "list", "--pending")
    assert (row["customer"], row["total"], row["overdue"]) == ("C-3", "500.00", True)
    assert {problem["field"] for problem in row["problems"]} == {"buyer"}


def test_show_tells_a_document_with_everything_that_hangs_on_it(door: Door) -> None:
    said = door("invoice", "show", NUMBERS[0])
    assert said.startswith("F2026-000001 (F1) of 2026-03-20: 500.00 EUR\n  to: Ana García López, 12345678Z\n")
    assert "record 1 (alta): pending, huella " in said
    found = door.json("invoice", "show", NUMBERS[0])
    assert (found["net"], found["vat"], found["buyer"]) == ("500.00", "0.00", "Ana García López")
    assert [row["place"] for row in found["records"]] == [1]


@pytest.mark.parametrize("command", ["show", "render", "verify", "amend", "cancel"])
def test_an_unknown_number_is_told_with_where_to_look(command: str, door: Door) -> None:
    said = door("invoice", command, "F2026-000404", code=1)
    assert said == "there is no invoice F2026-000404; `revrec invoice list` names all, `--pending` those that wait"


def test_issue_issues_what_may_be_issued_now_and_says_what_still_waits(door: Door) -> None:
    assert door.json("invoice", "issue")["issued"] == []
    door.setting('[series]\ninvoice = "X"')
    done = door.desk.say(registered("C-3", tax_id="00000000T"))
    assert [each.number for each in done.issued] == ["X2026-000001"]
    assert door("invoice", "issue") == "no document waits\n"


def test_books_that_issue_nothing_say_which_setting_begins_it(door: Door) -> None:
    path = door.root / "revrec.toml"
    path.write_text(path.read_text("utf-8").replace("invoicing_from = 2026-01-01", "", 1), "utf-8")
    assert "these books issue no invoices: write `invoicing_from" in door("invoice", "issue", code=1)


def test_render_without_a_certificate_makes_pdfs(door: Door) -> None:
    said = door("invoice", "render").splitlines()
    assert said[-1] == "2 files"
    assert door.file("F2026-000001.pdf").read_bytes().startswith(b"%PDF")
    assert door.json("invoice", "render", NUMBERS[1])["files"] == said[1:2]


def test_render_signs_a_facturae_for_whom_it_names(door: Door) -> None:
    door.sign_with()
    found = door.json("invoice", "render")
    assert [Path(name).suffix for name in found["files"]] == [".xsig", ".pdf", ".pdf"]
    assert found["without_facturae"] == []
    assert [row["format"] for row in door.json("invoice", "show", NUMBERS[0])["documents"]] == ["pdf", "xsig"]


def test_render_of_a_person_without_an_address_is_a_pdf_and_says_why(door: Door) -> None:
    door.sign_with()
    door.desk.say(registered("C-3", tax_id="00000000T"))
    said = door("invoice", "render", "F2026-000002")
    assert "F2026-000002: no Facturae, only the PDF: buyer.address: Facturae wants the address" in said
    assert said.endswith("1 file\n")


def test_render_unsigned_asks_for_no_certificate(door: Door) -> None:
    door.setting('signer = "nowhere.p12"')
    assert door("invoice", "render", "--unsigned").endswith("2 files\n")
    assert "nowhere.p12" in door("invoice", "render", code=1)


def test_render_of_a_session_is_a_receipt(door: Door, tmp_path: Path) -> None:
    out = tmp_path / "receipt.pdf"
    assert door("invoice", "render", "--session", "V-1", "--out", str(out)) == f"{out}\n"
    assert out.read_bytes().startswith(b"%PDF")
    assert "session V-404 used no bundle" in door("invoice", "render", "--session", "V-404", code=1)


def test_a_receipt_goes_into_this_folder_under_a_name_of_its_own(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(door.root.parent)
    name = door("invoice", "render", "--session", "V-1").strip()
    assert name == "2026-03-20.receipt-V-1.pdf"
    assert (door.root.parent / name).is_file()


def test_a_missing_password_is_told_with_where_it_comes_from(door: Door) -> None:
    door.sign_with(password=None)
    assert "password" in door("invoice", "render", code=1)


def test_a_wrong_password_is_told(door: Door) -> None:
    door.sign_with(password="not this one")
    assert "password" in door("invoice", "render", code=1)


def test_an_expired_certificate_signs_nothing(door: Door) -> None:
    door.sign_with(old=True)
    assert "expired" in door("invoice", "render", code=1)


def test_a_certificate_of_somebody_else_signs_nothing(door: Door) -> None:
    door.sign_with(STRANGER)
    said = door("invoice", "render", code=1)
    assert "it belongs to Persona Otra - 99999999R" in said
    assert "not for the taxpayer B64717838" in said


def test_verify_says_that_all_is_well(door: Door) -> None:
    door.sign_with()
    door("invoice", "render")
    assert door("invoice", "verify") == "F2026-000001: verified\nS2026-000001: verified\n"
    assert door("invoice", "verify", NUMBERS[0]) == "F2026-000001: verified\n"
    assert [row["problems"] for row in door.json("invoice", "verify")] == [[], []]


def test_verify_names_the_check_that_a_tampered_file_fails(door: Door, tmp_path: Path) -> None:
    door.sign_with()
    door("invoice", "render")
    whole = door.file("F2026-000001.xsig").read_bytes()
    good, bad = tmp_path / "good.xsig", tmp_path / "bad.xsig"
    good.write_bytes(whole)
    bad.write_bytes(whole.replace(b"500.00", b"5.00", 1))
    assert door("invoice", "verify", str(good)).startswith(f"{good}: verified (signed by ")
    said = door("invoice", "verify", str(good), str(bad), NUMBERS[1], code=1)
    assert f"{bad}: does not verify" in said
    assert "S2026-000001: verified" in said
    rows = door.json("invoice", "verify", str(bad), code=1)
    assert {problem["code"] for problem in rows[0]["problems"]} == {"digest-document"}


def test_verify_of_a_file_needs_no_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.xsig").write_text("no XML")
    assert cli.main(["-C", str(tmp_path), "invoice", "verify", str(tmp_path / "x.xsig")]) == 1
    assert "does not verify" in capsys.readouterr().out


def test_correct_issues_a_new_document_with_the_details_of_today(door: Door) -> None:
    door.desk.say(registered("C-1", tax_id="00000000T", **HOME))
    said = door("invoice", "correct", NUMBERS[0], "--reason", "NIF equivocado")
    assert said.startswith("issued R2026-000001 (R4): 0.00 EUR, bundle:B-1\n")  # what it adds; its text has the whole amounts
    assert "corrected by: R2026-000001" in door("invoice", "show", NUMBERS[0])
    assert "correct the latest of them instead" in door("invoice", "correct", NUMBERS[0], "--reason", "x", code=1)
    assert "is a correction itself" in door("invoice", "correct", "R2026-000001", "--reason", "x", code=1)


def test_correct_in_full_takes_the_place_of_a_simplified_invoice(door: Door) -> None:
    door.desk.say(registered("C-2", tax_id="00000000T", **HOME))
    said = door.json("invoice", "correct", NUMBERS[1], "--full", "--reason", "factura completa pedida")
    assert [(row["number"], row["kind"]) for row in said["issued"]] == [("F2026-000002", "F3")]
    assert "only a simplified invoice (F2)" in door("invoice", "correct", NUMBERS[0], "--full", "--reason", "x", code=1)


def test_correct_asks_for_its_reason(door: Door) -> None:
    assert "Missing option '--reason'" in door("invoice", "correct", NUMBERS[0], code=2)


@pytest.mark.parametrize("command", ["amend", "cancel"])
def test_a_record_without_an_answer_is_neither_amended_nor_taken_back(command: str, door: Door) -> None:
    said = door("invoice", command, NUMBERS[0], code=1)
    assert said == "a record (alta) of the invoice is pending: wait for the tax office's answer to it"


def test_no_password_is_printed(door: Door) -> None:
    door.sign_with()
    assert PASSWORD not in door("invoice", "render") + door("invoice", "verify")


def _bought(door: Door) -> None:
    door.desk.say(sold("B-9", "TAXED", "NOBODY"), paid("P-9", "B-9", "100.00"))


@pytest.mark.parametrize(
    ("holder", "old", "password", "said"),
    [
        (HOLDER, True, PASSWORD, "expired on"),
        (HOLDER, False, "another", "the password is wrong"),
        (STRANGER, False, PASSWORD, "not for the taxpayer"),
    ],
)
def test_with_an_unfit_certificate_the_event_is_booked_and_its_document_takes_no_number(
    holder: Holder, old: bool, password: str, said: str, door: Door
) -> None:
    door.sign_with(holder, old=old, password=password)
    _bought(door)
    assert [row["number"] for row in door.json("invoice", "list")] == NUMBERS
    pending = door("invoice", "list", "--pending")
    assert "for bundle:B-9" in pending
    assert "  certificate: " in pending
    assert said in pending
    door.sign_with()
    assert "issued S2026-000002 " in door("invoice", "issue")


def test_a_certificate_file_that_is_missing_is_named_before_anything_is_numbered(door: Door) -> None:
    door.setting('signer = "nowhere.p12"')
    _bought(door)
    assert [row["number"] for row in door.json("invoice", "list")] == NUMBERS
    assert "nowhere.p12: the certificate file cannot be read" in door("invoice", "list", "--pending")


def test_without_the_password_at_hand_documents_are_issued(door: Door) -> None:
    door.sign_with(password=None)
    _bought(door)
    assert [row["number"] for row in door.json("invoice", "list")] == [*NUMBERS, "S2026-000002"]
