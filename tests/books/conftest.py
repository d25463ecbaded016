"""Lets the tests of the books import `small_practice` and `second_engine`, which stand beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
