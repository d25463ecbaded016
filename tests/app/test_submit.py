"""The outbox against the local tax office: every record there once, in order, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from einvoice.keys import load
from einvoice.sandbox.aeat import PATH, Office, Register
from einvoice.sandbox.faults import PASSING, Fault, Kind, Plan
from einvoice.sandbox.pki import Authority, Holder, valid
from einvoice.sandbox.server import Server
from einvoice.transport import Limits, Transport
from revrec.app import amend, outbox, report, standing, submit
from revrec.app.register import Filed, Standing, register
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.store.papers import Papers
from tests.app.desk import NOW, Desk, paid, registered, sold

COMPANY = Holder("Titular", "de Pruebas", "00000000T", "Centro de Pruebas SL", "B64717838")


class Clock:
    """Time that passes only when somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A certificate authority, its server, its trust file and the taxpayer's signer: made once."""
    today = datetime.now(UTC)
    authority, folder = Authority.create(today), tmp_path_factory.mktemp("pki")
    (folder / "ca.pem").write_bytes(authority.trusted_pem())
    (folder / "client.p12").write_bytes(authority.client(COMPANY, valid(today)).pkcs12("secret"))
    signer = load(folder / "client.p12", "secret", today)
    return SimpleNamespace(authority=authority, host=authority.server(valid(today)), trust=folder / "ca.pem", signer=signer)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def aeat(official: None, clock: Clock) -> Office:
    return Office(Register(), clock)


@pytest.fixture
def office(aeat: Office, people: SimpleNamespace) -> Iterator[submit.Office]:
    transport = Transport(people.signer, trust=people.trust, limits=Limits(connect=5, answer=5))
    with Server(aeat, people.host, people.authority.trusted_pem()) as server:
        yield submit.Office(server.address + PATH, transport)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "books")
    made.say(registered("C-1", tax_id="12345678Z"))
    return made


def invoices(desk: Desk, count: int, first: int = 1, at: datetime = NOW) -> None:
    rows = []
    for n in range(first, first + count):
        rows += [sold(f"B-{n}", "TAXED"), paid(f"P-{n}", f"B-{n}", "100.00")]
    desk.say(*rows, at=at)


def send(desk: Desk, office: submit.Office, clock: Clock, *, wait: bool = True) -> submit.Submitted:
    with open_workspace(desk.root) as ws:
        return submit.submit(ws, office, now=clock, sleep=clock.sleep if wait else None)


def numbers(aeat: Office) -> list[str]:
    return [stored.key.number for stored in aeat.records()]


def settled(desk: Desk, aeat: Office) -> None:
    """Nothing waits, every record of the books is at the office once, the office saw a good sender, the states add up."""
    with open_workspace(desk.root) as ws:
        papers = Papers(ws.store)
        assert list(papers.open_records()) == []
        assert numbers(aeat) == [row.number for row in papers.records()]
        assert outbox.strays(papers, "B64717838") == ()
    assert aeat.violations() == ()


def test_records_arrive_in_order_and_are_accepted(desk: Desk, aeat: Office, office: submit.Office, clock: Clock) -> None:
    invoices(desk, 3)
    done = send(desk, office, clock)
    assert [turn.outcome for turn in done.turns] == [outbox.Outcome.ANSWERED]
    assert (done.waiting, done.again_at) == (0, None)
    assert numbers(aeat) == ["F2026-000001", "F2026-000002", "F2026-000003"]
    settled(desk, aeat)


def test_the_next_message_waits_as_the_answer_asks(desk: Desk, aeat: Office, office: submit.Office, clock: Clock) -> None:
    aeat.plan.add(Fault.of(Kind.WAIT, 200))
    invoices(desk, 1)
    send(desk, office, clock)
    invoices(desk, 1, first=2)
    clock.sleep(100)
    early = send(desk, office, clock, wait=False)
    assert (early.turns, early.waiting, early.again_at) == ((), 1, NOW + timedelta(seconds=200))
    send(desk, office, clock)
    assert clock.now >= NOW + timedelta(seconds=200)
    settled(desk, aeat)


def test_a_wait_is_never_cut_short_by_the_second_in_which_it_began(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    aeat.plan.add(Fault.of(Kind.WAIT, 1))
    invoices(desk, 1)
    clock.sleep(0.95)
    send(desk, office, clock)
    invoices(desk, 1, first=2)
    clock.sleep(0.1)
    assert send(desk, office, clock, wait=False).turns == ()
    send(desk, office, clock)
    settled(desk, aeat)


@pytest.mark.parametrize("kind", PASSING)
def test_whatever_goes_wrong_on_the_way_each_record_is_there_once(
    kind: Kind, desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    aeat.plan.add(Fault.of(kind, 0.2 if kind is Kind.SLOW else None))
    invoices(desk, 3)
    send(desk, office, clock)
    settled(desk, aeat)


def test_a_lost_answer_is_resolved_by_the_duplicate_reply(desk: Desk, aeat: Office, office: submit.Office, clock: Clock) -> None:
    aeat.plan.add(Fault.of(Kind.DROP_AFTER))
    invoices(desk, 2)
    done = send(desk, office, clock)
    assert [turn.outcome for turn in done.turns] == [outbox.Outcome.UNKNOWN, outbox.Outcome.ANSWERED]
    assert done.turns[1].message.incident
    with open_workspace(desk.root) as ws:
        assert {state.state for state in Papers(ws.store).states().values()} == {"accepted"}
    settled(desk, aeat)


def test_an_office_that_is_away_is_an_incident_and_nothing_is_lost(
    desk: Desk, aeat: Office, people: SimpleNamespace, office: submit.Office, clock: Clock
) -> None:
    invoices(desk, 2)
    nowhere = submit.Office("https://127.0.0.1:9/", office.transport)
    done = send(desk, nowhere, clock, wait=False)
    assert [turn.outcome for turn in done.turns] == [outbox.Outcome.NOT_SENT]
    with open_workspace(desk.root) as ws:
        found = standing.status(ws, now=clock())
    assert (found.incident, found.waiting) == (True, 2)
    clock.sleep(3600)
    done = send(desk, office, clock)
    assert done.turns[0].message.incident
    settled(desk, aeat)


def test_what_an_incident_delayed_and_what_it_did_not_go_in_different_messages(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    invoices(desk, 1)
    clock.sleep(600)
    invoices(desk, 1, first=2, at=clock.now)
    done = send(desk, office, clock)
    assert [(turn.message.first, turn.message.last, turn.message.incident) for turn in done.turns] == [
        (1, 1, True),
        (2, 2, False),
    ]
    settled(desk, aeat)


def test_a_rejected_record_does_not_block_the_others_and_is_amended(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    aeat.plan.add(Fault.of(Kind.PARTIAL))
    invoices(desk, 2)
    send(desk, office, clock)
    with open_workspace(desk.root) as ws:
        found = standing.status(ws, now=clock())
        (stuck,) = found.stuck
        assert stuck.state.code == "1100"
        assert found.counts == {"accepted": 1, "rejected": 1}
        assert [each.listed.number for each in register(ws, Filed(), Standing.STUCK, 1).documents] == [stuck.number]
        amended = amend.amend(ws, stuck.number, now=clock())
        assert amended.amends == "Subsanacion, RechazoPrevio X"
    send(desk, office, clock)
    with open_workspace(desk.root) as ws:
        assert standing.status(ws, now=clock()).stuck == ()
        assert register(ws, Filed(), None, 1).sums[Standing.ACCEPTED].documents == 2
        assert [row[-1] for row in report.run(ws, "invoices", NOW.date(), NOW.date()).rows] == ["accepted", "accepted"]
    assert sorted(numbers(aeat)) == ["F2026-000001", "F2026-000002"]
    assert aeat.violations() == ()


def test_a_message_that_is_refused_as_a_whole_stops_the_sender_and_says_why(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    aeat.plan.add(Fault.of(Kind.CLIENT))
    invoices(desk, 1)
    done = send(desk, office, clock)
    assert [turn.outcome for turn in done.turns] == [outbox.Outcome.FAULT]
    with open_workspace(desk.root) as ws:
        (stuck,) = standing.status(ws, now=clock()).stuck
    assert stuck.state.code == "4102"
    clock.sleep(61)
    send(desk, office, clock)
    settled(desk, aeat)


def test_an_invoice_that_should_never_have_been_is_taken_back(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    invoices(desk, 1)
    send(desk, office, clock)
    with open_workspace(desk.root) as ws:
        amend.cancel(ws, "F2026-000001", now=clock())
    send(desk, office, clock)
    assert [stored.kind for stored in aeat.records()] == ["Alta", "Anulacion"]
    assert aeat.violations() == ()


def test_a_thousand_records_go_at_once_and_the_rest_after_the_wait(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock
) -> None:
    invoices(desk, 1003)
    done = send(desk, office, clock)
    assert [turn.message.last - turn.message.first + 1 for turn in done.turns] == [1000, 3]
    settled(desk, aeat)


def test_one_sender_a_chain(desk: Desk, office: submit.Office, clock: Clock) -> None:
    invoices(desk, 1)
    with open_workspace(desk.root) as ws, submit.sender(ws), pytest.raises(submit.AnotherSender, match="another process"):
        submit.submit(ws, office, now=clock)


def test_a_message_without_answer_after_a_crash_is_sent_again(
    desk: Desk, aeat: Office, office: submit.Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices(desk, 2)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(submit._Sender, "_end", crash)
        with pytest.raises(KeyboardInterrupt):
            send(desk, office, clock)
    assert len(numbers(aeat)) == 2
    send(desk, office, clock)
    assert len(numbers(aeat)) == 2
    with open_workspace(desk.root) as ws:
        assert {state.state for state in Papers(ws.store).states().values()} == {"accepted"}


def test_many_faults_at_random_lose_nothing(desk: Desk, aeat: Office, office: submit.Office, clock: Clock) -> None:
    kinds = [kind for kind in PASSING if kind is not Kind.SLOW]
    aeat.plan = Plan(rate=0.6, seed=7, kinds=kinds)
    for n in range(6):
        invoices(desk, 3, first=1 + 3 * n, at=clock.now)
        send(desk, office, clock)
    settled(desk, aeat)


def test_a_tampered_state_is_named(desk: Desk, aeat: Office, office: submit.Office, clock: Clock) -> None:
    invoices(desk, 1)
    send(desk, office, clock)
    with open_workspace(desk.root) as ws:
        papers = Papers(ws.store)
        with ws.store.transaction():
            papers.put_states([papers.states()[1]._replace(state="rejected")])
        assert outbox.strays(papers, "B64717838") == ("record 1",)
        assert [found.where for found in verify(ws) if found.code == "derived.state"] == ["record 1"]
