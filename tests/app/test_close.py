"""Closing a month: the checklist, the facts that are kept, and what it then protects."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from revrec.app import report
from revrec.app.advance import InTheFuture, advance
from revrec.app.checklist import AgendaUnreadable, Evidence
from revrec.app.close import ChecklistFailed, ClosedAlready, NoPeriod, check, close, digest_of
from revrec.app.init import Answers, init
from revrec.app.workspace import open_workspace
from revrec.core.errors import Refused
from revrec.store import checks
from tests.app.shelf import HISTORY, NOW, POLICY, book, checked, copied, event, lines, prepare, tamper


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("shelf") / "books")


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


def test_a_month_is_closed_with_its_evidence(root: Path) -> None:
    with open_workspace(root) as ws:
        done = close(ws, "2026-03", approver="A. Perez", now=NOW)
        assert [check.number for check in done.checks if check.passed] == list(range(1, 18))
        assert ws.store.head().digest.hex() == done.digest
        [february, march] = ws.store.periods()
        assert (february.period, march.period) == (date(2026, 2, 1), date(2026, 3, 1))
        assert sorted(march.files) == [f"journal/2026/2026-03-{day:02}.beancount" for day in (1, 2, 3)]
        closing = ws.store.event(march.seq)
        assert closing is not None
        assert (closing.id, closing.source, closing.digest) == ("close-2026-03-1", "revrec", march.head)
    assert checked(root) == ()


def test_nothing_is_dated_in_a_closed_month_any_more(root: Path) -> None:
    with open_workspace(root) as ws:
        [entry] = ws.store.entries_of(event_id="u5")
    assert (entry.date, entry.effective, entry.late) == (date(2026, 3, 1), date(2026, 2, 20), True)


def test_a_month_that_has_not_ended_stays_open(root: Path) -> None:
    with open_workspace(root) as ws, pytest.raises(Refused, match="ends on 2026-11-30"):
        close(ws, "2026-11", approver="A", now=NOW)
    with open_workspace(root) as ws, pytest.raises(NoPeriod, match="2026-01"):
        close(ws, "november", approver="A", now=NOW)


def test_a_failed_item_needs_a_reason_which_is_kept(root: Path) -> None:
    path = root / "journal/2026/2026-03-02.beancount"
    path.write_bytes(path.read_bytes() + b"; by hand\n")
    with open_workspace(root) as ws:
        with pytest.raises(ChecklistFailed, match=r"files as written.*2026-03-02") as failed:
            close(ws, "2026-03", approver="A", now=NOW)
        assert "--reason" in str(failed.value)
        assert ws.store.head().closed_through == date(2026, 2, 28)
        close(ws, "2026-03", approver="A", reason="seen, a comment", now=NOW)
        [closing] = ws.store.events_by_id("close-2026-03-1")
        assert ws.store.unsealed(closing) == {"note": "seen, a comment"}
        assert closing.event["data"]["metadata"]["failed-items"] == "15"


def test_damage_in_the_store_fails_the_checklist(root: Path) -> None:
    tamper(root, "UPDATE balances SET amount = amount + 1 WHERE role = 'contract-liability' AND month = '2026-02'")
    with open_workspace(root) as ws, pytest.raises(ChecklistFailed, match=r"difference -0\.01"):
        close(ws, "2026-03", approver="A", now=NOW)


def test_a_month_opened_again_is_closed_under_the_next_number(root: Path) -> None:
    again = event("r1", "2026-05-02", "period.reopened", period="2026-03", approver="A", reason="forgotten")
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
    book(
        root,
        lines([again, event("x", "2026-03-20", "payment.received", payment="P-9", customer="C-1", amount="9", method="cash")]),
    )
    assert checked(root) == ()
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A", now=NOW)
        assert ws.store.events_by_id("close-2026-03-2")
        assert "journal/2026/2026-03-20.beancount" in ws.store.periods()[-1].files
    assert checked(root) == ()


def test_the_calendar_runs_beyond_today_only_when_asked(root: Path) -> None:
    with open_workspace(root) as ws:
        with pytest.raises(InTheFuture, match="--future"):
            advance(ws, date(2027, 6, 30), now=NOW)
        done = advance(ws, date(2027, 6, 30), future=True, now=NOW)
        assert done.calendar == date(2027, 6, 30)
        event_ids = [event.id for event in ws.store.events()][-1:]
    assert event_ids == ["advance-2027-06-30"]
    assert checked(root) == ()


def test_today_is_that_of_the_taxpayer(root: Path) -> None:
    with open_workspace(root) as ws:
        late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
        assert advance(ws, date(2026, 12, 1), now=late).calendar == date(2026, 12, 1)


def outcome(done, number):
    [check] = [check for check in done.checks if check.number == number]
    return f"{check.outcome}: {check.evidence}"


def test_the_calendar_runs_to_the_end_of_the_month_before_it_is_checked(tmp_path: Path) -> None:
    root = tmp_path / "books"
    init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
    (root / "policy.toml").write_text(POLICY.replace("expiry_months = 6", "expiry_months = 1"), "utf-8")
    book(root, lines(each for each in HISTORY if "2026-01-20" < each["time"] < "2026-02-04"))
    with open_workspace(root) as ws:
        close(ws, "2026-02", approver="A", now=NOW)
        assert [event.id for event in ws.store.events()][-2:] == ["advance-2026-02-28", "close-2026-02-1"]
        done = close(ws, "2026-03", approver="A", now=NOW)
        assert outcome(done, 4) == "pass: the calendar stands at 2026-11-20; 1 bundle concerned, none waits"
        assert [f"{entry.date} {entry.rule}" for entry in ws.store.entries()][-1] == "2026-03-02 breakage.expiry"
    assert checked(root) == ()


def test_a_refused_close_leaves_the_calendar_where_it_was(root: Path) -> None:
    with open_workspace(root) as ws:
        before = ws.store.head()
        with pytest.raises(ChecklistFailed):
            close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(psp_balance=1))
        with pytest.raises(Refused, match="while 2026-03 with entries is open"):
            close(ws, "2026-04", approver="A", now=NOW)
        assert ws.store.head() == before


def test_the_payment_service_reports_what_the_books_say(root: Path) -> None:
    with open_workspace(root) as ws:
        with pytest.raises(ChecklistFailed, match=r"FAIL 2 .*books 150.00, reported 149.00, difference 1.00 EUR"):
            close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(psp_balance=14_900))
        done = close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(psp_balance=15_000, vat_book=0, withholding=0))
    assert [outcome(done, number)[:4] for number in (2, 10, 11)] == ["pass"] * 3


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("S-5\n", ""),
        ("session\nS-5\nS-6\n", ""),
        ("date,session\n2026-02-27,S-99\n2026-03-02T10:00,S-5\n", ""),
        ("S-5\nS-7\n", "in the agenda and not recorded: S-7"),
        ("session,date\n,2026-03-04\n", "recorded and not in the agenda: S-5"),
    ],
)
def test_the_agenda_and_the_books_know_the_same_sessions(root: Path, tmp_path: Path, text: str, wrong: str) -> None:
    agenda = tmp_path / "agenda.csv"
    agenda.write_text(text, "utf-8")
    with open_workspace(root) as ws:
        if wrong:
            with pytest.raises(ChecklistFailed, match=wrong):
                close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(agenda))
        else:
            done = close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(agenda))
            assert re.search("sessions? of the agenda (is|are) recorded", outcome(done, 1))


def test_an_agenda_without_sessions_is_no_agenda(root: Path, tmp_path: Path) -> None:
    agenda = tmp_path / "agenda.csv"
    agenda.write_text("day,who\n2026-03-02,x\n", "utf-8")
    for path in (agenda, tmp_path / "none.csv"):
        with open_workspace(root) as ws, pytest.raises(AgendaUnreadable, match="one session id a line"):
            close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(path))


def test_late_events_leave_every_closed_file_as_it_was(root: Path) -> None:
    with open_workspace(root) as ws:
        done = close(ws, "2026-03", approver="A", now=NOW)
    closed = {path: path.read_bytes() for month in ("02", "03") for path in root.glob(f"journal/2026/2026-{month}-*.beancount")}
    assert len(closed) > 5
    late = (
        event("l1", "2026-05-02", "session.completed", session="S-20", bundle="B-1", effective_date="2026-02-21"),
        event("l2", "2026-05-02", "payment.received", payment="P-20", bundle="B-2", amount="50.00", method="cash"),
        event("l3", "2026-05-03", "session.reversed", session="S-2", reason="wrong", effective_date="2026-03-05"),
    )
    for each in late:
        book(root, lines([each]), f"{each['id']}.jsonl")
        assert {path: path.read_bytes() for path in closed} == closed
    assert sorted(root.glob("journal/2026/2026-03-*")) == sorted(path for path in closed if "2026-03" in path.name)
    with open_workspace(root) as ws:
        latest = ws.store.periods()[-1]
        assert digest_of(latest) == done.period_digest
        assert all(entry.date.month > 3 for entry in ws.store.entries() if entry.event in ("l1", "l2", "l3"))
    assert checked(root) == ()


def test_the_checklist_as_a_report_says_what_a_closing_would_find(root: Path) -> None:
    with open_workspace(root) as ws:
        table = report.run(ws, "checklist", date(2026, 3, 31), date(2026, 3, 31))
        assert [row[0] for row in table.rows] == [f"{number:>2}" for number in range(1, 18)]
        assert table.findings == ()
        ahead = report.run(ws, "checklist", date(2026, 8, 31), date(2026, 8, 31))
        assert ahead.findings == ("4 expiries and grace ends: not booked: B-1, B-2. Hint: `revrec advance --to 2026-08-31`",)


def test_a_closed_month_is_said_to_be_closed_before_anything_is_checked(root: Path) -> None:
    with open_workspace(root) as ws:
        before = ws.store.head()
        with pytest.raises(ClosedAlready, match=r"^period 2026-02 is closed already, through 2026-02-28\. To change it") as said:
            close(ws, "2026-02", approver="A", now=NOW, evidence=Evidence(psp_balance=100))
        assert "FAIL" not in str(said.value)
        assert ws.store.head() == before


def test_cash_beyond_the_legal_limit_is_a_finding_until_it_is_answered_for(desk, opened) -> None:
    desk("2026-03-02", "payment.received", payment="P-1", customer="C-1", amount="999.99", method="cash")
    desk("2026-03-03", "payment.received", payment="P-2", customer="C-1", amount="1000.00", method="cash")
    desk("2026-03-03", "payment.received", payment="P-3", customer="C-1", amount="1000.00", method="transfer")
    visit = {"customer": "C-2", "service": "psychology", "tax": "es-health"}
    desk("2026-03-04", "session.completed", session="V-1", price="1200.00", **visit)
    desk("2026-03-04", "payment.received", payment="P-4", session="V-1", amount="600.00", method="cash")
    desk("2026-03-05", "payment.received", payment="P-5", customer="C-1", amount="5000.00", method="cash")
    desk("2026-03-05", "payment.reversed", payment="P-5", reason="mistake", approver="manager")
    person = {"person": "natural", "country": "FR"}
    desk("2026-03-06", "customer.registered", customer="C-3", name="Zoé", **person)
    desk("2026-03-06", "payment.received", payment="P-6", customer="C-3", amount="1500.00", method="cash")
    ws = opened(desk)
    with pytest.raises(ChecklistFailed, match=r"FAIL 17 cash limit: .*: payment P-2, P-4\n"):
        close(ws, "2026-03", approver="A", now=NOW)
    close(ws, "2026-03", approver="A", reason="seen, told the customers", now=NOW)
    [closing] = ws.store.events_by_id("close-2026-03-1")
    assert closing.event["data"]["metadata"]["failed-items"] == "17"


def _said(ws, item: int, day: date) -> str:
    [row] = [row for row in report.run(ws, "checklist", day, day).rows if row[0] == f"{item:>2}"]
    return f"{row[1]} {row[3]}"


def test_a_till_that_gave_back_more_than_it_took_is_a_negative_balance_until_the_accountant_filled_it(sold, opened) -> None:
    march = date(2026, 3, 31)
    sold("2026-03-25", "refund.issued", refund="R-1", bundle="B-1", method="cash")
    ws = opened(sold)
    assert _said(ws, 14, march) == "FAIL cash stands at -400.00 EUR"
    (cash,) = [account.name for account in ws.chart.accounts if account.role == "cash"]
    (bank,) = [account.name for account in ws.chart.accounts if account.role == "bank"]
    entry = f'2026-03-24 * "Change for the till"\n  {cash}  400.00 EUR\n  {bank}  -400.00 EUR\n'
    (ws.root / "manual" / "2026.beancount").write_text(entry, "utf-8")
    assert _said(ws, 14, march) == "pass none"


def test_money_of_another_currency_waits_for_the_rate_of_the_years_end(sold, opened) -> None:
    sold(
        "2026-10-01",
        "payment.received",
        payment="P-7",
        customer="C-1",
        amount="100.00",
        method="transfer",
        currency="USD",
        rate="0.9",
    )
    ws = opened(sold)
    assert _said(ws, 9, date(2026, 10, 31)) == "pass USD held and not revalued this month: due at the end of the year"
    assert _said(ws, 9, date(2026, 12, 31)).startswith("FAIL USD held and not revalued this month: record `currency.revalued`")
    sold("2026-10-31", "currency.revalued", currency="USD", rate="0.95")
    assert _said(opened(sold), 9, date(2026, 10, 31)).startswith("pass revalued: E-")


def test_the_checklist_is_kept_with_the_closing_and_its_digest_in_the_chain(root: Path) -> None:
    with open_workspace(root) as ws:
        done = close(ws, "2026-03", approver="A. Perez", now=NOW)
        [closing] = ws.store.events_by_id("close-2026-03-1")
        kept = checks.closings(ws.store)[closing.seq]
    assert kept.checks == done.checks
    assert closing.event["data"]["metadata"] == {"checklist": kept.digest}
    assert checked(root) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE checklists SET content = CAST(replace(content, 'none waits', 'some wait') AS BLOB)", "checklist.changed"),
        ("DELETE FROM checklists", "checklist.missing"),
        ("UPDATE checklists SET seq = 1", "checklist.stray"),
        ("UPDATE checklists SET content = x'00'", "row.unreadable"),
    ],
)
def test_a_kept_checklist_that_was_changed_is_found(root: Path, change: str, code: str) -> None:
    with open_workspace(root) as ws:
        close(ws, "2026-03", approver="A. Perez", now=NOW)
    tamper(root, change)
    assert code in {finding.code for finding in checked(root)}


def test_a_refused_closing_keeps_what_it_found_and_nothing_else(root: Path) -> None:
    with open_workspace(root) as ws:
        before = ws.store.head()
        with pytest.raises(ChecklistFailed) as refused:
            close(ws, "2026-03", approver="A", now=NOW, evidence=Evidence(psp_balance=1))
        run = checks.latest_run(ws.store, "2026-03")
        assert run is not None
        assert (run.seq, run.checks) == (before.seq, refused.value.checks)
        assert ws.store.head() == before
    assert checked(root) == ()


def test_a_checklist_is_run_without_closing_and_the_newest_is_kept(root: Path) -> None:
    with open_workspace(root) as ws:
        before = ws.store.head()
        assert [each.number for each in check(ws, "2026-03", now=NOW) if not each.passed] == []
        again = check(ws, "2026-03", now=NOW, evidence=Evidence(psp_balance=1))
        run = checks.latest_run(ws.store, "2026-03")
        assert run is not None
        assert run.checks == again
        assert [each.number for each in again if not each.passed] == [2]
        assert ws.store.head() == before
        with pytest.raises(ClosedAlready):
            check(ws, "2026-02", now=NOW)
        assert len(check(ws, "2026-11", now=NOW)) == 17, "a month that has not ended is checked as it stands"
    assert checked(root) == ()
