"""What signing and verifying share: namespaces, algorithms, the Facturae signature policy, and the names of the checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from einvoice.findings import Finding

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA1: Final = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"

# What signatures and references may use: SHA-1 is not among them.
SIGNATURE_METHODS: Final = {
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}
DIGEST_METHODS: Final = {
    SHA256: "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
# What names a certificate that is signed itself, within KeyInfo, may use SHA-1 as well: practice does.
FINGERPRINT_METHODS: Final = {**DIGEST_METHODS, SHA1: "sha1"}


class Policy(NamedTuple):
    """A signature policy: its address, its name, and the base64 of its document's digests by the digest's address."""

    identifier: str
    description: str
    digests: dict[str, str]


# Política de firma Facturae v3.1 (Orden PRE/2971/2007). The digests are those of the PDF at that address; the one that the
# PDF prints in its own example is another. Everybody ships SHA-1; whether FACe takes SHA-256 is unconfirmed.
FACTURAE_3_1: Final = Policy(
    "http://www.facturae.es/politica_de_firma_formato_facturae/politica_de_firma_formato_facturae_v3_1.pdf",
    "Política de Firma FacturaE v3.1",
    {
        SHA1: "Ohixl6upD6av8N7pEvDABhEL6hM=",
        SHA256: "a/vDoueJq9zxWGCFwdsXdlXtkFSEek4XVtmlQCEDaE8=",
        "http://www.w3.org/2001/04/xmlenc#sha512": (
            "Olsv4wCqkGsabqxbGDLEkgocYLmEJ2CdZ1XsZMrvJiuUD30ryJoGYL2/DXTF1qqxdNRjviwXr2MBh4UZt/mS8w=="
        ),
    },
)


class Role(StrEnum):
    """In what role the signer signs (policy v3.1, ClaimedRole)."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    THIRD_PARTY = "third party"


# The same roles in Spanish, which the policy allows as well.
SPANISH_ROLES: Final = {"emisor": Role.SUPPLIER, "receptor": Role.CUSTOMER, "tercero": Role.THIRD_PARTY}


class Check(StrEnum):
    """The checks of a verification, by the code of the finding that a failed one leaves."""

    XML = "signature-xml"  # readable, without DTD or entities, one root
    COUNT = "signature-count"  # exactly one signature
    PLACE = "signature-place"  # where it belongs: last child of the root, or in the security header
    SHAPE = "signature-shape"  # its parts, each once and in their order
    IDS = "signature-ids"  # no two elements answer to one identifier
    REFERENCES = "signature-references"  # covers what it must, and nothing else
    ALGORITHM = "signature-algorithm"  # canonicalisation, transforms, digests and signature that are allowed
    DIGEST_DOCUMENT = "digest-document"  # what was signed is unchanged
    DIGEST_PROPERTIES = "digest-properties"  # so are time, policy and role
    DIGEST_KEY_INFO = "digest-key-info"  # so are the certificates
    DIGEST_TIMESTAMP = "digest-timestamp"  # so is the time of a SOAP message
    VALUE = "signature-value"  # made by the certificate's key
    CERTIFICATE = "certificate-unreadable"  # there is one and it can be read
    CERTIFICATE_DIGEST = "certificate-digest"  # the one that the signed properties name
    CERTIFICATE_KEY = "certificate-key"  # a key stated beside it is its own
    CERTIFICATE_VALIDITY = "certificate-validity"  # in force when it signed
    CERTIFICATE_TRUST = "certificate-trust"  # issued under an authority that is trusted
    POLICY_IDENTIFIER = "policy-identifier"  # the Facturae policy
    POLICY_HASH = "policy-hash"  # in its published wording
    ROLE = "signature-role"  # one of the roles
    TIME = "signature-time"  # stated, and not in the future


@dataclass(frozen=True, slots=True)
class Signed:
    """What a valid signature covers: the canonical bytes of the document without it; by whom, when and as what."""

    document: bytes
    certificate: x509.Certificate
    at: datetime
    role: Role | None


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of a verification: every failed check as a finding, or what was signed."""

    findings: tuple[Finding, ...]
    signed: Signed | None

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return self.signed is not None
