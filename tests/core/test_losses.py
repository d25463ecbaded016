"""Claims that were lost and come back, whole or in parts, with their VAT (events.md 4a, Taxed claims that are lost)."""

from __future__ import annotations

from dataclasses import replace

from revrec.core.bundle import Bundle, Claim, ClaimKind, Plan, Position, Written
from revrec.core.journal import Posting, Role
from revrec.core.losses import netted, oldest, reclaimed, restored, vat_role
from tests.core.practice import PACKAGE
from tests.core.telling import house, sold, tell

TAXED = replace(PACKAGE, tax="es-21", price=60500, list_price=6050)
UNITS, SINGLE = ClaimKind.PACKAGE, ClaimKind.SINGLE
LOSSES = (
    Written("S-1", UNITS, 6050, 1050, 0, 740000, 350),
    Written("S-2", SINGLE, 4000, 694, 694, 740001),
    Written("S-2", UNITS, 6050, 1050, 0, 740001),
)


def bundle(**money: object) -> Bundle:
    """Two sessions delivered and written off, and what the second cost beside."""
    game = house(TAXED)
    tell(game, sold())
    made = game.book.bundle("B-1")
    assert made is not None
    whole = {"lost": 12100, "delivered": 12100, "earned": 10000, "vat": 2100, "written": LOSSES}
    return made._replace(position=Position(**{**whole, **money}))


def amounts(legs: tuple[Posting, ...]) -> dict[str, int]:
    return {str(leg.role): leg.amount for leg in legs if leg.amount}


def test_an_amount_is_spread_over_losses_oldest_first():
    assert oldest(bundle(), 7000) == {0: 6050, 1: 950, 2: 0}
    assert oldest(bundle(), 99999) == {0: 6050, 1: 4000, 2: 6050}


def test_part_of_a_loss_comes_back_with_its_share_of_everything():
    after, legs = restored(bundle(), {0: 2000, 1: 1000})
    assert amounts(legs) == {"receivable": 1000, "bad-debt": 116 - 3000, "vat-output": -116}
    assert after.position.lost == 10100
    assert after.position.claims == (Claim("S-1", UNITS, 2000), Claim("S-2", SINGLE, 1000, 174))
    assert after.position.written == (
        Written("S-1", UNITS, 4050, 703, 0, 740000, 234),
        Written("S-2", SINGLE, 3000, 520, 520, 740001),
        LOSSES[2],
    )


def test_a_loss_that_comes_back_whole_is_none_any_more():
    after, legs = restored(bundle(), {0: 6050})
    assert amounts(legs) == {"bad-debt": 350 - 6050, "vat-output": -350}
    assert after.position.written == LOSSES[1:]
    assert restored(after, {}) == (after, (Posting(Role.RECEIVABLE, 0), Posting(Role.BAD_DEBT, 0), Posting(Role.VAT_OUTPUT, 0)))


def test_a_session_undone_takes_its_own_losses_back_first():
    after, legs = reclaimed(bundle(), "S-2", 6050, "bcn")
    assert amounts(legs) == {"receivable": 4000, "bad-debt": -10050}
    assert after.position.written == LOSSES[:1]
    assert {leg.branch for leg in legs} == {None}


def test_another_session_takes_what_is_lost_beyond_what_stays_delivered():
    after, legs = reclaimed(bundle(lost=9000, paid=1100), "S-9", 3000, "mad")
    assert amounts(legs) == {"bad-debt": -1000}
    assert after.position.written == (*LOSSES[:2], LOSSES[2]._replace(amount=5050, vat=876))
    assert {leg.branch for leg in legs} == {"bcn"}
    assert reclaimed(bundle(written=()), "S-2", 6050, "bcn") == (bundle(written=()), ())


def test_legs_of_one_role_at_one_branch_are_one():
    legs = (
        Posting(Role.RECEIVABLE, 500),
        Posting(Role.RECEIVABLE, -200),
        Posting(Role.RECEIVABLE, 70, branch="mad"),
        Posting(Role.RECEIVABLE, 9, customer="C-2"),
    )
    assert netted(legs) == (Posting(Role.RECEIVABLE, 300), legs[2], legs[3])


def test_the_vat_of_a_claim_stands_where_the_scheme_puts_it():
    assert vat_role(bundle()) is Role.VAT_OUTPUT
    assert vat_role(bundle()._replace(plan=Plan(cash=True))) is Role.VAT_OUTPUT_PENDING
