"""Facturae 3.2.2, the structured invoice of the Spanish administrations (Ley 25/2013), signed as XAdES-EPES."""
