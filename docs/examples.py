"""The stories of the posting-rule book, one event after the other; the numbers beside them are the engine's."""  # noqa: INP001  docs is no package

from __future__ import annotations

from typing import Any

from docs.worked import BRANCH, Example, Fact

BY = {"approver": "Owner"}


def sold(day: str = "01-05", **data: Any) -> Fact:
    """B-1 of 10 sessions to C-1."""
    return day, "bundle.sold", {"bundle": "B-1", "package": "PSY-10", "customer": "C-1", **data}


def paid(amount: str = "500.00", day: str = "01-05", payment: str = "P-1", **data: Any) -> Fact:
    """Money by transfer for B-1."""
    target = {} if data.keys() & {"customer", "session"} else {"bundle": "B-1"}
    return day, "payment.received", {"payment": payment, "amount": amount, "method": "transfer", **target, **data}


def used(day: str, session: str = "S-1", **data: Any) -> Fact:
    """A session of B-1."""
    return day, "session.completed", {"session": session, "bundle": "B-1", **data}


def visit(day: str = "01-10", price: str = "60.00", tax: str = "es-health", **data: Any) -> Fact:
    """A one-off visit of C-1."""
    return day, "session.completed", {"session": "V-1", "customer": "C-1", "service": "care", "price": price, "tax": tax, **data}


def told(day: str, kind: str, **data: Any) -> Fact:
    """Anything else."""
    return day, kind, data


def until(day: str) -> Fact:
    """The calendar runs."""
    return day, "calendar.advanced", {"to": day if len(day) > len("01-05") else f"2026-{day}"}


TAXED = {"tax": "es-21", "package": {"price": "605.00", "list_price": "72.60"}}
BINDING = {"obligation": "noncancellable"}
WINDOW = {"refund": "window", "refund_window_days": 14}
AGENT = {"principal": False, "commission_rate": "0.30", "commission_tax": "es-21"}

EXAMPLES = (
    Example("bundle.sold", "The customer may still walk away: nothing is owed before money or use", (sold(),)),
    Example("bundle.sold", "A contract that binds: the price is due at once", (sold(), paid(day="01-20")), BINDING),
    Example(
        "bundle.sold",
        "A contract that binds, in instalments: each is due on its day",
        (
            sold(instalments=[{"due_on": "2026-01-05", "amount": "200.00"}, {"due_on": "2026-02-05", "amount": "300.00"}]),
            until("02-05"),
        ),
        BINDING,
    ),
    Example(
        "bundle.sold",
        "A contract that binds, taxed: VAT waits for money or delivery",
        (sold(), paid("605.00", "01-20")),
        BINDING,
        **TAXED,
    ),
    Example(
        "bundle.sold",
        "A discount lowers the price of every session",
        (sold(discount={"code": "SPRING", "amount": "50.00"}), paid("450.00"), used("01-12")),
    ),
    Example(
        "bundle.sold",
        "Three and one free: the free session earns its share",
        (sold(), paid("300.00"), used("01-12")),
        package={"units": 3, "bonus_units": 1, "price": "300.00"},
    ),
    Example(
        "bundle.sold",
        "Nothing for the free unit",
        (sold(), paid("300.00"), used("01-12")),
        {"bonus": "last"},
        {"units": 3, "bonus_units": 1, "price": "300.00"},
    ),
    Example(
        "bundle.sold",
        "Two payers",
        (
            sold(payers=[{"customer": "C-1", "amount": "100.00"}, {"customer": "INS-1", "amount": "400.00"}]),
            paid("400.00", payer="INS-1"),
            used("01-12"),
        ),
        BINDING,
    ),
    Example(
        "bundle.opened",
        "A bundle that was sold before these books began",
        (
            told(
                "01-01",
                "bundle.opened",
                bundle="B-1",
                package="PSY-10",
                customer="C-1",
                units_left=4,
                deferred="200.00",
                sold_on="2025-11-03",
                proof="List of 31 December",
            ),
            used("01-12"),
        ),
    ),
    Example(
        "bundle.voided",
        "A sale made by mistake",
        (sold(), told("01-06", "bundle.voided", bundle="B-1", reason="typed twice", **BY)),
        BINDING,
    ),
    Example("payment.received", "Money before use is owed as sessions", (sold(), paid())),
    Example("payment.received", "Taxed: the VAT of what was collected is due at once", (sold(), paid("242.00")), **TAXED),
    Example("payment.received", "Beyond the price: the customer's credit", (sold(), paid("520.00"))),
    Example("payment.received", "Recognised at purchase", (sold(), paid(), used("01-12")), {"recognition": "at_purchase"}),
    Example("payment.received", "For nothing in particular: the customer's credit", (paid("100.00", customer="C-1"),)),
    Example("payment.received", "Part of it kept back as income tax", (sold(), paid("425.00", withheld="75.00"))),
    Example("payment.received", "With a tip for the staff", (visit(), paid("65.00", "01-10", session="V-1", tip="5.00"))),
    Example(
        "payment.received",
        "Validity from the first payment",
        (sold(), paid(day="02-01"), until("03-01")),
        {"expiry_from": "payment", "expiry_months": 1},
    ),
    Example(
        "payment.reversed",
        "The bank took the money back",
        (sold(), paid(), used("01-12"), told("01-20", "payment.reversed", payment="P-1", reason="returned", **BY)),
    ),
    Example(
        "payment.failed",
        "Nothing is posted",
        (sold(), told("01-05", "payment.failed", payment="P-1", amount="500.00", method="card", bundle="B-1", code="declined")),
    ),
    Example("session.completed", "A session earns its share of the price", (sold(), paid(), used("01-12"), used("01-19", "S-2"))),
    Example("session.completed", "Beyond the money paid: a claim", (sold(), paid("20.00"), used("01-12"))),
    Example(
        "session.completed",
        "Beyond the money paid, invoiced by payment: a contract asset",
        (sold(), used("01-12"), paid("50.00", "01-13")),
        {"invoicing": "per_payment"},
    ),
    Example(
        "session.completed",
        "Taxed, delivered before any money: VAT that day, and no more when paid",
        (sold(), used("01-12"), paid("605.00", "01-20")),
        **TAXED,
    ),
    Example(
        "session.completed",
        "A multi-purpose voucher: VAT at each use",
        (sold(), paid("605.00"), used("01-12", service="care", tax="es-21")),
        tax="es-21-multi",
        package=TAXED["package"],
    ),
    Example(
        "session.completed",
        "More than is left: charged at list price",
        (sold(), paid("100.00"), used("01-12", quantity="3")),
        package={"units": 2, "price": "100.00"},
    ),
    Example(
        "session.completed",
        "More than is left: absorbed",
        (sold(), paid("100.00"), used("01-12", quantity="3")),
        {"overage": "absorb"},
        {"units": 2, "price": "100.00"},
    ),
    Example(
        "session.completed",
        "A surcharge, and what the provider is owed",
        (sold(), paid(), used("01-12", provider="T-1", cost="30.00", surcharge={"amount": "10.00", "tax": "es-health"})),
    ),
    Example("session.completed", "A one-off visit, paid", (visit(), paid("60.00", "01-10", session="V-1"))),
    Example("session.completed", "A taxed one-off visit", (visit(price="72.60", tax="es-21"),)),
    Example(
        "session.completed",
        "An agent earns the commission; the rest is the provider's money",
        (sold(provider="T-1"), paid(), used("01-12", provider="T-1")),
        AGENT,
    ),
    Example(
        "session.cancelled",
        "Late: the unit is used",
        (sold(), paid(), told("01-12", "session.cancelled", session="S-1", bundle="B-1", notice_hours=3)),
    ),
    Example(
        "session.cancelled",
        "Late: a fee, the unit stays",
        (sold(), paid(), told("01-12", "session.cancelled", session="S-1", bundle="B-1", notice_hours=3)),
        {"late_cancellation": "fee", "late_cancellation_fee": "24.20"},
    ),
    Example(
        "session.cancelled",
        "Late, and forgiven by the policy: nothing",
        (sold(), paid(), told("01-12", "session.cancelled", session="S-1", bundle="B-1", notice_hours=3)),
        {"late_cancellation": "waive"},
    ),
    Example(
        "session.no_show", "The unit is used", (sold(), paid(), told("01-12", "session.no_show", session="S-1", bundle="B-1"))
    ),
    Example(
        "session.no_show",
        "A fee, the unit stays",
        (sold(), paid(), told("01-12", "session.no_show", session="S-1", bundle="B-1")),
        {"no_show": "fee", "no_show_fee": "24.20"},
    ),
    Example(
        "session.no_show",
        "Nothing",
        (sold(), paid(), told("01-12", "session.no_show", session="S-1", bundle="B-1")),
        {"no_show": "waive"},
    ),
    Example(
        "session.reversed",
        "Whatever the session posted, the other way round",
        (sold(), paid(), used("01-12"), told("01-13", "session.reversed", session="S-1", reason="typed twice")),
    ),
    Example(
        "session.waived",
        "A no-show forgiven afterwards",
        (
            sold(),
            paid(),
            told("01-12", "session.no_show", session="S-1", bundle="B-1"),
            told("01-13", "session.waived", session="S-1", reason="illness", **BY),
        ),
    ),
    Example("bundle.expired", "What is left on the last day of use is breakage", (sold(), paid(), used("01-12"), until("07-05"))),
    Example(
        "bundle.expired",
        "With days of grace: at their end",
        (sold(), paid(), used("01-12"), until("07-20")),
        {"expiry_kind": "soft", "grace_days": 15},
    ),
    Example("bundle.expired", "Taxed: the VAT stays", (sold(), paid("605.00"), used("01-12"), until("07-05")), **TAXED),
    Example(
        "bundle.expired",
        "Multi-purpose: no supply, no VAT",
        (sold(), paid("605.00"), until("07-05")),
        tax="es-21-multi",
        package=TAXED["package"],
    ),
    Example(
        "bundle.expired",
        "Validity from the first use",
        (sold(), paid(), used("02-12"), until("03-12")),
        {"expiry_from": "first_use", "expiry_months": 1},
    ),
    Example("bundle.expired", "Told from outside", (sold(), paid(), told("07-06", "bundle.expired", bundle="B-1"))),
    Example(
        "bundle.expired",
        "Straight line: a share each month, whatever is used",
        (sold(), paid(), used("01-12"), until("03-31")),
        {"recognition": "straight_line", "expiry_months": 3},
    ),
    Example(
        "bundle.expired",
        "An agent: the commission is earned, the rest stays the provider's",
        (sold(provider="T-1"), paid(), until("07-05")),
        AGENT,
    ),
    Example(
        "breakage.estimated",
        "In proportion to use, then another estimate",
        (
            sold(),
            paid(),
            used("01-12"),
            used("01-19", "S-2"),
            told("02-01", "breakage.estimated", policy="standard", expected_used="0.80", evidence="Two years of sales", **BY),
        ),
        {"breakage": "proportional", "expected_used": "0.90", "refund": "none"},
    ),
    Example(
        "breakage.deemed_remote",
        "The customer will not come back, and does",
        (
            sold(),
            paid(),
            used("01-12"),
            told("06-01", "breakage.deemed_remote", bundle="B-1", evidence="Moved away", **BY),
            used("06-15", "S-2"),
        ),
        {"breakage": "remote", "refund": "none", "expiry_months": 0},
    ),
    Example(
        "bundle.topped_up",
        "At the stand-alone price: a contract of its own, used after the first",
        (
            sold(),
            paid(),
            used("01-12"),
            told("02-01", "bundle.topped_up", bundle="B-1", units=5, price="300.00"),
            paid("300.00", "02-01", "P-2"),
            used("02-02", "S-2"),
        ),
    ),
    Example(
        "bundle.topped_up",
        "Below it: one price for all that is left",
        (
            sold(),
            paid(),
            used("01-12"),
            told("02-01", "bundle.topped_up", bundle="B-1", units=5, price="200.00"),
            paid("200.00", "02-01", "P-2"),
            used("02-02", "S-2"),
        ),
    ),
    Example(
        "bundle.topped_up",
        "A contract that binds: what is added is due at once",
        (sold(), paid(), told("02-01", "bundle.topped_up", bundle="B-1", units=5, price="200.00")),
        BINDING,
    ),
    Example(
        "bundle.upgraded",
        "In place: the same bundle goes on with more",
        (
            sold(),
            paid(),
            used("01-12"),
            told("02-01", "bundle.upgraded", bundle="B-1", mode="in_place", to_package="PSY-20"),
            paid("400.00", "02-01", "P-2"),
            used("02-02", "S-2"),
        ),
    ),
    Example(
        "bundle.upgraded",
        "A new pack: the unused value counts as paid",
        (
            sold(),
            paid(),
            used("01-12"),
            told("02-01", "bundle.upgraded", bundle="B-1", mode="new_pack", to_package="PSY-20", to_bundle="B-2"),
            paid("450.00", "02-01", "P-2", bundle="B-2"),
        ),
    ),
    Example(
        "bundle.price_reduced",
        "What was paid above the new price is the customer's credit",
        (
            sold(),
            paid(),
            used("01-12"),
            told("02-01", "bundle.price_reduced", bundle="B-1", amount="45.00", reason="Other room"),
            used("02-02", "S-2"),
        ),
    ),
    Example(
        "bundle.transferred",
        "The liability follows the bundle; a fee is owed",
        (sold(), paid(), used("01-12"), told("02-01", "bundle.transferred", bundle="B-1", to_customer="C-2", fee="12.10")),
    ),
    Example(
        "bundle.transferred",
        "Part of it",
        (sold(), paid(), told("02-01", "bundle.transferred", bundle="B-1", to_customer="C-2", units=4, to_bundle="B-2")),
    ),
    Example(
        "bundle.extended",
        "What had expired lives again; a fee is owed",
        (
            sold(),
            paid(),
            used("01-12"),
            until("07-05"),
            told("07-20", "bundle.extended", bundle="B-1", expires_on="2026-09-30", reason="goodwill", fee="12.10", **BY),
        ),
    ),
    Example(
        "bundle.terminated",
        "The customer gives up what is left",
        (sold(), paid(), used("01-12"), told("02-01", "bundle.terminated", bundle="B-1", reason="Moves away")),
    ),
    Example(
        "bundle.cancelled_for_default",
        "Never paid: the unearned part is cancelled, the earned part is a loss",
        (sold(), used("01-12"), told("06-01", "bundle.cancelled_for_default", bundle="B-1", reason="Four reminders")),
        BINDING,
    ),
    Example(
        "refund.issued",
        "What was paid less what was used, less a fee",
        (sold(), paid(), used("01-12"), told("02-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")),
        {"refund_fee": "12.10"},
    ),
    Example(
        "refund.issued",
        "Used sessions at their stand-alone price",
        (sold(), paid(), used("01-12"), told("02-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")),
        {"refund_basis": "list"},
    ),
    Example(
        "refund.issued",
        "Taxed: the VAT of the document comes back in proportion",
        (sold(), paid("605.00"), used("01-12"), told("02-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")),
        **TAXED,
    ),
    Example(
        "refund.issued",
        "Payable first, then paid",
        (
            sold(),
            paid(),
            told("02-01", "refund.issued", refund="R-1", bundle="B-1"),
            told("02-03", "refund.settled", refund="R-1", method="transfer"),
        ),
    ),
    Example(
        "refund.issued",
        "More than the quote, for goodwill: beyond the liability it lowers revenue",
        (
            sold(),
            paid(),
            used("01-12"),
            told(
                "02-01",
                "refund.issued",
                refund="R-1",
                bundle="B-1",
                amount="500.00",
                method="transfer",
                exception={"reason": "goodwill", "approver": "Owner"},
            ),
        ),
    ),
    Example(
        "refund.issued",
        "Recognised at purchase: the whole refund lowers revenue",
        (sold(), paid(), told("02-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer")),
        {"recognition": "at_purchase"},
    ),
    Example(
        "refund.issued",
        "Inside the window, with refunds expected",
        (sold(), paid(), told("01-10", "refund.issued", refund="R-1", bundle="B-1", method="transfer")),
        {**WINDOW, "refund_expected": "0.10"},
    ),
    Example(
        "refund.issued",
        "No refund when the window has ended: what was expected is released",
        (sold(), paid(), until("01-19")),
        {**WINDOW, "refund_expected": "0.10"},
    ),
    Example(
        "refund.requested",
        "Fixes the quote, posts nothing; then refused",
        (
            sold(),
            paid(),
            told("02-01", "refund.requested", refund="R-1", bundle="B-1"),
            told("02-02", "refund.rejected", refund="R-1", reason="Other agreement", **BY),
        ),
    ),
    Example(
        "refund.reversed",
        "The money came back: the bundle lives again",
        (
            sold(),
            paid(),
            told("02-01", "refund.issued", refund="R-1", bundle="B-1", method="transfer"),
            told("02-05", "refund.reversed", refund="R-1", reason="Account closed", **BY),
        ),
    ),
    Example(
        "receivable.written_off",
        "A taxed claim is lost, its VAT comes back later, then the customer pays after all",
        (
            sold(),
            used("01-12"),
            told("06-01", "receivable.written_off", bundle="B-1", amount="60.50"),
            told(
                "12-01", "receivable.vat_recovered", bundle="B-1", amount="10.50", claim_proof="Burofax", notified_on="2026-12-01"
            ),
            told("12-10", "receivable.recovered", bundle="B-1", amount="60.50"),
        ),
        **TAXED,
    ),
    Example(
        "credit.granted",
        "A concession to spend later, and spent",
        (
            sold(),
            told("01-06", "credit.granted", customer="C-1", amount="20.00", reason="Referral"),
            told("01-07", "credit.applied", customer="C-1", amount="20.00", bundle="B-1"),
        ),
    ),
    Example(
        "deposit.received",
        "Held, then applied",
        (
            sold(),
            told("01-05", "deposit.received", deposit="D-1", customer="C-1", amount="50.00", method="cash"),
            told("01-06", "deposit.applied", deposit="D-1", bundle="B-1"),
        ),
    ),
    Example(
        "deposit.returned",
        "Held, then given back",
        (
            told("01-05", "deposit.received", deposit="D-1", customer="C-1", amount="50.00", method="cash"),
            told("02-05", "deposit.returned", deposit="D-1", method="cash"),
        ),
    ),
    Example(
        "deposit.forfeited",
        "Held, then kept: a fee with its tax",
        (
            sold(),
            told("01-05", "deposit.received", deposit="D-1", customer="C-1", amount="60.50", method="cash"),
            told("02-05", "deposit.forfeited", deposit="D-1", reason="Never came"),
        ),
    ),
    Example(
        "chargeback.opened",
        "Disputed and won",
        (
            sold(),
            paid(method="card"),
            told("02-01", "chargeback.opened", payment="P-1", amount="500.00", fee="15.00"),
            told("03-01", "chargeback.won", payment="P-1"),
        ),
    ),
    Example(
        "chargeback.lost",
        "Disputed and lost: the unused part leaves the liability, the used part is a loss",
        (
            sold(),
            paid(method="card"),
            used("01-12"),
            told("02-01", "chargeback.opened", payment="P-1", amount="500.00"),
            told("03-01", "chargeback.lost", payment="P-1"),
        ),
    ),
    Example(
        "payout.settled",
        "The card terminal pays out",
        (sold(), paid(method="card"), told("01-07", "payout.settled", method="card", gross="500.00", fee="6.25")),
    ),
    Example(
        "branch.settled",
        "Sold in one branch, used in another, settled between them",
        (
            sold(),
            paid(),
            used("01-12", **{BRANCH: "mad"}),
            told("02-01", "branch.settled", from_branch="bcn", to_branch="mad", amount="50.00"),
        ),
    ),
    Example(
        "provider.invoiced",
        "A freelance provider invoices and is paid",
        (
            sold(),
            paid(),
            used("01-12", provider="T-1", cost="30.00"),
            told(
                "01-31", "provider.invoiced", provider="T-1", session="S-1", amount="30.00", tax_amount="6.30", withholding="4.50"
            ),
            told("02-05", "provider.paid", provider="T-1", amount="31.80", method="transfer"),
        ),
    ),
    Example(
        "currency.revalued",
        "Money of another currency at the rate of the month's end",
        (
            sold(price="540.00", currency="USD", rate="0.90"),
            paid("540.00", currency="USD", rate="0.90"),
            told("01-31", "currency.revalued", currency="USD", rate="0.95"),
        ),
    ),
    Example(
        "adjustment.posted",
        "By hand, approved",
        (
            told(
                "01-31",
                "adjustment.posted",
                postings=[{"role": "provider-cost", "amount": "120.00"}, {"role": "provider-payable", "amount": "-120.00"}],
                reason="Audit",
                **BY,
            ),
        ),
    ),
    Example(
        "period.closed",
        "A fact of a closed month is posted on the first open day",
        (
            sold(),
            paid(),
            told("02-01", "period.closed", period="2026-01", **BY),
            ("02-03", "session.completed", {"session": "S-1", "bundle": "B-1", "effective_date": "2026-01-20"}),
        ),
    ),
    Example(
        "period.closed",
        "A fact recorded after the expiry takes its part of the breakage back",
        (
            sold(),
            paid(),
            until("07-05"),
            ("07-08", "session.completed", {"session": "S-1", "bundle": "B-1", "effective_date": "2026-07-01"}),
        ),
    ),
    Example(
        "period.closed",
        "A session recorded late lies before the payment that it was booked on: until then it is a claim",
        (
            sold(),
            paid(day="02-01"),
            ("02-03", "session.completed", {"session": "S-1", "bundle": "B-1", "effective_date": "2026-01-20"}),
        ),
    ),
    Example(
        "period.reopened",
        "A month that is open again takes its facts",
        (
            sold(),
            paid(),
            told("02-01", "period.closed", period="2026-01", **BY),
            told("02-02", "period.reopened", period="2026-01", reason="Bank fee", **BY),
            ("02-03", "session.completed", {"session": "S-1", "bundle": "B-1", "effective_date": "2026-01-20"}),
        ),
    ),
    Example(
        "customer.registered",
        "Facts about people post nothing",
        (
            told("01-05", "customer.registered", customer="C-1", name="Ana", person="natural", country="ES", household="H-1"),
            told("01-05", "customer.registered", customer="C-2", name="Luis", person="natural", country="ES", household="H-1"),
            sold(),
            told("01-06", "bundle.shared", bundle="B-1", beneficiary="C-2"),
            told("01-07", "bundle.unshared", bundle="B-1", beneficiary="C-2"),
            told("01-08", "bundle.provider_changed", bundle="B-1", provider="T-2"),
            told("01-09", "customer.erased", customer="C-2", reason="Asked by letter"),
        ),
        {"sharing": "household"},
    ),
)
