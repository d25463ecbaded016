"""VERI*FACTU: the invoice records that Spain's tax office receives (RD 1007/2023, Orden HAC/1177/2024)."""
