"""What becomes of one record: its own codes first, then what the register says of its invoice and of its chain."""

from __future__ import annotations

from typing import NamedTuple

from einvoice.sandbox.aeat.codes import admitted
from einvoice.sandbox.aeat.record import Record, RecordKind
from einvoice.sandbox.aeat.register import Outcome, Register, Status, Stored
from einvoice.sandbox.aeat.rules import Situation, check


class Verdict(NamedTuple):
    """EstadoRegistro, the code behind it (0: none), the registered record it collides with, and whether it is kept."""

    outcome: Outcome
    code: int = 0
    duplicate: Stored | None = None
    kept: bool = True


def judge(record: Record, situation: Situation, register: Register) -> Verdict:
    """The verdict on a record, as if it stood alone in its message."""
    codes = check(record, situation)
    if rejecting := next((code for code in codes if code not in admitted()), 0):
        return Verdict(Outcome.REJECTED, rejecting)
    known = register.accepted(record.chain, record.huella)
    if known and (record.kind is RecordKind.ALTA and record.amends) and record.node.text("RechazoPrevio") != "X":
        # An amendment that comes twice is applied twice, which changes nothing.
        return Verdict(known.outcome, known.code, kept=False)
    found = register.invoice(record.key)
    collision = _alta(record, found) if record.kind is RecordKind.ALTA else _anulacion(record, found)
    if collision:
        return Verdict(Outcome.REJECTED, collision, found if collision == 3000 else None)
    if record.first and register.last(record.chain):
        codes = (*codes, 2007)
    return Verdict(Outcome.WITH_ERRORS, codes[0]) if codes else Verdict(Outcome.CORRECT)


def _alta(record: Record, found: Stored | None) -> int:
    """Whether an alta may be registered: new ones (and those AEAT never had, X) once only, amendments on something."""
    if not record.amends or record.node.text("RechazoPrevio") == "X":
        return 3000 if found else 0
    return 0 if found else 3002


def _anulacion(record: Record, found: Stored | None) -> int:
    """Whether an invoice can be cancelled; SinRegistroPrevio is for those that AEAT never had [U: 3000 where it has it]."""
    if found and found.status is Status.CANCELLED:
        return 3001
    without = record.node.text("SinRegistroPrevio") == "S"
    if found:
        return 3000 if without else 0
    return 0 if without else 3002
