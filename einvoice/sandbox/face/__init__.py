"""FACe on this machine: SSPP version 2 as far as it is known (spain.md 2.2), for tests, demonstrations and developers.

How FACe answers a duplicate, a broken Facturae or a late cancellation is not published: those codes are this sandbox's own.
"""

from einvoice.sandbox.face.office import PATH, Code, Office
from einvoice.sandbox.face.register import Received, Register

__all__ = ["PATH", "Code", "Office", "Received", "Register"]
