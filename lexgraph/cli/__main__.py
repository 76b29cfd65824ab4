"""``python -m lexgraph.cli``."""

import sys

from lexgraph.cli import main

sys.exit(main())
