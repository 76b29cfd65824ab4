"""Writes a generated account, for measuring and for trying things on something large.

``python benchmarks/accounts.py --principals 1000 -o out/bench/account-1000.json``, or ``--megabytes 192``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from side_by_side.accounts import SEED, principals_for, write_account


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--principals", type=int, help="how many users and roles")
    size.add_argument("--megabytes", type=float, help="about how large, in millions of bytes")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("-o", "--output", type=Path, required=True, help="where to; a file that exists is kept")
    return parser.parse_args()


def main() -> None:
    """Write the file and tell its size."""
    asked = arguments()
    path = write_account(asked.output, asked.principals or principals_for(asked.megabytes), asked.seed)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
