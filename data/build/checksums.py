"""Writes ``data/CHECKSUMS.txt``, which the tests compare with the files."""

from __future__ import annotations

import hashlib
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent
# Everything that is shipped as data; the scripts, the licences and the README are not.
FOLDERS = ("accounts", "catalog", "examples", "managed", "serverless")


def checksums(data: Path) -> dict[str, str]:
    """The sha256 of every shipped file below `data`, by its path with forward slashes, sorted."""
    files = sorted(path for folder in FOLDERS for path in (data / folder).rglob("*") if path.is_file())
    return {path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def write_checksums(data: Path) -> None:
    """Write the checksums in the form that ``sha256sum --check`` reads."""
    lines = (f"{digest}  {name}\n" for name, digest in checksums(data).items())
    (data / "CHECKSUMS.txt").write_text("".join(lines), encoding="ascii", newline="\n")


if __name__ == "__main__":
    write_checksums(DATA)
