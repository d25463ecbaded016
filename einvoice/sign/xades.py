"""XAdES-EPES signatures (ETSI TS 101 903 v1.3.2) under the Facturae policy v3.1; the only user of signxml."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.builder import ElementMaker
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm
from signxml.signer import SignatureReference
from signxml.util import SigningSettings
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSignaturePolicy, XAdESSigner

from einvoice import xml
from einvoice.errors import EinvoiceError
from einvoice.keys import Signer
from einvoice.sign.terms import DS, FACTURAE_3_1, SHA1, XADES, Role

_ds = ElementMaker(namespace=DS, nsmap={"ds": DS})
_xades = ElementMaker(namespace=XADES, nsmap={"xades": XADES, "ds": DS})
_POLICY = XAdESSignaturePolicy(
    FACTURAE_3_1.identifier, FACTURAE_3_1.description, DigestAlgorithm.SHA1, FACTURAE_3_1.digests[SHA1]
)
_FORMAT = XAdESDataObjectFormat("Factura electrónica", "text/xml")


class AlreadySigned(EinvoiceError):
    """A document that carries a signature: a second one would break the first."""

    def __init__(self) -> None:
        super().__init__("the document is signed already: sign the document as it was built, or verify this one")


def sign(root: etree._Element, signer: Signer, at: datetime, role: Role = Role.SUPPLIER) -> bytes:
    """`root`, which stays as it is, with an enveloped signature as its last child, in UTF-8 with a declaration.

    `at` is the signing time, aware. The same document, signer and time give the same bytes.
    """
    if root.find(f".//{{{DS}}}Signature") is not None:
        raise AlreadySigned
    facturae = _FacturaeSigner(signer, at, role)
    key_info = deepcopy(_key_info(signer.chain))
    return xml.to_bytes(facturae.sign(root, key=private(signer), cert=list(signer.chain), key_info=key_info))


def private(signer: Signer) -> Any:
    """A `Signer` as signxml wants its keys; RSASSA-PKCS1-v1_5 with SHA-256 is all that it is asked for here."""
    return _Key(signer)


class _Key:
    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, data: bytes, padding: object, algorithm: object) -> bytes:  # noqa: ARG002  the signer has no others
        return self._signer.sign(data)


class _FacturaeSigner(XAdESSigner):
    """signxml's signer with what Facturae needs otherwise.

    The legacy SigningCertificate alone, since the XAdES 1.3.2 schema has no other; the time of the caller; fixed
    identifiers, since a document has one signature and the same input shall give the same bytes; C14N 1.0, which the
    validators of the administrations know.
    """

    def __init__(self, signer: Signer, at: datetime, role: Role) -> None:
        super().__init__(
            signature_policy=_POLICY,
            claimed_roles=[role.value],
            data_object_format=_FORMAT,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        self._chain = signer.chain
        self._at = at

    def _unpack(self, data: etree._Element, references: object) -> tuple[Any, Any, Any, Any]:  # noqa: ARG002  the document is all
        """Signs a copy of the tree, where signxml would write and parse it twice; the original is what is digested."""
        signature = etree.Element(f"{{{DS}}}Signature", nsmap=self.namespaces)
        signed = deepcopy(data)
        signed.append(signature)
        return signature, signed, [data], [SignatureReference(URI="")]

    def _build_xades_ds_object(self, sig_root: etree._Element, signing_settings: SigningSettings) -> None:
        sig_root.set("Id", "Signature")
        super()._build_xades_ds_object(sig_root, signing_settings)

    def _get_token(self, length: int = 4) -> str:  # noqa: ARG002  signxml's own signature
        return ""

    def add_signing_time(
        self,
        signed_signature_properties: etree._Element,
        sig_root: etree._Element,  # noqa: ARG002  signxml's own signature
        signing_settings: SigningSettings,  # noqa: ARG002  the same
    ) -> None:
        time = _xades.SigningTime(self._at.isoformat(timespec="seconds"))
        signed_signature_properties.append(time)

    def add_signing_certificate(
        self,
        signed_signature_properties: etree._Element,
        sig_root: etree._Element,  # noqa: ARG002  signxml's own signature
        signing_settings: SigningSettings,  # noqa: ARG002  the same
    ) -> None:
        signed_signature_properties.append(deepcopy(_signing_certificate(self._chain[0])))


@lru_cache(maxsize=16)
def _key_info(chain: tuple[x509.Certificate, ...]) -> etree._Element:
    """The whole chain, which FACe wants, and behind it the key itself, as the ministry's own program writes it."""
    certificates = [_ds.X509Certificate(_base64(each.public_bytes(Encoding.DER))) for each in chain]
    public = chain[0].public_key()
    assert isinstance(public, rsa.RSAPublicKey)  # keys.load refuses others
    numbers = public.public_numbers()
    key = _ds.RSAKeyValue(_ds.Modulus(_integer(numbers.n)), _ds.Exponent(_integer(numbers.e)))
    return _ds.KeyInfo(_ds.X509Data(*certificates), _ds.KeyValue(key), Id="KeyInfo")


@lru_cache(maxsize=16)
def _signing_certificate(certificate: x509.Certificate) -> etree._Element:
    """The certificate's digest and issuer.

    SHA-1 and the issuer from the country down, with every attribute: the Catalan e.FACT takes nothing else (one report,
    unconfirmed), FACe takes any. The certificate itself is signed with SHA-256, within KeyInfo.
    """
    digest = sha1(certificate.public_bytes(Encoding.DER), usedforsecurity=False).digest()
    issuer = ",".join(rdn.rfc4514_string() for rdn in certificate.issuer.rdns)
    return _xades.SigningCertificate(
        _xades.Cert(
            _xades.CertDigest(_ds.DigestMethod(Algorithm=SHA1), _ds.DigestValue(_base64(digest))),
            _xades.IssuerSerial(_ds.X509IssuerName(issuer), _ds.X509SerialNumber(str(certificate.serial_number))),
        )
    )


def _integer(number: int) -> str:
    return _base64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
