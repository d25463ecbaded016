"""The local tax office: AEAT's VERI*FACTU service of 2026 on this machine, for tests, demonstrations and developers.

It is written from the published validations and from what others report, on purpose apart from `einvoice.regimes.verifactu`, so
that each checks the other. What AEAT does beyond that it cannot know; what it asks beyond AEAT it keeps as `violations`.
"""

from einvoice.sandbox.aeat.office import PATH, Census, Office
from einvoice.sandbox.aeat.register import Outcome, Register, Status, Stored, Violation, ViolationKind

__all__ = ["PATH", "Census", "Office", "Outcome", "Register", "Status", "Stored", "Violation", "ViolationKind"]
