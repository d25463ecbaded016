"""An audit pack: what is in it, what is not, and that nothing of it can be changed without being named."""

from __future__ import annotations

import base64
import csv
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from revrec.app import note, report
from revrec.app.bundles import state_on
from revrec.app.certify import certify
from revrec.app.nodes import BooksChanged
from revrec.app.notary import Notary, notary
from revrec.app.pack.make import HEAD, VERIFIERS, Exists
from revrec.app.pack.reports import Nameless
from revrec.app.pack.scope import NoSpan, NotClosed, NothingRecorded
from revrec.app.prove import prove
from revrec.app.workspace import Workspace
from revrec.core.bundle import Bundle
from revrec.core.units import UNIT
from revrec.templates import verify
from tests.app.desk import Desk, paid, sold, used
from tests.app.packs import (
    FEBRUARY,
    JANUARY,
    MANIFEST,
    findings,
    flips,
    members,
    pack,
    practice,
    resigned,
    shut,
    verified,
    zipped,
)
from tests.app.shelf import tamper

BYTES = 2_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return practice(tmp_path_factory.mktemp("audit") / "books")


@pytest.fixture(scope="module")
def everything(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("packs") / "all.zip"
    pack(desk, path, "all")
    return members(path)


@pytest.fixture(scope="module")
def february(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("packs") / "february.zip"
    pack(desk, path, "2026-02")
    return members(path)


def rows(content: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content[name].decode())))


def head(content: dict[str, bytes]) -> dict:
    return json.loads(content[HEAD].split(b"\n")[0])


# what is in it


def test_what_nobody_touched_is_verified(everything: dict[str, bytes], february: dict[str, bytes]) -> None:
    for content in (everything, february):
        found, said = verified(content)
        assert found == []
        assert [line.split(":")[0] for line in said] == ["ok"] * 8


def test_each_check_says_what_it_counted(everything: dict[str, bytes]) -> None:
    _, said = verified(everything)
    text = "\n".join(said)
    assert "chain: events 1 to 16 hashed without a gap" in text
    assert "2 heads contain the ones before, 2 rebuilt from events and entries" in text
    assert "sessions: 5, of which 3 earn in exactly one entry, 1 undone, 1 without revenue but with the reason" in text
    assert "3 entries of revenue have one each" in text
    assert "documents: 3 hashed without a gap; 3 tax office's records, each huella recomputed" in text


def test_every_report_is_there_as_csv_and_json(february: dict[str, bytes]) -> None:
    for name in report.REPORTS:
        table = json.loads(february[f"reports/{name}.json"])
        assert table["tied"], name
        assert len(rows(february, f"reports/{name}.csv")) == len(table["rows"]), name


def test_exceptions_stand_with_their_approver(everything: dict[str, bytes]) -> None:
    found = {(row["type"], row["what"]): row for row in rows(everything, "exceptions.csv")}
    refund = found["refund.issued", "exception to the policy"]
    assert (refund["approver"], refund["reason"], refund["of"]) == ("Dr. Jefa", "goodwill", "bundle B-1")
    closed = [row for row in rows(everything, "exceptions.csv") if row["type"] == "period.closed"]
    assert {row["approver"] for row in closed} == {"A. Pérez"}


def test_a_sale_whose_rules_nobody_accepted_is_listed(everything: dict[str, bytes]) -> None:
    found = [row["of"] for row in rows(everything, "exceptions.csv") if "without evidence" in row["what"]]
    assert found == ["bundle B-2"]


def test_what_came_late_is_on_the_out_of_period_list(february: dict[str, bytes]) -> None:
    late = rows(february, "out-of-period.csv")
    assert [(row["effective_on"], row["why"]) for row in late if row["why"] == "late"] == [("2026-01-20", "late")]


def test_a_month_s_reports_leave_out_what_came_late_for_it(desk: Desk) -> None:
    january = date(2026, 1, 31)
    assert desk.asked(report.run, "reconciliation", january, january).tied  # S-5 of 20 January came when January was closed
    assert desk.asked(state_on, "B-1", january).used == UNIT
    assert desk.asked(state_on, "B-1", date(2026, 2, 1)).used == 2 * UNIT


def test_the_reports_of_a_pack_derive_a_bundle_of_the_past_once(desk: Desk) -> None:
    def derived(ws: Workspace) -> list[Bundle]:
        today, records = ws.store.bundle("B-1"), Nameless(ws)
        return [records.bundle_on(today, date(2026, 1, 31)), records.bundle_on(today, date(2026, 1, 31)), today]

    first, second, today = desk.asked(derived)
    assert first is second
    assert first != today
    assert first == desk.asked(state_on, "B-1", date(2026, 1, 31))


def test_a_session_that_earns_nothing_has_its_reason(everything: dict[str, bytes]) -> None:
    (row,) = rows(everything, "sessions-without-revenue.csv")
    assert (row["session"], row["why"]) == ("S-3", "cancelled in time, or missed where the policy charges nothing")


def test_nobody_is_named(everything: dict[str, bytes]) -> None:
    whole = b"".join(everything.values())
    for personal in ("12345678Z", "García", "she was not there"):
        assert personal.encode() not in whole


def test_the_versions_of_the_rules_are_those_that_were_pinned(everything: dict[str, bytes]) -> None:
    index = [json.loads(line) for line in everything["policies/index.jsonl"].splitlines()]
    assert {(row["kind"], row["id"]) for row in index} >= {("package", "TAXED"), ("policy", "standard"), ("tax", "es-21")}
    assert all(verify.hashed(everything[row["file"]]).hex() == row["sha256"] for row in index)


def test_the_books_of_the_span_load_by_themselves(desk: Desk, february: dict[str, bytes], tmp_path: Path) -> None:
    loader = pytest.importorskip("beancount.loader")
    for name, data in february.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    _, errors, _ = loader.load_file(str(tmp_path / "books" / "main.beancount"))
    assert [str(error.message) for error in errors if "does not exist" not in error.message] == []


def test_the_statements_that_customers_were_given_are_in_it(tmp_path: Path) -> None:
    desk = practice(tmp_path / "books")
    made = desk.asked(certify, "C-1", date(2026, 2, 28), now=FEBRUARY)
    pack(desk, tmp_path / "pack.zip", "2026-02")
    assert members(tmp_path / "pack.zip")["statements/000001.txt"] == made.kept.note.encode()


def test_the_same_books_give_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    pack(desk, first, "2026-01")
    pack(desk, second, "2026-01", now=FEBRUARY + timedelta(days=1))
    one, two = members(first), members(second)
    assert list(one) == list(two)
    assert {name for name in one if one[name] != two[name]} == {HEAD}


def test_a_month_holds_only_what_it_needs(february: dict[str, bytes], everything: dict[str, bytes]) -> None:
    assert head(february)["start"]["seq"] == 7  # of January its closing is there, which was in February
    assert len(february["events.jsonl"].splitlines()) == 9
    assert len(everything["events.jsonl"].splitlines()) == 16
    assert {json.loads(line)["document"]["n"] for line in february["invoices/documents.jsonl"].splitlines()} == {2, 3}


# what is refused


def test_a_period_that_is_not_closed_is_refused_in_words(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotClosed, match=r"2026-03 is not closed \(these books are closed through 2026-02-28\).*--unclosed"):
        pack(desk, tmp_path / "m.zip", "2026-03")
    with pytest.raises(NotClosed, match="2026 is not closed"):
        pack(desk, tmp_path / "m.zip", "2026")


@pytest.mark.parametrize("period", ["2026-13", "26-01", "march", "0000", "0000-01", ""])
def test_what_is_no_period_is_refused(desk: Desk, tmp_path: Path, period: str) -> None:
    with pytest.raises(NoSpan, match="write a month as 2026-01"):
        pack(desk, tmp_path / "m.zip", period)


def test_an_empty_period_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NothingRecorded):
        pack(desk, tmp_path / "m.zip", "2025-05")


def test_a_file_that_exists_is_kept(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(b"mine")
    with pytest.raises(Exists, match="--force"):
        pack(desk, path, "2026-01", force=False)
    assert path.read_bytes() == b"mine"


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")  # the half zip is closed, not complained of
def test_books_that_were_changed_since_a_closing_are_refused_in_words(tmp_path: Path) -> None:
    desk = practice(tmp_path / "books")
    tamper(desk.root, 'UPDATE entries SET body = CAST(replace(body, \'"session":"S-1"\', \'"session":"S-9"\') AS BLOB)')
    with pytest.raises(BooksChanged, match=r"closing of 2026-01: something recorded before it was changed\. `revrec verify`"):
        pack(desk, tmp_path / "pack.zip", "2026-02")
    assert not (tmp_path / "pack.zip").exists()


def test_an_unclosed_period_says_so_in_its_head(tmp_path: Path) -> None:
    desk = practice(tmp_path / "books")
    desk.say(used("S-9", "B-2", day="2026-03-10"), at=datetime(2026, 3, 11, tzinfo=UTC))
    made = pack(desk, tmp_path / "march.zip", "2026-03", unclosed=True, now=datetime(2026, 3, 12, tzinfo=UTC))
    content = members(tmp_path / "march.zip")
    assert (head(content)["closed"], head(content)["tree_head"]) == (False, None)
    assert "not closed" in made.remarks[-1]
    found, said = verified(content)
    assert found == []
    assert "NOT CLOSED" in said[0]


# any byte


def test_any_changed_byte_is_found_with_its_file_and_its_line(february: dict[str, bytes]) -> None:
    for flip in flips(february, BYTES):
        found = findings(flip.content)
        mine = [record for file, record, _ in found if file == flip.name]
        where = f"{flip.name} byte {flip.at}, line {flip.line}: {found}"
        assert mine, where
        assert flip.name == HEAD or f"line {flip.line}" in {record.split(" (")[0] for record in mine}, where


def test_a_member_that_is_missing_or_was_added_is_named(february: dict[str, bytes]) -> None:
    for name in february.keys() - {HEAD}:
        found = findings({other: data for other, data in february.items() if other != name})
        assert any(file == name for file, _, _ in found), name
    assert ("extra.txt", "the file", "the manifest does not list it") in findings({**february, "extra.txt": b"x\n"})
    assert findings({name: data for name, data in february.items() if name != HEAD})[0][0] == HEAD


def test_a_changed_verifier_is_named_by_the_one_that_is_not(february: dict[str, bytes]) -> None:
    for name in VERIFIERS:
        assert [file for file, _, _ in findings({**february, name: february[name] + b" "})] == [name]


# what the maker itself cannot do: everything signed again after a change


def changed(content: dict[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in content[name]
    return {**content, name: content[name].replace(old, new, 1)}


FORGED = {
    "an event": ("events.jsonl", b'"session":"S-4"', b'"session":"S-8"', ("events.jsonl", "event e10 (number 12)")),
    "an amount": ("entries.jsonl", b'"amount":5000', b'"amount":5001', ("events.jsonl", "event e9 (number 11)")),
    "a head": ("tree-heads.jsonl", b"2026-02", b"2026-03", ("tree-heads.jsonl line 1", "the signed note")),
    "a path": ("consistency.jsonl", b'"path":["', b'"path":["00', ("consistency.jsonl", "")),
    "a balance": ("balances.csv", b"\ncontract-liability,-", b"\ncontract-liability,-1", ("balances.csv", "contract-liability")),
    "a document": ("invoices/documents.jsonl", b'"gross":', b'"gross":1', ("invoices/documents.jsonl", "invoice F2026-000002")),
    "a record's invoice": (
        "invoices/records.jsonl",
        b'"number":"F2026-000002"',
        b'"number":"F2026-000009"',
        ("invoices/records.jsonl", "record 2"),
    ),
    "a record": ("invoices/records.jsonl", b"ImporteTotal=", b"ImporteTotal=1", ("invoices/records.jsonl", "record 2")),
    "a closing": ("closings.jsonl", b".beancount", b".beancounT", ("closings.jsonl", "closing of 2026-01")),
    "a day file": (
        "books/journal/2026/2026-02-06.beancount",
        b"50.00",
        b"51.00",
        ("books/journal/2026/2026-02-06.beancount", "the file"),
    ),
    "a reason": (
        "sessions-without-revenue.csv",
        b"why\n",
        b"why\nS-4,e10,because\n",
        ("sessions-without-revenue.csv", "session S-4"),
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_pack_that_was_signed_again_after_a_change_does_not_pass(desk: Desk, february: dict[str, bytes], what: str) -> None:
    name, old, new, (file, record) = FORGED[what]
    found = findings(resigned(desk, changed(february, name, old, new)))
    assert any(each[0] == file and each[1].startswith(record) for each in found), found


def test_a_record_that_an_invoice_names_and_is_not_there_is_missed(desk: Desk, february: dict[str, bytes]) -> None:
    first, _ = february["invoices/records.jsonl"].splitlines(keepends=True)
    found = findings(resigned(desk, {**february, "invoices/records.jsonl": first}))
    assert found == [("invoices/records.jsonl", "record 3", "it is missing, and invoice R2026-000001 names it")]


def test_a_note_that_does_not_name_its_signer_does_not_pass(desk: Desk, february: dict[str, bytes]) -> None:
    who = desk.asked(lambda ws: notary(ws.settings, FEBRUARY))
    line = note.canonical({name: value for name, value in head(february).items() if name != "signer"})
    second = json.loads(february[HEAD].split(b"\n")[1])
    second["value"] = base64.b64encode(who.sign(b"revrec signed note 1\n" + line)).decode()
    ((file, record, what),) = findings({**february, HEAD: line + b"\n" + note.canonical(second) + b"\n"})
    assert (file, record) == (HEAD, "the signed note")
    assert "it names another key" in what


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())])
def test_a_short_key_or_one_on_another_curve_is_not_taken(
    february: dict[str, bytes], key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
) -> None:
    ((file, _, what),) = findings({**february, HEAD: note.make(note.Kind.PACK, head(february), Notary(key)).encode()})
    assert (file, "not that of the key, or the key is too short" in what) == (HEAD, True)


def test_a_pack_that_was_unzipped_and_zipped_again_with_its_folders_holds(february: dict[str, bytes]) -> None:
    assert findings({**february, "books/": b"", "reports/": b""}) == []


def test_a_clock_that_was_set_back_before_the_closing_leaves_no_record_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books")
    desk.say(
        sold("B-1", "TAXED", day="2026-01-10"),
        paid("P-1", "B-1", "100.00", day="2026-01-10"),
        at=datetime(2026, 6, 1, 12, tzinfo=UTC),
    )
    shut(desk, "2026-01", JANUARY)
    pack(desk, tmp_path / "january.zip", "2026-01")
    content = members(tmp_path / "january.zip")
    assert [json.loads(line)["document"]["record"] for line in content["invoices/documents.jsonl"].splitlines()] == [1]
    assert [json.loads(line)["place"] for line in content["invoices/records.jsonl"].splitlines()] == [1]
    assert findings(content) == []


def test_a_tie_that_does_not_tie_is_named(desk: Desk, february: dict[str, bytes]) -> None:
    table = json.loads(february["reports/maturity.json"])
    table["ties"][0]["difference"] = "0.01"
    content = {**february, "reports/maturity.json": json.dumps(table).encode()}
    assert [file for file, _, _ in findings(resigned(desk, content))] == ["reports/maturity.json"]


def test_books_that_were_rewritten_do_not_fit_the_head_that_somebody_had(everything: dict[str, bytes], tmp_path: Path) -> None:
    other = practice(tmp_path / "books")
    pack(other, tmp_path / "other.zip", "2026-02")
    heads = [json.loads(line)["note"] for line in members(tmp_path / "other.zip")["tree-heads.jsonl"].splitlines()]
    mine = [json.loads(line)["note"] for line in everything["tree-heads.jsonl"].splitlines()]
    had = json.loads(mine[0].split("\n")[0])
    assert verified(everything, (had,))[0] == []
    assert verified(everything, (had | {"root": "00" * 32},))[0][0][1] == "head of 2026-01"
    assert heads != mine  # other keys seal other bytes: no two books have one root
    assert verified(everything, (json.loads(heads[0].split("\n")[0]),))[0] != []


# the program itself


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_verify_runs_from_the_zip_alone_on_zip_and_folder(february: dict[str, bytes], tmp_path: Path) -> None:
    path, folder = zipped(tmp_path / "pack.zip", february), tmp_path / "folder"
    for name, data in february.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for target in (path, folder):
        done = run(folder / "verify.py", target)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("VERIFIED: nothing was changed, left out or added\n")


def test_verify_names_what_was_changed_and_says_so_to_the_shell(february: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    for flip in list(flips(february, BYTES))[:: BYTES // 8]:
        done = run(tmp_path / "verify.py", zipped(tmp_path / "pack.zip", flip.content))
        assert done.returncode == 1, flip.name
        assert f"    {flip.name}: " in done.stdout
        assert "NOT VERIFIED" in done.stdout


def test_a_zip_that_is_damaged_is_named_by_its_member(february: dict[str, bytes], tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "pack.zip", february).read_bytes())
    at = data.index(b"events.jsonl") + 200
    data[at] ^= 0xFF
    (tmp_path / "pack.zip").write_bytes(data)
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    done = run(tmp_path / "verify.py", tmp_path / "pack.zip")
    assert done.returncode == 1
    assert "events.jsonl: " in done.stdout


def test_a_file_that_is_missing_or_cut_off_is_said_in_words(february: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    done = run(tmp_path / "verify.py", tmp_path / "none.zip")
    assert (done.returncode, done.stderr) == (1, f"{tmp_path / 'none.zip'}: there is no such file\n")
    (tmp_path / "cut.json").write_text('{"kind": "revrec proof", "session": "S-')
    done = run(tmp_path / "verify.py", tmp_path / "cut.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert "    cut.json: a record: it cannot be read: JSONDecodeError(" in done.stdout


def test_verify_takes_a_tree_head_beside_the_pack(february: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    note = json.loads(february["tree-heads.jsonl"].splitlines()[0])["note"]
    (tmp_path / "HEAD.txt").write_text(note)
    done = run(tmp_path / "verify.py", tmp_path / "HEAD.txt", zipped(tmp_path / "pack.zip", february))
    assert done.returncode == 0
    assert "signature of a revrec tree head: taxpayer ES-B64717838, period 2026-01" in done.stdout
    assert "1 that you were handed are among them" in done.stdout


def test_a_tree_head_of_later_than_the_pack_says_nothing_of_it(desk: Desk, february: dict[str, bytes], tmp_path: Path) -> None:
    pack(desk, tmp_path / "january.zip", "2026-01")
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    (tmp_path / "HEAD.txt").write_text(json.loads(february["tree-heads.jsonl"].splitlines()[-1])["note"])
    done = run(tmp_path / "verify.py", tmp_path / "january.zip", tmp_path / "HEAD.txt")
    assert "signature of a revrec tree head: taxpayer ES-B64717838, period 2026-02" in done.stdout
    assert "; 0 that you were handed are among them" in done.stdout
    assert done.returncode == 0


def test_verify_takes_the_proof_of_a_session_and_finds_any_change_in_it(
    desk: Desk, february: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    proof = desk.asked(prove, "S-1", "2026-01").proof.to_json()
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    done = run(tmp_path / "verify.py", path)
    assert done.returncode == 0, done.stdout
    assert (
        "session S-1: session.completed in the tree that was signed at the closing of 2026-01; revenue stands on E-2"
        in done.stdout
    )
    for spoil in (
        lambda p: p.update(session="S-2"),
        lambda p: p["leaves"][0].update(index=p["leaves"][0]["index"] + 1),
        lambda p: p["leaves"][0]["path"].append("00" * 32),
        lambda p: p["leaves"].pop(0),
        lambda p: p["consistency"][0]["path"].pop(),
        lambda p: p.update(head=p["head"].replace("2026-01", "2026-02")),
    ):
        spoiled = json.loads(json.dumps(proof))
        spoil(spoiled)
        path.write_text(json.dumps(spoiled))
        assert run(tmp_path / "verify.py", path).returncode == 1, spoiled


def test_without_a_file_verify_says_how_it_is_called(tmp_path: Path, february: dict[str, bytes]) -> None:
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    done = run(tmp_path / "verify.py")
    assert done.returncode != 0
    assert "python3 verify.py PACK.zip" in done.stderr


def test_without_cryptography_verify_says_how_to_get_it(tmp_path: Path, february: dict[str, bytes]) -> None:
    (tmp_path / "verify.py").write_bytes(february["verify.py"])
    code = "import sys; sys.modules['cryptography'] = None; import runpy; runpy.run_path(sys.argv[1])"
    done = run("-c", code, tmp_path / "verify.py")
    assert done.returncode == 1
    assert "python3 -m pip install cryptography" in done.stderr


def test_verify_is_short_enough_to_be_read_before_it_is_run(february: dict[str, bytes]) -> None:
    assert february["verify.py"].count(b"\n") < 400


def test_the_manifest_stands_in_the_head_line_by_line(february: dict[str, bytes]) -> None:
    assert len(head(february)["manifest"]["lines"]) == 8 * len(february[MANIFEST].splitlines())
