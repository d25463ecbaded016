"""The tax office behind the socket: one message after the other, judged, kept and answered; or misbehaving as planned."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from stdnum.es import nif

from einvoice.keys import holder
from einvoice.sandbox.aeat import answer as say
from einvoice.sandbox.aeat.consult import consult
from einvoice.sandbox.aeat.discipline import Discipline
from einvoice.sandbox.aeat.judge import Verdict, judge
from einvoice.sandbox.aeat.message import CONSULTATION, SUBMISSION, Message, Turned, opened, submission
from einvoice.sandbox.aeat.record import day
from einvoice.sandbox.aeat.register import Outcome, Register, Stored, Violation
from einvoice.sandbox.aeat.rules import Situation
from einvoice.sandbox.faults import PAGE, Fault, Kind, Plan, after, before
from einvoice.sandbox.server import Call, Reply
from einvoice.xsd import schema

PATH = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
_PATHS = frozenset({PATH, "/"})
USUAL_WAIT = 60  # seconds; what a sender begins with (Orden HAC/1177/2024 art. 16.2)


@dataclass(frozen=True)
class Census:
    """Who is known: `missing` NIFs are in no census; `delegates` pairs (NIF of the certificate, obligado) that may present."""

    missing: frozenset[str] = frozenset()
    delegates: frozenset[tuple[str, str]] = frozenset()

    def registered(self, number: str) -> bool:
        """Whether a NIF is in the census: every valid one is, but for the missing."""
        return number not in self.missing


class Office:
    """AEAT's service for VERI*FACTU systems. `clock` gives aware times; `wait` is the TiempoEsperaEnvio of its answers.

    `plan` may be changed while it serves; `log` is told one line a message. Raises SchemaMissing.
    """

    def __init__(
        self,
        register: Register,
        clock: Callable[[], datetime],
        *,
        plan: Plan | None = None,
        wait: int = USUAL_WAIT,
        census: Census | None = None,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.plan = plan or Plan()
        self.wait = wait
        self._register = register
        self._clock = clock
        self._census = census or Census()
        self._log = log
        self._discipline = Discipline(register)
        self._turn = threading.Lock()
        for needed in ("verifactu/SuministroLR", "verifactu/ConsultaLR"):
            schema(needed)  # compiled now, so that a missing one is said before anything is served

    def records(self) -> tuple[Stored, ...]:
        """The accepted records, in the order of acceptance."""
        return self._register.records()

    def attempts(self) -> tuple[Stored, ...]:
        """All records that came in readable messages, rejected ones too."""
        return self._register.attempts()

    def violations(self) -> tuple[Violation, ...]:
        """What senders did that no good sender does."""
        return self._register.violations()

    def answer(self, call: Call) -> Reply:
        """The reply to one call."""
        fault = self.plan.next()
        if call.path not in _PATHS:
            return PAGE
        if early := before(fault, _soap_fault):
            self._log(f"fault {fault and fault.kind}: nothing accepted")
            return early
        try:
            return self._served(call, fault)
        except Turned as turned:
            self._log(f"message refused: {turned}")
            return Reply(say.fault(turned), status=500)

    def _served(self, call: Call, fault: Fault | None) -> Reply:
        root = opened(call.body)
        if root.element.tag == CONSULTATION:
            _admit(root.text("Cabecera", "ObligadoEmision", "NIF"), "", call, self._census)
            return Reply(consult(root, self._register))
        if root.element.tag != SUBMISSION:
            raise Turned(4118, root.name)
        message = submission(root)
        presenter = _admit(message.obligado, message.representative, call, self._census)
        chains = frozenset(record.chain for record in message.records)
        with self._turn:
            now = self._clock()
            # Asked after the clock: a sender that died is let in at no later time than it died, and never behind its successor.
            if call.gone():
                self._log("a sender hung up before its turn: nothing accepted")
                return Reply(drop=True)
            _check_end(message, now)
            self._discipline.begin(message, chains, call, now)
            try:
                number, body = self._settle(message, presenter, now, fault)
            except BaseException:
                self._discipline.over(chains, call)
                raise

        def over(left: bool) -> None:
            with self._turn:
                if left:
                    self._register.answered(number, chains)
                self._discipline.over(chains, call)

        return after(fault, Reply(body, after=over))

    def _settle(self, message: Message, presenter: str, now: datetime, fault: Fault | None) -> tuple[int, bytes]:
        """Judge and keep a message; the number of its presentation and the answer."""
        if fault and fault.kind is Kind.DUPLICATE:
            self._settle(message, presenter, now, None)  # the copy whose answer was lost
        skew = timedelta(seconds=fault.value if fault and fault.kind is Kind.SKEW else 0)
        at = now.astimezone(say.MADRID) + skew
        wait = int(fault.value) if fault and fault.kind is Kind.WAIT else self.wait
        situation = Situation(at, message.incident, self._census.registered)
        with self._register.transaction():
            number = self._register.present(now, presenter, message.obligado, wait)
            verdicts = [self._kept(number, message, place, situation, fault) for place in range(len(message.records))]
        self._log(_summary(number, message, verdicts, fault))
        return number, say.answer(message, verdicts, csv=say.receipt(now, number), presenter=presenter, at=at, wait=wait)

    def _kept(self, number: int, message: Message, place: int, situation: Situation, fault: Fault | None) -> Verdict:
        record = message.records[place]
        verdict = judge(record, situation, self._register)
        if fault and fault.kind is Kind.PARTIAL and place % 2 == 0 and verdict.kept and verdict.outcome is not Outcome.REJECTED:
            verdict = Verdict(Outcome.REJECTED, int(fault.value))
        if verdict.kept:
            self._register.add(number, record, verdict.outcome, verdict.code)
        return verdict


def _soap_fault(fault: Fault) -> Reply:
    again = fault.kind is Kind.SERVER
    turned = Turned(0, "error interno", again=True) if again else Turned(int(fault.value))
    return Reply(say.fault(turned), status=500)


def _admit(obligado: str, representative: str, call: Call, census: Census) -> str:
    """The NIF of the certificate, if it may present for the obligado. Raises Turned."""
    if not nif.is_valid(obligado):
        raise Turned(4116, obligado)
    if representative and not nif.is_valid(representative):
        raise Turned(4123, representative)
    if not census.registered(obligado):
        raise Turned(4107, obligado)
    presenter = holder(call.certificate).number
    presents = presenter in {obligado, representative} or (presenter, obligado) in census.delegates
    if not (presenter and presents):
        raise Turned(4112, presenter)
    return presenter


def _check_end(message: Message, now: datetime) -> None:
    """FechaFinVeriFactu is the last day of this year or of the one before."""
    if not (text := message.header.text("RemisionVoluntaria", "FechaFinVeriFactu")):
        return
    end, year = day(text), now.astimezone(say.MADRID).year
    if end is None or (end.month, end.day) != (12, 31) or end.year not in {year, year - 1}:
        raise Turned(4120, text)


def _summary(number: int, message: Message, verdicts: list[Verdict], fault: Fault | None) -> str:
    counts = ", ".join(
        f"{sum(verdict.outcome is outcome for verdict in verdicts)} {outcome}"
        for outcome in Outcome
        if any(verdict.outcome is outcome for verdict in verdicts)
    )
    codes = sorted({verdict.code for verdict in verdicts if verdict.code})
    told = f" ({', '.join(map(str, codes))})" if codes else ""
    return f"message {number} of {message.obligado}: {counts}{told}" + (f"; fault {fault.kind}" if fault else "")
