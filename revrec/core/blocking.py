"""To whom the law has the data of a blocked person shown (LOPDGDD art. 32), and to nobody else."""

from __future__ import annotations

from typing import NamedTuple

from revrec.core.errors import RevrecError
from revrec.core.words import Word


class LegalRole(Word):
    """An office that may ask for blocked data."""

    COURT = "court"
    PROSECUTOR = "prosecutor"
    TAX_ADMINISTRATION = "tax-administration"
    DATA_PROTECTION_AUTHORITY = "data-protection-authority"
    ADMINISTRATION = "administration"
    LEGAL_DEFENCE = "legal-defence"


class Basis(NamedTuple):
    """Who the office is in words, and the rule that names it; `confirmed`: the text of the rule says so itself."""

    who: str
    source: str
    confirmed: bool = True


_BLOCKING = "LOPDGDD art. 32.2"  # Ley Orgánica 3/2018
BASES = {
    LegalRole.COURT: Basis("a judge or court", _BLOCKING),
    LegalRole.PROSECUTOR: Basis("the public prosecutor (Ministerio Fiscal)", _BLOCKING),
    LegalRole.TAX_ADMINISTRATION: Basis("the tax administration, as a competent public administration", _BLOCKING),
    LegalRole.DATA_PROTECTION_AUTHORITY: Basis("the data protection authority", _BLOCKING),
    LegalRole.ADMINISTRATION: Basis("another competent public administration", _BLOCKING),
    # Art. 32.2 does not name it; whether it is open to the controller is disputed.
    LegalRole.LEGAL_DEFENCE: Basis("the taxpayer's own defence of legal claims", "GDPR art. 17(3)(e), 18(2)", confirmed=False),
}


class NoLegalRole(RevrecError):
    """The law names no such role."""

    def __init__(self, said: str) -> None:
        roles = "; ".join(f"{role} ({basis.who})" for role, basis in BASES.items())
        super().__init__(f"the law has blocked data shown to nobody as {said!r}. Roles: {roles}")


def legal_role(said: str) -> LegalRole:
    """The role of that name; raises NoLegalRole."""
    try:
        return LegalRole(said.strip().lower().replace(" ", "-"))
    except ValueError:
        raise NoLegalRole(said) from None
