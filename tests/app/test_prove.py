"""A session is proved from the books that a closing signed, to somebody who has no books; every change of the file is seen."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from revrec.app import checking, note
from revrec.app.checking import check
from revrec.app.close import close
from revrec.app.nodes import BooksChanged
from revrec.app.note import Kind
from revrec.app.proof import NotExtended, NotIncluded, OfAnother, ProofRefused, Proved
from revrec.app.prove import NotASession, NotClosed, NotCovered, NothingSigned, head_note, prove
from revrec.app.upgrade import upgrade
from revrec.app.workspace import open_workspace
from revrec.core import merkle
from tests.app.shelf import NOW, book, copied, event, lines, prepare, tamper
from tests.app.test_note import own
from tests.app.test_upgrade import earlier

UNDONE = event("x1", "2026-04-02", "session.reversed", session="S-2", reason="booked by mistake")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """February was closed; S-6 and the reversal of S-2 were recorded later; March and April were closed."""
    root = prepare(tmp_path_factory.mktemp("shelf") / "books")
    book(root, lines([UNDONE]), "undone.jsonl")
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
        close(ws, "2026-04", approver="A", now=NOW)
    book(root, lines([event("n1", "2026-05-02", "session.completed", session="S-7", bundle="B-1")]), "may.jsonl")
    return root


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def made(root: Path, session: str, period: str | None = None) -> str:
    """The proof file of a session."""
    with open_workspace(root) as ws:
        return prove(ws, session, period).proof.text()


def lines_of(text: str) -> list[str]:
    found = check(text)
    assert isinstance(found, Proved)
    return list(found.lines())


def test_a_session_is_proved_with_its_posting_and_what_it_rests_on(shelf: Path) -> None:
    said = lines_of(made(shelf, "S-1"))
    assert said[0] == "Session S-1 is in the books of ES-B64717838, as they were signed at the closing of 2026-04."
    assert said[1].startswith("  event u1, session.completed, bundle B-1: number 4, recorded 2026-11-21T12:00:00Z")
    assert said[2] == "    entry E-2 of 2026-02-10, session.earned: contract-liability 50.00, revenue-package -50.00 EUR"
    assert said[3] == "    recording it posted no other entry"
    assert said[4].startswith("Tree of ")
    assert said[5].startswith("Signed on 2026-11-21T12:00:00Z by key ")
    assert said[-1].startswith("Compare the key with the fingerprint")


def test_a_proof_names_nobody_else(shelf: Path) -> None:
    text = made(shelf, "S-1")
    leaves = b"".join(base64.b64decode(leaf["data"]) for leaf in json.loads(text)["leaves"])
    assert b"S-1" in leaves
    for other in (b"S-2", b"B-2", b"C-2", b"S-5", b"Ana", b"came late"):
        assert other not in leaves


def test_a_reversed_session_proves_both_entries(shelf: Path) -> None:
    found = check(made(shelf, "session:S-2"))
    assert isinstance(found, Proved)
    assert [(fact.id, [entry.rule for entry in fact.entries]) for fact in found.facts] == [
        ("u2", ["session.earned"]),
        ("x1", ["session.reversed"]),
    ]
    first, second = (fact.entries[0] for fact in found.facts)
    assert second.corrects == first.number


def test_a_visit_is_proved_too(shelf: Path) -> None:
    found = check(made(shelf, "S-5"))
    assert isinstance(found, Proved)
    assert [entry.rule for fact in found.facts for entry in fact.entries] == ["session.single"]


def test_against_an_earlier_month_each_later_one_is_shown_to_begin_with_it(shelf: Path) -> None:
    with open_workspace(shelf) as ws:
        done = prove(ws, "S-2", "2026-02")
        assert head_note(ws, "2026-02") == done.proof.head
        assert head_note(ws) == done.proof.steps[-1].head
    said = list(done.lines())
    assert said[0].endswith("at the closing of 2026-02.")
    assert [line.split(" begin")[0] for line in said if "begin with these" in line] == [
        f"The books signed at the closing of {month}" for month in ("2026-03", "2026-04")
    ]
    assert "event x1, recorded after the closing of 2026-02" in said[-1]
    assert [fact.id for fact in done.proved.facts] == ["u2"]


def test_what_no_closing_covers_yet_is_refused_with_the_one_that_will(root: Path) -> None:
    with open_workspace(root) as ws:
        with pytest.raises(
            NotCovered, match=r"recorded after the closing of 2026-04 .*: the next closing, that of 2026-05, will"
        ):
            prove(ws, "S-7")
        with pytest.raises(NotCovered, match=r"recorded after the closing of 2026-02 .*: take --head 2026-03"):
            prove(ws, "S-6", "2026-02")
        with pytest.raises(
            NotClosed, match=r"2025-01: no closing of that month was signed. Signed are: 2026-02, 2026-03, 2026-04"
        ):
            prove(ws, "S-1", "2025-01")
    book(root, lines([event("r9", "2026-05-03", "period.reopened", period="2026-02", approver="A", reason="x")]), "open.jsonl")
    with open_workspace(root) as ws, pytest.raises(NotCovered, match="the next closing, that of 2026-02, will cover it"):
        prove(ws, "S-7")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("E-2", "this is an entry, of session S-1: `revrec prove S-1` proves both"),
        ("entry:E-1", "this is an entry, of no session: sessions are proved"),
        ("u1", "this is an event, of session S-1"),
        ("event:p1", "this is an event, of no session"),
        ("B-2", "this is a bundle, and sessions are proved one by one: its sessions are S-2, S-3, S-4"),
        ("bundle:B-3", "it has no session yet"),
        ("customer:C-1", "`revrec trace customer:C-1` lists them"),
        ("C-2", "this is a customer"),
        ("S-99", "no session of that id is recorded"),
        ("P-1", "no session of that id is recorded"),
        ("E-999", "no session of that id is recorded"),
    ],
)
def test_what_is_no_session_is_said_to_be_what_it_is(shelf: Path, name: str, says: str) -> None:
    with open_workspace(shelf) as ws, pytest.raises(NotASession) as refused:
        prove(ws, name)
    assert str(refused.value).startswith(f"{name}: ")
    assert says in str(refused.value)


def test_without_a_signed_closing_the_way_to_one_is_said(tmp_path: Path) -> None:
    root = tmp_path / "books"
    prepare(root)
    earlier(root, "0001")
    upgrade(root)
    with open_workspace(root) as ws, pytest.raises(NothingSigned, match="the next `revrec close` signs everything"):
        prove(ws, "S-1")
    other = tmp_path / "other"
    prepare(other)
    tamper(other, "DELETE FROM tree_heads", "DELETE FROM periods")
    with open_workspace(other) as ws, pytest.raises(NothingSigned, match="no month is closed yet"):
        head_note(ws)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = CAST(replace(body, '5000', '6000') AS BLOB) WHERE number = 2",
        "UPDATE events SET record = CAST(replace(record, 'S-2', 'S-8') AS BLOB)",
        "DELETE FROM entries WHERE number > 3",
    ],
)
def test_books_that_no_longer_give_what_was_signed_prove_nothing(root: Path, statement: str) -> None:
    tamper(root, statement)
    with open_workspace(root) as ws, pytest.raises(BooksChanged, match="`revrec verify` says what"):
        prove(ws, "S-1")


@pytest.mark.parametrize("kept", ["tiles", "x''", "zeroblob(length(tiles))"])
def test_what_is_kept_of_the_tree_makes_the_same_proof_as_every_leaf(tmp_path: Path, monkeypatch, kept: str) -> None:
    monkeypatch.setattr(merkle, "TILE", 4)
    root = prepare(tmp_path / "books")
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
    whole = [made(root, session, "2026-02") for session in ("S-1", "S-2", "S-5")]
    tamper(root, f"UPDATE tree_heads SET tiles = {kept}")
    assert [made(root, session, "2026-02") for session in ("S-1", "S-2", "S-5")] == whole
    monkeypatch.undo()
    assert [made(root, session, "2026-02") for session in ("S-1", "S-2", "S-5")] == whole


# forgeries


def forged(text: str, change) -> str:
    found = json.loads(text)
    change(found)
    return json.dumps(found)


def leaf(text: str, at: int) -> bytes:
    return base64.b64decode(json.loads(text)["leaves"][at]["data"])


def with_leaf(text: str, at: int, data: bytes) -> str:
    def change(found):
        found["leaves"][at]["data"] = base64.b64encode(data).decode()

    return forged(text, change)


def test_a_changed_amount_is_seen(shelf: Path) -> None:
    text = made(shelf, "S-1")
    with pytest.raises(NotIncluded, match="the entry at place 5 is not in the tree of"):
        check(with_leaf(text, 1, leaf(text, 1).replace(b"5000", b"6000")))
    with pytest.raises(NotIncluded, match="the event at place"):
        check(with_leaf(text, 0, leaf(text, 0).replace(b"2026-02-10", b"2026-02-11")))


def test_a_changed_path_place_or_head_is_seen(shelf: Path) -> None:
    text = made(shelf, "S-1")
    with pytest.raises(NotIncluded):
        check(forged(text, lambda found: found["leaves"][0]["path"].reverse()))
    with pytest.raises(NotIncluded):
        check(forged(text, lambda found: found["leaves"][0].update(index=found["leaves"][0]["index"] + 1)))
    with pytest.raises(note.SignatureWrong):
        check(forged(text, lambda found: found.update(head=found["head"].replace('"size":', '"size":1'))))
    with pytest.raises(note.OtherKey):
        check(text, key="00")
    with open_workspace(shelf) as ws:
        key = note.read(head_note(ws)).signature.fingerprint
    assert check(text, key=key.upper())


def test_a_true_leaf_of_something_else_does_not_pass_for_the_session(shelf: Path) -> None:
    mine, other = made(shelf, "S-1"), made(shelf, "S-3")

    def instead(at):
        return forged(mine, lambda found: found["leaves"].__setitem__(at, json.loads(other)["leaves"][at]))

    with pytest.raises(OfAnother, match="it is of session S-3, not of S-1"):
        check(instead(0))
    with pytest.raises(OfAnother, match="is of session S-3, not of S-1"):
        check(instead(1))
    with pytest.raises(OfAnother, match="it is of session S-1, not of S-3"):
        check(forged(mine, lambda found: found.update(session="S-3")))
    with pytest.raises(OfAnother, match="it is no entry"):
        check(forged(mine, lambda found: found["leaves"].append(found["leaves"][0] | {"what": "entry"})))
    with pytest.raises(OfAnother, match="it is no event"):
        check(forged(mine, lambda found: found["leaves"][1].update(what="event")))


def test_an_entry_without_its_event_and_a_proof_without_events_prove_nothing(shelf: Path) -> None:
    undone = made(shelf, "S-2")
    with pytest.raises(OfAnother, match="does not follow from an event of this proof"):
        check(forged(undone, lambda found: found["leaves"].pop(2)))
    with pytest.raises(ProofRefused, match="`leaves`"):
        check(forged(undone, lambda found: found["leaves"].clear()))


def test_an_entry_left_out_is_seen_to_lack(shelf: Path) -> None:
    said = lines_of(forged(made(shelf, "S-1"), lambda found: found["leaves"].pop(1)))
    assert not any("no other entry" in line or "posted no entry" in line for line in said)


def test_a_head_of_another_taxpayer_is_not_taken(shelf: Path) -> None:
    text = made(shelf, "S-1")
    content = {**note.read(json.loads(text)["head"]).content, "taxpayer": "ES-A58818501"}
    with pytest.raises(OfAnother, match="it is of ES-B64717838, the head is of ES-A58818501"):
        check(forged(text, lambda found: found.update(head=note.make(Kind.HEAD, content, own()))))


def test_books_rewritten_between_two_closings_are_seen(shelf: Path) -> None:
    text = made(shelf, "S-1", "2026-02")
    later = note.read(json.loads(text)["consistency"][0]["head"])
    other = note.make(Kind.HEAD, {**later.content, "root": "ab" * 32}, own())
    with pytest.raises(NotExtended, match="or the books were rewritten between the two closings"):
        check(forged(text, lambda found: found["consistency"][0].update(head=other)))
    with pytest.raises(NotExtended):
        check(forged(text, lambda found: found["consistency"][0]["path"].pop()))
    with pytest.raises(ProofRefused, match="`consistency`"):
        check(forged(text, lambda found: found["consistency"].pop(0)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda found: found.pop("session"), "`session`"),
        (lambda found: found.update(leaves=1), "`leaves`"),
        (lambda found: found["leaves"][0].pop("path"), r"`leaves\[0\]`"),
        (lambda found: found["leaves"][0].update(index="4"), r"`leaves\[0\]`"),
        (lambda found: found["leaves"][0].update(data="%"), r"`leaves\[0\]`"),
        (lambda found: found["leaves"][1]["path"].append("ab"), r"`leaves\[1\]`"),
        (lambda found: found.update(consistency=[{}]), r"`consistency\[0\]`"),
        (lambda found: found.update(version=2), "version 2"),
        (lambda found: found.update(kind="x"), "JSON of another kind"),
    ],
)
def test_a_damaged_file_is_said_to_be_damaged_and_where(shelf: Path, change, says: str) -> None:
    with pytest.raises(ProofRefused, match=says):
        check(forged(made(shelf, "S-1"), change))


def test_a_head_lacking_what_is_relied_on_is_refused(shelf: Path) -> None:
    text = made(shelf, "S-1")
    content = dict(note.read(json.loads(text)["head"]).content)
    for wrong, says in (({"root": "xy"}, "head: root"), ({"size": "7"}, "head: size")):
        made_up = note.make(Kind.HEAD, content | wrong, own())
        with pytest.raises(ProofRefused, match=says):
            check(forged(text, lambda found, made_up=made_up: found.update(head=made_up)))


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(checking.Unreadable, match="No such file"):
        checking.read(tmp_path / "none")
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(checking.Unreadable, match="no text in UTF-8"):
        checking.read(tmp_path / "x")
