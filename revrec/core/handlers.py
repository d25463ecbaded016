"""What judges and what books each type of event that belongs to one bundle."""

from __future__ import annotations

from revrec.core import breakage, holder, payment, refund, sessions
from revrec.core.events import (
    BundleExpired,
    BundleExtended,
    BundleProviderChanged,
    BundleShared,
    BundleTerminated,
    BundleTransferred,
    BundleUnshared,
    BundleVoided,
    PaymentReceived,
    PaymentReversed,
    RefundIssued,
    RefundReversed,
    RefundSettled,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.history import Handlers

HANDLERS: Handlers = {
    PaymentReceived: (payment.judge_payment, payment.book_payment),
    PaymentReversed: (payment.judge_reversed, payment.book_reversed),
    SessionCompleted: (sessions.judge_completed, sessions.book_completed),
    SessionCancelled: (sessions.judge_missed, sessions.book_missed),
    SessionNoShow: (sessions.judge_missed, sessions.book_missed),
    SessionReversed: (sessions.judge_undone, sessions.book_undone),
    SessionWaived: (sessions.judge_undone, sessions.book_undone),
    BundleVoided: (holder.judge_voided, holder.nothing),
    BundleTransferred: (holder.judge_transferred, holder.book_transferred),
    BundleShared: (holder.judge_shared, holder.nothing),
    BundleUnshared: (holder.judge_unshared, holder.nothing),
    BundleProviderChanged: (holder.judge_provider, holder.nothing),
    BundleExtended: (breakage.judge_extended, breakage.book_extended),
    BundleExpired: (breakage.judge_expired, breakage.book_expired),
    BundleTerminated: (breakage.judge_terminated, breakage.book_terminated),
    RefundIssued: (refund.judge_refund, refund.book_refund),
    RefundSettled: (refund.judge_settled, refund.book_settled),
    RefundReversed: (refund.judge_unrefunded, refund.book_unrefunded),
}
