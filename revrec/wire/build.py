"""Validated members of `data` -> the facts of the core; the same for an event that comes in and for a stored one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, field, fields, make_dataclass
from datetime import date
from typing import Any, TypeVar

from revrec.core import events as core
from revrec.core.units import UNIT
from revrec.wire.context import Context, millionths, utc

Data = dict[str, Any]
METHODS = {method.value: method for method in core.Method}
MINUTE = UNIT // 60  # quanta of a minute where the unit is the hour
T = TypeVar("T")


def quick(cls: type[T]) -> Callable[..., T]:
    """A maker of frozen dataclass instances, positional, four times as fast as the class itself.

    A frozen class sets every field through `object.__setattr__`; here a twin that is not frozen is filled and then
    becomes the class, which has the same slots.
    """
    slots = [(f.name, Any) if f.default is MISSING else (f.name, Any, field(default=f.default)) for f in fields(cls)]  # type: ignore[arg-type]
    twin = make_dataclass(cls.__name__, slots, slots=True, eq=False, repr=False)

    def make(*values: Any) -> T:
        made = twin(*values)
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

    return make


SESSION_COMPLETED = quick(core.SessionCompleted)
PAYMENT_RECEIVED = quick(core.PaymentReceived)
BUNDLE_SOLD = quick(core.BundleSold)


def customer_registered(data: Data, _context: Context) -> core.CustomerRegistered:
    """The members that rules need."""
    get = data.get
    return core.CustomerRegistered(
        data["customer"],
        data["country"],
        data["person"],
        get("household"),
        get("business", False),
        get("withholds", False),
    )


def bundle_sold(data: Data, context: Context) -> core.BundleSold:
    """A sale."""
    get, discount, accepted = data.get, data.get("discount"), data.get("policy_accepted_at")
    return BUNDLE_SOLD(
        data["bundle"],
        data["package"],
        data["customer"],
        get("beneficiary"),
        get("provider"),
        _units(data, "units", context),
        _units(data, "bonus_units", context),
        _minor(data, "price", context),
        _minor(data, "list_price", context),
        context.days[data["expires_on"]] if "expires_on" in data else None,
        core.Discount(discount["code"], context.amounts[discount["amount"]][0]) if discount else None,
        utc(accepted) if accepted else None,
        _instalments(data, context) if "instalments" in data else (),
        _payers(data, context) if "payers" in data else (),
        _foreign(data, "price", context) if "currency" in data else None,
    )


def _instalments(data: Data, context: Context) -> tuple[core.Instalment, ...]:
    entries = data["instalments"]
    amounts = context.amounts.parts(entry["amount"] for entry in entries)
    return tuple(core.Instalment(context.days[e["due_on"]], amount) for e, amount in zip(entries, amounts, strict=True))


def _payers(data: Data, context: Context) -> tuple[core.Payer, ...]:
    entries = data["payers"]
    amounts = context.amounts.parts(entry["amount"] for entry in entries)
    return tuple(core.Payer(e["customer"], amount) for e, amount in zip(entries, amounts, strict=True))


def bundle_opened(data: Data, context: Context) -> core.BundleOpened:
    """A bundle of the time before these books."""
    get, invoice = data.get, data.get("original_invoice")
    return core.BundleOpened(
        data["bundle"],
        data["package"],
        data["customer"],
        context.quantities[data["units_left"]][0],
        context.amounts[data["deferred"]][0],
        context.days[data["sold_on"]],
        get("beneficiary"),
        _or_zero(data, "tax_paid", context),
        context.days[data["expires_on"]] if "expires_on" in data else None,
        core.OriginalInvoice(invoice["number"], context.days[invoice["issued_on"]]) if invoice else None,
    )


def deposit_received(data: Data, context: Context) -> core.DepositReceived:
    """Money that can be asked back."""
    amount = context.amounts[data["amount"]][0]
    return core.DepositReceived(data["deposit"], data["customer"], amount, METHODS[data["method"]])


def deposit_applied(data: Data, _context: Context) -> core.DepositApplied:
    """A deposit pays for something."""
    return core.DepositApplied(data["deposit"], data.get("bundle"), data.get("session"))


def deposit_returned(data: Data, _context: Context) -> core.DepositReturned:
    """A deposit paid back."""
    return core.DepositReturned(data["deposit"], METHODS[data["method"]])


def deposit_forfeited(data: Data, _context: Context) -> core.DepositForfeited:
    """A deposit kept."""
    return core.DepositForfeited(data["deposit"])


def bundle_voided(data: Data, _context: Context) -> core.BundleVoided:
    """A sale made by mistake."""
    return core.BundleVoided(data["bundle"], data["approver"])


def payment_received(data: Data, context: Context) -> core.PaymentReceived:
    """Money that came in."""
    get = data.get
    return PAYMENT_RECEIVED(
        data["payment"],
        context.amounts[data["amount"]][0],
        METHODS[data["method"]],
        get("bundle"),
        get("session"),
        get("customer"),
        get("payer"),
        get("reference"),
        _or_zero(data, "withheld", context),
        _or_zero(data, "tip", context),
        _foreign(data, "amount", context) if "currency" in data else None,
        get("invoice"),
    )


def payment_reversed(data: Data, context: Context) -> core.PaymentReversed:
    """A payment undone."""
    return core.PaymentReversed(data["payment"], data["reason"], data["approver"], _or_zero(data, "fee", context))


def payment_failed(data: Data, context: Context) -> core.PaymentFailed:
    """A payment that did not go through."""
    amount = context.amounts[data["amount"]][0]
    return core.PaymentFailed(data["payment"], amount, METHODS[data["method"]], data["code"], data.get("bundle"))


def chargeback_opened(data: Data, context: Context) -> core.ChargebackOpened:
    """A payment disputed."""
    return core.ChargebackOpened(data["payment"], context.amounts[data["amount"]][0], _or_zero(data, "fee", context))


def chargeback_won(data: Data, _context: Context) -> core.ChargebackWon:
    """A dispute won."""
    return core.ChargebackWon(data["payment"])


def chargeback_lost(data: Data, _context: Context) -> core.ChargebackLost:
    """A dispute lost."""
    return core.ChargebackLost(data["payment"])


def payout_settled(data: Data, context: Context) -> core.PayoutSettled:
    """A payout of the payment service provider."""
    return core.PayoutSettled(
        METHODS[data["method"]],
        context.amounts[data["gross"]][0],
        context.amounts[data["fee"]][0],
        data.get("reference"),
        _foreign(data, "gross", context) if "currency" in data else None,
    )


def session_completed(data: Data, context: Context) -> core.SessionCompleted:
    """A session that took place."""
    if len(data) == 2 and "bundle" in data:  # most events of a book: a session and its bundle
        return SESSION_COMPLETED(data["session"], data["bundle"])
    get = data.get
    started, ended, surcharge = get("started_at"), get("ended_at"), get("surcharge")
    return SESSION_COMPLETED(
        data["session"],
        get("bundle"),
        get("customer"),
        get("service"),
        _minor(data, "price", context),
        get("tax"),
        _units(data, "quantity", context),
        utc(started) if started else None,
        utc(ended) if ended else None,
        get("beneficiary"),
        get("provider"),
        get("modality"),
        _or_zero(data, "cost", context),
        core.Surcharge(context.amounts[surcharge["amount"]][0], surcharge["tax"]) if surcharge else None,
    )


def session_cancelled(data: Data, context: Context) -> core.SessionCancelled:
    """A cancellation; hours become whole minutes, rounded down."""
    return core.SessionCancelled(data["session"], data["bundle"], context.quantities[data["notice_hours"]][0] // MINUTE)


def session_no_show(data: Data, _context: Context) -> core.SessionNoShow:
    """A customer who did not come."""
    return core.SessionNoShow(data["session"], data["bundle"])


def session_reversed(data: Data, _context: Context) -> core.SessionReversed:
    """A session undone."""
    return core.SessionReversed(data["session"])


def session_waived(data: Data, _context: Context) -> core.SessionWaived:
    """A late cancellation or no-show forgiven."""
    return core.SessionWaived(data["session"], data["approver"])


def bundle_topped_up(data: Data, context: Context) -> core.BundleToppedUp:
    """More units."""
    units, price = context.quantities[data["units"]][0], context.amounts[data["price"]][0]
    return core.BundleToppedUp(data["bundle"], units, price, _minor(data, "list_price", context), data.get("modification"))


def bundle_upgraded(data: Data, context: Context) -> core.BundleUpgraded:
    """Another package, or more of the same."""
    return core.BundleUpgraded(
        data["bundle"],
        data["mode"],
        data.get("to_package"),
        _units(data, "units", context),
        _minor(data, "price", context),
        data.get("to_bundle"),
    )


def bundle_price_reduced(data: Data, context: Context) -> core.BundlePriceReduced:
    """A price concession."""
    return core.BundlePriceReduced(data["bundle"], context.amounts[data["amount"]][0])


def bundle_cancelled_for_default(data: Data, _context: Context) -> core.BundleCancelledForDefault:
    """A bundle that nobody paid."""
    return core.BundleCancelledForDefault(data["bundle"])


def bundle_transferred(data: Data, context: Context) -> core.BundleTransferred:
    """A transfer; the relation itself is sealed, that there is one is not."""
    related = "relation" in data or data.get("related", False)
    fee, units = _or_zero(data, "fee", context), _units(data, "units", context)
    return core.BundleTransferred(data["bundle"], data["to_customer"], related, fee, units, data.get("to_bundle"))


def bundle_shared(data: Data, _context: Context) -> core.BundleShared:
    """Another person may use it."""
    return core.BundleShared(data["bundle"], data["beneficiary"])


def bundle_unshared(data: Data, _context: Context) -> core.BundleUnshared:
    """That person may no longer."""
    return core.BundleUnshared(data["bundle"], data["beneficiary"])


def bundle_provider_changed(data: Data, _context: Context) -> core.BundleProviderChanged:
    """Another provider delivers."""
    return core.BundleProviderChanged(data["bundle"], data["provider"])


def bundle_extended(data: Data, context: Context) -> core.BundleExtended:
    """A new last day."""
    day = context.days[data["expires_on"]]
    return core.BundleExtended(data["bundle"], day, data["reason"], data["approver"], _or_zero(data, "fee", context))


def bundle_expired(data: Data, _context: Context) -> core.BundleExpired:
    """The last day has passed."""
    return core.BundleExpired(data["bundle"])


def bundle_terminated(data: Data, _context: Context) -> core.BundleTerminated:
    """The rest is given up."""
    return core.BundleTerminated(data["bundle"])


def customer_erased(data: Data, _context: Context) -> core.CustomerErased:
    """A person to be forgotten."""
    return core.CustomerErased(data["customer"])


def refund_requested(data: Data, _context: Context) -> core.RefundRequested:
    """A refund asked for."""
    return core.RefundRequested(data["refund"], data["bundle"])


def refund_rejected(data: Data, _context: Context) -> core.RefundRejected:
    """A refund refused."""
    return core.RefundRejected(data["refund"], data["approver"])


def refund_issued(data: Data, context: Context) -> core.RefundIssued:
    """A refund."""
    method, exception = data.get("method"), data.get("exception")
    return core.RefundIssued(
        data["refund"],
        data["bundle"],
        _minor(data, "amount", context),
        METHODS[method] if method else None,
        _units(data, "units", context),
        "accepted" in data,
        core.RefundException(exception["reason"], exception["approver"]) if exception else None,
    )


def refund_settled(data: Data, _context: Context) -> core.RefundSettled:
    """A refund paid."""
    return core.RefundSettled(data["refund"], METHODS[data["method"]])


def refund_reversed(data: Data, _context: Context) -> core.RefundReversed:
    """A refund taken back."""
    return core.RefundReversed(data["refund"], data["approver"])


def _claim(data: Data) -> tuple[str | None, str | None, str | None]:
    """Whose claim it is: that of a bundle, of a customer's visits, or the one of an invoice."""
    return data.get("bundle"), data.get("customer"), data.get("invoice")


def receivable_written_off(data: Data, context: Context) -> core.ReceivableWrittenOff:
    """A claim lost."""
    return core.ReceivableWrittenOff(context.amounts[data["amount"]][0], *_claim(data))


def receivable_recovered(data: Data, context: Context) -> core.ReceivableRecovered:
    """A lost claim that lives again."""
    return core.ReceivableRecovered(context.amounts[data["amount"]][0], *_claim(data))


def receivable_vat_recovered(data: Data, context: Context) -> core.ReceivableVatRecovered:
    """The VAT of a lost claim."""
    amount, day = context.amounts[data["amount"]][0], context.days[data["notified_on"]]
    return core.ReceivableVatRecovered(amount, day, *_claim(data))


def credit_granted(data: Data, context: Context) -> core.CreditGranted:
    """A concession."""
    return core.CreditGranted(data["customer"], context.amounts[data["amount"]][0])


def credit_applied(data: Data, context: Context) -> core.CreditApplied:
    """Credit spent."""
    return core.CreditApplied(data["customer"], context.amounts[data["amount"]][0], data.get("bundle"), data.get("invoice"))


def breakage_estimated(data: Data, _context: Context) -> core.BreakageEstimated:
    """An estimate of use."""
    return core.BreakageEstimated(data["policy"], millionths(data["expected_used"]), data["approver"])


def breakage_deemed_remote(data: Data, _context: Context) -> core.BreakageDeemedRemote:
    """A customer who will not return."""
    return core.BreakageDeemedRemote(data["bundle"], data["approver"])


def branch_settled(data: Data, context: Context) -> core.BranchSettled:
    """Branches even."""
    return core.BranchSettled(data["from_branch"], data["to_branch"], context.amounts[data["amount"]][0])


def provider_invoiced(data: Data, context: Context) -> core.ProviderInvoiced:
    """A provider's invoice."""
    return core.ProviderInvoiced(
        data["provider"],
        context.amounts[data["amount"]][0],
        data.get("session"),
        _or_zero(data, "tax_amount", context),
        _or_zero(data, "withholding", context),
    )


def provider_paid(data: Data, context: Context) -> core.ProviderPaid:
    """A provider paid."""
    return core.ProviderPaid(data["provider"], context.amounts[data["amount"]][0], METHODS[data["method"]])


def currency_revalued(data: Data, context: Context) -> core.CurrencyRevalued:
    """Foreign money at the rate of a day."""
    return core.CurrencyRevalued(data["currency"], context.rates[data["rate"]][0])


def period_closed(data: Data, _context: Context) -> core.PeriodClosed:
    """A month closed."""
    return core.PeriodClosed(_month(data["period"]), data["approver"])


def period_reopened(data: Data, _context: Context) -> core.PeriodReopened:
    """A month open again."""
    return core.PeriodReopened(_month(data["period"]), data["approver"])


def adjustment_posted(data: Data, context: Context) -> core.AdjustmentPosted:
    """An entry by hand."""
    amounts = context.amounts.parts(leg["amount"] for leg in data["postings"])
    legs = (
        core.Adjustment(leg["role"], amount, leg.get("bundle"), leg.get("branch"))
        for leg, amount in zip(data["postings"], amounts, strict=True)
    )
    return core.AdjustmentPosted(tuple(legs), data["approver"])


def calendar_advanced(data: Data, context: Context) -> core.CalendarAdvanced:
    """A move of the calendar."""
    return core.CalendarAdvanced(context.days[data["to"]])


def _minor(data: Data, name: str, context: Context) -> int | None:
    return context.amounts[data[name]][0] if name in data else None


def _or_zero(data: Data, name: str, context: Context) -> int:
    return context.amounts[data[name]][0] if name in data else 0


def _foreign(data: Data, name: str, context: Context) -> core.Foreign:
    """The money as it was written; 0 where the event leaves it to the catalogue."""
    amount = context.amounts.written(data[name]) if name in data else 0
    return core.Foreign(data["currency"], context.rates[data["rate"]][0], amount)


def _units(data: Data, name: str, context: Context) -> int | None:
    return context.quantities[data[name]][0] if name in data else None


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


Builder = Callable[[Data, Context], core.Fact]
BUILDERS: dict[str, Builder] = {name: globals()[name.replace(".", "_")] for name in core.TYPES}
