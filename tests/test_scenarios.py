"""The worked scenarios of the design, against the installed command, when they lie beside the project.

Each is a small practice with its policies, its events and its expected books; the runner that comes with them records,
advances, loads the ledger, compares, verifies and records again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[2] / "shared" / "vectors"
# What this release builds: all of them.
BUILT = """
D01 D02 D03 D05 D07 D09 D12 D15 D17 D18 D20 D22 D25a D26 D28 D29 D30 D32 D36 D37 D44 N01 N02 N03 N04 N05 N06 N07 N08a
N08b N09 N10 N11a N11b N14a N14b N15 N16 N17 N18 N18b N19 N20 N21 N22 N23a N23b N24 N24b N25 N26 N27 N28 N29 N30 N30b N31
N32 N32b N33 N34 N35 N36 N37 N38 N39 N39b N40 N41 N42 N43 N44 N47 N48 N49 N50 N51 N52 N53 N54 N55 N56 N57 N58 N58b N66 N70
""".split()

if VECTORS.is_dir():

    @pytest.mark.parametrize("name", BUILT)
    def test_the_books_of_a_scenario(name: str) -> None:
        command = f"{sys.executable} -m revrec"
        scenario = VECTORS / "scenarios" / name
        done = subprocess.run(
            [sys.executable, VECTORS / "run.py", "--jobs", "1", "--revrec", command, scenario],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
