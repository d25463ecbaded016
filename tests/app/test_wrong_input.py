"""Wrong input is refused by name and leaves database and files as they were, also after the next opening."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from revrec.app.progress import Silent
from revrec.app.record import FileRefused, record
from revrec.app.workspace import open_workspace
from revrec.books.files import Unwritten
from revrec.core.errors import RevrecError
from revrec.store.errors import (
    DatabaseBusy,
    DatabaseFailed,
    DatabaseForeign,
    DatabaseMalformed,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseOlder,
    KeyMissing,
)
from revrec.wire.files import source
from tests.app.shelf import HISTORY, NOW, book, checked, copied, event, lines, prepare, state, tamper


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("shelf") / "books")


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


GOOD = event("good", "2026-04-03", "bundle.sold", bundle="B-9", package="PSY-3", customer="C-9")


def without_offset() -> dict[str, Any]:
    return event("x", "2026-04-03", "session.no_show", session="S-9", bundle="B-1") | {"time": "2026-04-03T12:00:00"}


def session(bundle: str = "B-1", day: str = "2026-04-03", **data: Any) -> dict[str, Any]:
    return event("x", day, "session.completed", session="S-9", bundle=bundle, **data)


WRONG = {
    "a float": (
        event("x", "2026-04-03", "payment.received", payment="P-9", bundle="B-1", amount=1.5, method="card"),
        "data.amount",
        "1.5",
    ),
    "a negative amount": (
        event("x", "2026-04-03", "payment.received", payment="P-9", bundle="B-1", amount="-5.00", method="card"),
        "data.amount",
        "negative",
    ),
    "too many decimals": (
        event("x", "2026-04-03", "payment.received", payment="P-9", bundle="B-1", amount="5.001", method="card"),
        "data.amount",
        "decimals",
    ),
    "another currency": (
        event("x", "2026-04-03", "payment.received", payment="P-9", bundle="B-1", amount="5", method="card", currency="USD"),
        "data.rate",
        "currency and rate come together",
    ),
    "an unknown type": (event("x", "2026-04-03", "sesion.completed", session="S-9", bundle="B-1"), "type", "session.completed"),
    "an unknown key": (session(diagnosis="F41.1"), "data.diagnosis", "no such member"),
    "no offset": (without_offset(), "time", "offset"),
    "an id with markup": (session(bundle="<b>"), "data.bundle", "is not an id"),
    "a session consumed twice": (
        event("x", "2026-04-03", "session.completed", session="S-1", bundle="B-1"),
        "session",
        "S-1 was recorded before",
    ),
    "a unit that is not there": (session(bundle="B-2"), "quantity", "0 left (3 sold, 3 used)"),
    "an unknown bundle": (session(bundle="B-7"), "bundle", "bundle B-7 is not known"),
    "an expired bundle": (session(day="2026-10-01"), "bundle", "expired on 2026-08-02"),
    "a foreign modality": (session(modality="online"), "modality", "online"),
    "a foreign provider": (session(bundle="B-3", provider="T-2"), "provider", "T-1"),
    "a foreign branch": (session() | {"branch": "mad"}, "branch", "mad"),
    "a refund above the policy's": (
        event("x", "2026-04-03", "refund.issued", refund="R-1", bundle="B-1", amount="140.00", method="card"),
        "amount",
        "140.00",
    ),
    "a period closed before its end": (
        event("x", "2026-04-03", "period.closed", period="2026-04", approver="A"),
        "period",
        "ends on 2026-04-30",
    ),
    "a sale with an incomplete policy": (
        event("x", "2026-04-03", "bundle.sold", bundle="B-8", package="PSY-X", customer="C-1"),
        "",
        "unfinished",
    ),
    "the same id with other content": (
        event("p1", "2026-02-02", "payment.received", payment="P-1", bundle="B-1", amount="149.00", method="card"),
        "id",
        "other content",
    ),
    "the same id with other sealed content": (
        event("u1", "2026-02-10", "session.completed", session="S-1", bundle="B-1", note="came early"),
        "id",
        "other content",
    ),
    "an event of the future": (session(day="2026-12-01"), "time", "24 hours"),
    "another taxpayer": (session() | {"taxpayer": "ES-A58818501"}, "taxpayer", "another taxpayer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_event_refuses_its_file(root: Path, case: str) -> None:
    wrong, field, words = WRONG[case]
    before = state(root)
    with pytest.raises(FileRefused) as refused:
        book(root, lines([GOOD, wrong]))
    [first, *_] = refused.value.rejections
    assert (first.file, first.line, first.event_id) == ("events.jsonl", 2, wrong["id"])
    assert field in first.field
    assert words in first.reason + first.hint
    assert first.rule
    text = str(refused.value)
    assert "events.jsonl:2:" in text
    assert "nothing was booked" in text
    assert state(root) == before
    assert checked(root) == ()


RAW = {
    "broken JSON": (b'{"specversion": "1.0", "id": \n', 2, "JSON"),
    "broken UTF-8": (b'{"id": "\xff"}\n', 2, "UTF-8"),
    "a last line that is cut off": (lines([session()])[:-20], 2, "cut off"),
    "a list": (b"[]\n", 2, "not an event"),
}


@pytest.mark.parametrize("case", RAW)
def test_a_line_that_is_no_event_refuses_its_file(root: Path, case: str) -> None:
    raw, number, words = RAW[case]
    before = state(root)
    with pytest.raises(FileRefused) as refused:
        book(root, lines([GOOD]) + raw)
    [first, *_] = refused.value.rejections
    assert first.line == number
    assert words in first.reason
    assert state(root) == before


def test_every_bad_line_is_named_not_only_the_first(root: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        book(root, lines([GOOD, session(bundle="B-2"), session(diagnosis="x"), GOOD | {"id": "good-2"}]))
    assert [rejection.line for rejection in refused.value.rejections] == [2, 3, 4]


def test_partial_books_the_good_ones_and_writes_the_others(root: Path) -> None:
    done = book(root, lines([GOOD, session(bundle="B-2")]) + b"no JSON\n", partial=True)
    assert (done.recorded, done.rejected_count) == (1, 2)
    rejected = [json.loads(line) for line in (root.parent / "events.rejected.jsonl").read_text().splitlines()]
    assert {json.dumps(line["event"])[:12] for line in rejected} == {json.dumps(session(bundle="B-2"))[:12], '"no JSON"'}
    assert all(line["reason"] for line in rejected)
    assert checked(root) == ()


def test_a_refused_event_does_not_move_the_calendar(root: Path) -> None:
    before = state(root)["heads"]
    done = book(root, lines([session(bundle="B-2", day="2026-11-01")]), partial=True)
    assert done.rejected_count == 1
    assert state(root)["heads"] == before


def test_a_newer_database_is_refused(root: Path) -> None:
    tamper(root, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(DatabaseNewer, match=r"0999.*newer revrec"), open_workspace(root):
        pass


def test_an_older_database_names_the_upgrade(root: Path) -> None:
    tamper(root, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(DatabaseOlder, match="revrec upgrade"), open_workspace(root):
        pass


def test_a_missing_database_is_not_made_anew(root: Path) -> None:
    (root / "revrec.db").unlink()
    with pytest.raises(DatabaseMissing, match="no database"), open_workspace(root):
        pass
    assert not (root / "revrec.db").exists()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one" * 20, b""])
def test_a_file_that_is_no_database_is_named(root: Path, content: bytes) -> None:
    (root / "revrec.db").write_bytes(content)
    with pytest.raises(RevrecError, match=r"no database of revrec"), open_workspace(root):
        pass


def test_a_database_cut_short_is_named(root: Path) -> None:
    database = root / "revrec.db"
    whole = database.read_bytes()
    for size in (50, 100, 4096, 10_000, len(whole) // 2, len(whole) - 4096):
        database.write_bytes(whole[:size])
        try:
            assert checked(root), size
        except (DatabaseForeign, DatabaseMalformed) as error:
            assert "revrec.db: " in str(error)  # noqa: PT017  where it shows depends on the size


def test_an_empty_file_stays_empty_and_a_folder_is_named(root: Path) -> None:
    database = root / "revrec.db"
    database.write_bytes(b"")
    with pytest.raises(DatabaseForeign, match="the file is empty"), open_workspace(root):
        pass
    assert database.read_bytes() == b""
    database.unlink()
    database.mkdir()
    with pytest.raises(DatabaseForeign, match="a folder stands in its place"), open_workspace(root):
        pass


def many(count: int) -> bytes:
    return lines(
        event(f"f{n}", "2026-04-03", "bundle.sold", bundle=f"F-{n}", package="PSY-3", customer=f"C-{n}") for n in range(count)
    )


def test_a_full_disk_books_nothing(root: Path) -> None:
    before = state(root)
    path = root.parent / "events.jsonl"
    path.write_bytes(many(3000))
    with open_workspace(root) as ws:
        pages = ws.store.connection.exec_driver_sql("PRAGMA page_count").scalar()
        ws.store.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(DatabaseFailed, match=r"full.*Nothing was booked"):
            record(ws, [source(str(path))], now=NOW)
    assert state(root) == before
    assert checked(root) == ()


def run(root: Path, *arguments: str, limit: int | None = None) -> subprocess.Popen[str]:
    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "revrec", "-C", str(root), *arguments]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environ, preexec_fn=limited)  # noqa: PLW1509  one thread


def test_a_file_system_that_refuses_to_grow_books_nothing(root: Path) -> None:
    before = state(root)
    path = root.parent / "events.jsonl"
    path.write_bytes(many(8000))
    process = run(root, "record", str(path), limit=(root / "revrec.db").stat().st_size + 300_000)
    _, said = process.communicate()
    assert process.returncode == 1, said
    assert "Nothing was booked" in said
    assert "Traceback" not in said
    assert state(root) == before
    assert checked(root) == ()


def test_files_that_cannot_be_written_are_written_by_the_next_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(target: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device", str(target))

    with monkeypatch.context() as patched:
        patched.setattr("revrec.books.files._replace", full)
        with pytest.raises(Unwritten, match="safe in the store"):
            book(root, lines([session()]))
    assert any(finding.code.startswith("books.") for finding in checked(root))
    assert book(root, lines([session()])).repeated == 1
    assert checked(root) == ()


class Interrupted(Silent):
    """Ctrl-C after a batch."""

    def step(self, n: int = 1) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_books_nothing(root: Path) -> None:
    before = state(root)
    with pytest.raises(KeyboardInterrupt):
        book(root, many(100), progress=Interrupted())
    assert state(root) == before


def test_ctrl_c_at_the_keyboard_ends_with_130_and_books_nothing(root: Path) -> None:
    before = state(root)
    process = run(root, "record", "-")
    assert process.stdin
    process.stdin.write(many(5000).decode())  # more than a batch; it returns when nearly all was read
    process.stdin.flush()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert state(root) == before
    assert checked(root) == ()


def test_a_killed_process_books_nothing(root: Path) -> None:
    before = state(root)
    process = run(root, "record", "-")
    assert process.stdin
    process.stdin.write(many(5000).decode())
    process.stdin.flush()
    process.kill()
    process.communicate()
    assert state(root) == before
    assert checked(root) == ()


def test_two_writers_wait_and_the_second_gives_up_in_words(root: Path) -> None:
    with open_workspace(root) as first, open_workspace(root) as second:
        second.store.connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        with first.store.transaction(), pytest.raises(DatabaseBusy, match="another command"), second.store.transaction():
            pass


def test_personal_data_without_the_key_is_refused_plainly(root: Path) -> None:
    (root / "revrec.key").unlink()
    before = state(root)
    with pytest.raises(KeyMissing, match=r"revrec\.key.*REVREC_KEY"):
        book(
            root,
            lines([event("c9", "2026-04-03", "customer.registered", customer="C-9", name="Eva", person="natural", country="ES")]),
        )
    assert state(root) == before
    assert book(root, lines([GOOD])).recorded == 1
    assert checked(root) == ()


def test_a_pinned_version_cannot_be_changed_in_place(root: Path) -> None:
    policy = root / "policy.toml"
    policy.write_text(policy.read_text("utf-8").replace("expiry_months = 6", "expiry_months = 7"), "utf-8")
    with pytest.raises(FileRefused, match=r"expiry_months 6 -> 7.*new `since`"):
        book(root, lines([GOOD]))
    assert book(root, lines([session()])).recorded == 1  # what is sold keeps its version
    assert checked(root) == ()


def test_a_why_may_be_reworded(root: Path) -> None:
    policy = root / "policy.toml"
    policy.write_text(policy.read_text("utf-8").replace("Agreed for the tests", "Agreed at the meeting"), "utf-8")
    assert book(root, lines([GOOD])).recorded == 1


def test_a_role_without_account_refuses_the_event_and_names_it(root: Path) -> None:
    chart = root / "chart.beancount"
    text = chart.read_text("utf-8")
    chart.write_text(text.replace('revrec-role: "breakage"', 'revrec-role: "prior-period"', 1), "utf-8")
    book(root, b"")  # the books are made again with the new chart
    before = state(root)
    with pytest.raises(FileRefused, match=r"role breakage.*revrec-role"):
        book(root, lines([event("x", "2026-10-01", "bundle.sold", bundle="B-9", package="PSY-3", customer="C-9")]))
    assert state(root) == before
    assert book(root, lines([session()])).recorded == 1


def test_an_entry_before_its_account_opens_is_refused(root: Path) -> None:
    chart = root / "chart.beancount"
    chart.write_text(chart.read_text("utf-8").replace("1970-01-01 open", "2026-04-10 open"), "utf-8")
    before = state(root)
    visit = {"customer": "C-9", "service": "psychology", "price": "60.00", "tax": "es-health"}
    early, late = (
        event(name, day, "session.completed", session=name, **visit) for name, day in (("a", "2026-04-09"), ("b", "2026-04-10"))
    )
    with pytest.raises(FileRefused, match=r"opens on 2026-04-10, after the entry of 2026-04-09 \(session\.single\)"):
        book(root, lines([late, early]))
    assert state(root) == before
    assert book(root, lines([late])).recorded == 1


def test_a_workspace_without_its_files_is_named(root: Path) -> None:
    for name in ("policy.toml", "chart.beancount", "revrec.toml"):
        shutil.move(root / name, root.parent / name)
        with pytest.raises(RevrecError, match=name), open_workspace(root):
            pass
        shutil.move(root.parent / name, root / name)


def test_the_currency_of_recorded_books_is_not_changed_in_the_settings(root: Path) -> None:
    settings = root / "revrec.toml"
    settings.write_text(settings.read_text("utf-8").replace('currency = "EUR"', 'currency = "USD"'), "utf-8")
    with (
        pytest.raises(RevrecError, match=r"revrec\.toml: currency: these books are kept in EUR, not in USD"),
        open_workspace(root),
    ):
        pass


def test_the_history_itself_stands(root: Path) -> None:
    assert book(root, lines(HISTORY)).repeated == len(HISTORY)
    assert checked(root) == ()
