"""`python -m revrec` is the command `revrec`."""

import sys

from revrec.cli.main import main

sys.exit(main())
