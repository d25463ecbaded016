"""What cannot go on: one class per mistake. Problems of a document are no errors but findings (`einvoice/findings.py`)."""

from __future__ import annotations


class EinvoiceError(Exception):
    """Any mistake that einvoice names; its message says what is wrong, where, and what to do next."""
