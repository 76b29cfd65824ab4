"""``python -m lexgraph``: the command, where its script is not on the path."""

import sys

from lexgraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
