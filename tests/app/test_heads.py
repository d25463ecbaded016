"""The signed head of the tree at each closing: what it says, that the next extends it, and that verify sees every change."""

from __future__ import annotations

import json
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from revrec.app import note
from revrec.app.advance import advance
from revrec.app.close import close, digest_of
from revrec.app.notary import Notary
from revrec.app.note import Kind
from revrec.app.upgrade import upgrade
from revrec.app.workspace import open_workspace
from revrec.core import merkle
from revrec.core.merkle import Frontier
from revrec.store.tree import Tree, entry_leaf, event_leaf
from tests.app.shelf import NOW, book, checked, copied, event, lines, prepare, tamper
from tests.app.test_note import certified, own
from tests.app.test_upgrade import earlier


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books in which February was closed by an event and March by the command."""
    root = prepare(tmp_path_factory.mktemp("shelf") / "books")
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
    return root


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def leaves_of(root: Path) -> list[bytes]:
    """The leaves as docs/formats.md has them, out of the database alone."""
    found = []
    with sqlite3.connect(root / "revrec.db") as connection:
        for seq, record in connection.execute("SELECT seq, record FROM events ORDER BY seq").fetchall():
            found.append(record)
            found += [row[0] for row in connection.execute("SELECT body FROM entries WHERE seq = ? ORDER BY number", (seq,))]
    connection.close()
    return found


def test_a_closing_signs_the_root_over_everything_recorded(root: Path) -> None:
    with open_workspace(root) as ws:
        head, store = Tree(ws.store).heads()[-1], ws.store
        said = note.read(head.note).content
        standing, period = store.head(), store.periods()[-1]
        assert note.check(note.read(head.note), Kind.HEAD).name == ""
    tree = Frontier()
    tree.extend(leaves_of(root))
    assert dict(said) == {
        "kind": "revrec tree head",
        "version": 1,
        "signer": said["signer"],
        "taxpayer": "ES-B64717838",
        "currency": "EUR",
        "period": "2026-03",
        "closed_seq": standing.seq,
        "size": standing.seq + standing.entries,
        "root": tree.root.hex(),
        "events": standing.seq,
        "entries": standing.entries,
        "chain": standing.digest.hex(),
        "documents": "",
        "disclosures": "",
        "period_digest": digest_of(period),
        "at": "2026-11-21T12:00:00Z",
        "previous": said["previous"],
    }
    assert (head.size, head.root) == (tree.size, tree.root)


def test_a_month_closed_by_an_event_is_signed_too_and_the_next_head_names_it(root: Path) -> None:
    with open_workspace(root) as ws:
        [february, march] = Tree(ws.store).heads()
        assert (february.period, march.period) == ("2026-02", "2026-03")
    assert note.read(february.note).content["previous"] is None
    assert note.read(march.note).content["previous"] == {"size": february.size, "root": february.root.hex()}
    leaves = leaves_of(root)
    found = merkle.gather(leaves, spans := merkle.consistency(february.size, march.size))
    path = [found[span] for span in spans]
    assert merkle.extends(february.size, march.size, february.root, march.root, path)


def test_leaves_stand_where_the_numbers_of_event_and_entry_say(root: Path) -> None:
    leaves = leaves_of(root)
    with open_workspace(root) as ws:
        for stored in ws.store.events():
            assert leaves[event_leaf(stored.seq, stored.first_entry)] == stored.record
            for number in stored.numbers:
                assert json.loads(leaves[entry_leaf(stored.seq, number)])["entry"] == number
        assert list(Tree(ws.store).leaves()) == leaves
        half = ws.store.event(5)
        assert half is not None
        before = 5 + half.numbers.stop - 1
        assert list(Tree(ws.store).leaves(0, 5)) == leaves[:before]
        assert list(Tree(ws.store).leaves(5)) == leaves[before:]


def test_a_month_opened_and_closed_again_has_a_new_head(root: Path) -> None:
    book(root, lines([event("r1", "2026-05-02", "period.reopened", period="2026-03", approver="A", reason="forgotten")]))
    with open_workspace(root) as ws:
        done = close(ws, "2026-03", approver="A", now=NOW)
        heads = Tree(ws.store).heads()
    assert [head.period for head in heads] == ["2026-02", "2026-03", "2026-03"]
    assert done.signed.head == heads[-1]
    assert checked(root) == ()


def test_what_is_kept_of_the_tree_saves_hashing_and_is_not_trusted_blindly(root: Path) -> None:
    tamper(root, "UPDATE tree_heads SET frontier = zeroblob(length(frontier)) WHERE period = '2026-03'")
    assert [f"{found.code} {found.where}" for found in checked(root)] == ["head.frontier closing of 2026-03"]
    with open_workspace(root) as ws:
        advance(ws, NOW.date(), now=NOW)
        done = close(ws, "2026-04", approver="A", now=NOW)
    tree = Frontier()
    tree.extend(leaves_of(root))
    assert done.signed.head.root == tree.root


def test_tiles_are_kept_of_what_each_closing_added_also_after_a_fresh_start(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(merkle, "TILE", 4)
    root = prepare(tmp_path / "books")
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
    assert checked(root) == ()
    tamper(root, "UPDATE tree_heads SET frontier = x'' WHERE period = '2026-03'")
    with open_workspace(root) as ws:
        close(ws, "2026-04", approver="A", now=NOW)
        heads = Tree(ws.store).heads()
        leaves = list(Tree(ws.store).leaves())
        for start in range(len(leaves)):
            assert list(Tree(ws.store).between(start, start + 3)) == leaves[start : start + 3]
    whole = Frontier()
    whole.extend(leaves)
    assert [tile for head in heads for tile in merkle.hashes(head.tiles)] == whole.tiles
    assert [len(head.tiles) // 32 for head in heads] == [
        heads[0].size // 4,
        *(b.size // 4 - a.size // 4 for a, b in pairwise(heads)),
    ]
    tamper(root, "UPDATE tree_heads SET tiles = x'' WHERE period = '2026-02'")
    assert {found.where for found in checked(root) if found.code == "head.frontier"} == {
        "closing of 2026-02",
        "closing of 2026-03",
    }


def test_a_refused_close_signs_nothing(root: Path) -> None:
    with open_workspace(root) as ws:
        before = len(Tree(ws.store).heads())
    with open_workspace(root) as ws, pytest.raises(Exception, match="ends on"):
        close(ws, "2026-11", approver="A", now=NOW)
    with open_workspace(root) as ws:
        assert len(Tree(ws.store).heads()) == before


def codes(root: Path) -> set[str]:
    return {found.code for found in checked(root)}


_HEAD = "WHERE period = '2026-03'"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (f"UPDATE tree_heads SET root = zeroblob(32) {_HEAD}", "head.row"),
        (f"UPDATE tree_heads SET size = size + 1 {_HEAD}", "head.root"),
        (f"UPDATE tree_heads SET period = '2026-04' {_HEAD}", "head.row"),
        ("UPDATE tree_heads SET note = replace(note, '2026-03', '2026-04') WHERE period = '2026-03'", "head.signature"),
        (f"UPDATE tree_heads SET note = 'x' {_HEAD}", "head.note"),
        (f"DELETE FROM tree_heads {_HEAD}", "head.missing"),
        ("DELETE FROM tree_heads WHERE period = '2026-02'", "head.previous"),
        (f"UPDATE tree_heads SET seq = seq - 1 {_HEAD}", "head.stray"),
        ("UPDATE periods SET files = '{}' WHERE period = '2026-03'", "head.period"),
        ('UPDATE entries SET body = CAST(replace(body, \'"session":"S-1"\', \'"session":"S-9"\') AS BLOB)', "head.root"),
        ("UPDATE events SET record = CAST(replace(record, '\"S-1\"', '\"S-9\"') AS BLOB)", "head.root"),
        ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "head.root"),
    ],
)
def test_verify_names_what_no_longer_fits_what_was_signed(root: Path, statement: str, code: str) -> None:
    assert checked(root) == ()
    tamper(root, statement)
    assert code in codes(root)


def resigned(root: Path, notary: Notary, period: str = "2026-03", **members: object) -> None:
    """Put a head that says something else, or that another key signed, in the place of one that stands."""
    with open_workspace(root) as ws:
        [head] = [head for head in Tree(ws.store).heads() if head.period == period]
    content = {**note.read(head.note).content, **members}
    text = note.make(Kind.HEAD, content, notary)
    tamper(root, f"UPDATE tree_heads SET note = x'{text.encode().hex()}' WHERE period = '{period}'")


def test_a_head_that_a_strange_key_signed_is_named(root: Path) -> None:
    resigned(root, own())
    [found] = checked(root)
    assert (found.code, found.where) == ("head.key", "closing of 2026-03")
    assert own().fingerprint in found.message


def test_a_key_that_was_replaced_is_vouched_for_by_the_next_head(root: Path) -> None:
    resigned(root, own(), "2026-02")
    assert checked(root) == ()


def test_the_taxpayers_certificate_is_no_stranger_and_a_copy_without_the_key_says_nothing(root: Path) -> None:
    resigned(root, certified())
    assert checked(root) == ()
    resigned(root, own())
    (root / "audit.key").unlink()
    assert checked(root) == ()


def test_a_head_with_other_numbers_is_named_whoever_signed_it(root: Path) -> None:
    resigned(root, certified(), chain="00" * 32)
    assert codes(root) == {"head.chain"}
    resigned(root, certified(), documents="ab" * 32)
    assert "head.documents" in codes(root)


def test_months_closed_by_an_older_release_have_no_head_and_the_next_closing_begins(tmp_path: Path) -> None:
    root = prepare(tmp_path / "books")
    earlier(root, "0001")
    upgrade(root)
    assert checked(root) == ()
    with open_workspace(root) as ws:
        assert (len(ws.store.periods()), Tree(ws.store).heads()) == (1, [])
        close(ws, "2026-03", approver="A", now=NOW)
        [head] = Tree(ws.store).heads()
    assert note.read(head.note).content["previous"] is None
    tree = Frontier()
    tree.extend(leaves_of(root))
    assert (head.size, head.root) == (tree.size, tree.root)
    assert checked(root) == ()
