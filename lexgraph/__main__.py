"""``python -m lexgraph``: the command, where its script is not on the path."""

import sys

from lexgraph.cli import main

sys.exit(main())
