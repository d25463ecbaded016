"""Why an entry stands: rule, clause, standard, and formulas that give the posted amounts when anybody adds them up again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from math import floor

import pytest

from revrec.app.advance import advance
from revrec.app.explain import UnknownEntry, explain
from revrec.app.init import Answers, init
from revrec.app.practice import policy_text
from revrec.app.record import record
from revrec.app.simulate import simulate
from revrec.app.workspace import open_workspace
from revrec.core.money import parse
from revrec.core.rules import RULES
from revrec.wire.files import source

FUNCTIONS = ("round", "min", "max", "x")


def evaluate(formula):
    """The value of a formula in minor units: words are names of numbers, `x` multiplies, `round` is half up to a cent."""
    plain = re.sub(r"[^\W\d]+", lambda word: word[0] if word[0] in FUNCTIONS else "", formula)
    plain = re.sub(r"\d+(\.\d+)?", lambda number: f"F('{number[0]}')", plain).replace(" x ", " * ")
    half_up = {"F": Fraction, "round": lambda value: Fraction(floor(value * 100 + Fraction(1, 2)), 100), "min": min, "max": max}
    return eval(plain, {"__builtins__": {}}, half_up) * 100


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A year of a practice with everything that the simulation does."""
    root, now = tmp_path_factory.mktemp("simulated") / "books", datetime(2028, 1, 1, tzinfo=UTC)
    init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=now)
    (root / "policy.toml").write_text(policy_text(), "utf-8")
    events = root.parent / "events.jsonl"
    events.write_text("".join(json.dumps(event) + "\n" for event in simulate(7, 90, 9)), "utf-8")
    with open_workspace(root, environ={}) as ws:
        record(ws, [source(str(events))], now=now)
        advance(ws, datetime(2027, 12, 1, tzinfo=UTC).date(), now=now)
        yield ws


def test_the_formulas_of_every_entry_of_a_practice_give_the_posted_amounts(simulated):
    rules = set()
    for entry in simulated.store.entries():
        found = explain(simulated, f"E-{entry.number}")
        rules.add(entry.rule)
        assert [leg for leg, _ in found.legs] == list(entry.postings)
        for leg, formula in found.legs:
            assert formula.amount == leg.amount
            assert leg.role in formula.roles
            for said in formula.sum:
                assert evaluate(said) == abs(leg.amount), f"{entry.rule} E-{entry.number}: {said}"
        assert sum(formula.rest for _, formula in found.legs) <= 1, f"{entry.rule} E-{entry.number}: {found.view.legs()}"
    assert {"session.earned", "payment.bundle", "refund.issued", "breakage.expiry", "transfer.holder", "session.fee"} <= rules


def test_every_entry_of_a_bundle_names_the_policy_clauses_that_decided(simulated):
    for entry in simulated.store.entries():
        found = explain(simulated, f"E-{entry.number}")
        if entry.policy is None:
            assert found.policy is None
        elif entry.rule != "adjustment":
            assert found.policy.version == entry.policy
            assert found.clauses, entry.rule


def test_a_session_is_its_share_of_the_price_less_what_was_earned(sold, opened):
    found = explain(opened(sold), "E-3").to_json()
    assert found["rule"] == {"id": "session.earned", "en": RULES["session.earned"].en, "es": RULES["session.earned"].es} | {
        "source": "IFRS 15.31, 15.22(b), B44; PGC NRV 14; RICAC 6.1.b"
    }
    liability, revenue = found["formulas"]
    assert (revenue["role"], revenue["amount"], revenue["rest"]) == ("revenue-package", "-50.00", False)
    assert revenue["en"] == ("share of the price, 2 of 10 units used: round(500.00 price x 2 / 10) - 50.00 earned before = 50.00")
    assert revenue["es"] == (
        "parte del precio, 2 de 10 unidades usadas: round(500.00 precio x 2 / 10) - 50.00 devengado antes = 50.00"
    )
    assert liability["en"] == "as far as it was prepaid: min(50.00 earned, 450.00 contract liability) = 50.00"
    assert found["event"]["type"] == "session.completed"
    assert (found["policy"]["policy"], found["policy"]["since"]) == ("standard", "2026-01-01")
    assert [clause["rule"] for clause in found["policy"]["clauses"]] == ["revenue", "free-units"]


def test_a_payment_settles_what_was_delivered_first(desk, opened):
    desk("2026-03-02", "bundle.sold", bundle="B-1", package="PSY-10", customer="C-1")
    desk("2026-03-03", "session.completed", session="S-1", bundle="B-1")
    desk("2026-03-04", "payment.received", payment="P-1", bundle="B-1", amount="520.00", method="cash")
    legs = {leg.role.value: formula.sum.en for leg, formula in explain(opened(desk), "E-2").legs}
    assert legs == {
        "cash": "520.00",
        "receivable": "min(520.00 received, 50.00 receivable)",
        "contract-liability": "500.00 price - 0.00 paid before - 50.00 claims settled",
        "customer-credit": "520.00 received - 50.00 claims settled - 450.00 towards the price",
    }


def test_a_refund_shows_the_quote_of_its_day(sold, opened):
    sold("2026-04-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")
    legs = {leg.role.value: formula.sum.en for leg, formula in explain(opened(sold), "E-4").legs}
    assert legs["bank"] == "max(500.00 paid - round(500.00 price x 2 / 10), 0)"


def test_a_mirror_says_what_it_mirrors_and_the_mirrored_who_corrects_it(sold, opened):
    sold("2026-04-01", "session.reversed", session="S-2", reason="wrong client")
    ws = opened(sold)
    undone = explain(ws, "E-4")
    assert {formula.about.en for _, formula in undone.legs} == {"mirror of E-3"}
    assert "Corrects E-3" in list(undone.lines())
    assert "Corregido por E-4" in list(explain(ws, "E-3").lines())


def test_units_beyond_the_bundle_show_the_list_price_and_the_clause(sold, opened):
    sold("2026-04-01", "session.completed", session="S-3", bundle="B-1", quantity="9")
    found = explain(opened(sold), "E-4")
    single = [formula.sum.en for leg, formula in found.legs if leg.role.value in ("receivable", "revenue-single")]
    assert single == ["round(60.00 list price x 1)"] * 2
    assert [clause.rule for clause in found.clauses] == ["revenue", "free-units", "overage"]


def test_what_the_calendar_released_names_the_sale_and_the_last_day(sold, opened):
    sold.advance("2026-10-01")
    found = explain(opened(sold), "E-4")
    assert (found.event.type, found.view.entry.rule) == ("bundle.sold", "breakage.expiry")
    assert {formula.about.en for _, formula in found.legs} == {"what is left of the price"}
    assert {evaluate(formula.sum.en) for _, formula in found.legs} == {40_000}
    assert any("15 days of grace" in clause.words.en for clause in found.clauses)


def test_a_late_entry_says_the_day_it_belongs_to(sold, opened):
    sold("2026-04-01", "period.closed", period="2026-03", approver="A")
    sold("2026-04-02", "session.completed", session="S-3", bundle="B-1", effective_date="2026-03-25")
    found = explain(opened(sold), "E-4")
    assert "Late: it belongs to 2026-03-25" in list(found.lines())
    assert "Tardío: corresponde al 2026-03-25" in list(found.lines())


def test_an_adjustment_says_that_its_approver_decided(sold, opened):
    legs = [{"role": "contract-liability", "amount": "1.00", "bundle": "B-1"}, {"role": "breakage", "amount": "-1.00"}]
    sold("2026-04-01", "adjustment.posted", postings=legs, reason="rounding of the old system", approver="A")
    found = explain(opened(sold), "E-4")
    assert {formula.about.es for _, formula in found.legs} == {"como dice quien lo aprueba"}
    assert found.clauses == ()


def test_one_language_may_be_asked_for(sold, opened):
    spanish = explain(opened(sold), "E-1", ("es",))
    said = "\n".join(spanish.lines())
    assert "haber contract-liability 500.00" in said
    assert "credit" not in said
    assert "en" not in spanish.to_json()["rule"]


@pytest.mark.parametrize("name", ["E-99", "S-1", "", "E-", "entry:E-0"])
def test_what_is_no_entry_is_refused_and_the_last_one_named(sold, opened, name):
    with pytest.raises(UnknownEntry, match="the last one is E-3"):
        explain(opened(sold), name)


def test_an_entry_may_be_named_as_trace_names_it(sold, opened):
    assert explain(opened(sold), "entry:E-1").view.name == "E-1"


def test_the_reader_of_formulas_can_fail():
    assert evaluate("round(500.00 price x 1 / 3) - 0.00 earned before") == parse("166.67", "EUR")
    assert evaluate("max(1.00 paid - 2.00, 0)") == 0
    assert evaluate("121.00 con impuesto - round(121.00 con impuesto x 100 / (100 + 21))") == 2100
    assert evaluate("0.01 + 0.02") != parse("0.02", "EUR")
