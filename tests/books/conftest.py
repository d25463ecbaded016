"""Lets the tests of the books import `small_practice` and `hledger_text`, which stand beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
