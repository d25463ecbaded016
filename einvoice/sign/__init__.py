"""Signatures in XML: XAdES-EPES under the Facturae policy, WS-Security for FACe, and our own verifiers of both."""

from einvoice.sign.soap import sign_soap, verify_soap
from einvoice.sign.terms import Check, Role, Signed, Verified
from einvoice.sign.verify import verify
from einvoice.sign.xades import AlreadySigned, sign

__all__ = ["AlreadySigned", "Check", "Role", "Signed", "Verified", "sign", "sign_soap", "verify", "verify_soap"]
