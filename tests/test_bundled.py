"""Finding the bundled files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import lexgraph.bundled as bundled
from lexgraph.bundled import bundled_notebooks, bundled_path
from lexgraph.errors import LexgraphError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package in an empty folder, which `bundled` takes for its own."""
    folder = tmp_path / "lexgraph"
    folder.mkdir()
    monkeypatch.setattr(bundled, "_PACKAGE", folder)
    return folder


def test_a_checkout_serves_its_own_data() -> None:
    assert bundled_path("catalog") == Path(bundled.__file__).parent.parent / "data" / "catalog"


def test_an_installed_package_serves_the_data_inside_it(package: Path) -> None:
    (package / "_data" / "catalog").mkdir(parents=True)
    (package / "_notebooks").mkdir()
    assert bundled_path("catalog") == package / "_data" / "catalog"
    assert bundled_notebooks() == package / "_notebooks"


def test_somebody_elses_data_folder_beside_an_installed_package_is_left_alone(package: Path) -> None:
    (package.parent / "data").mkdir()
    (package / "_data").mkdir()
    assert bundled_path() == package / "_data"


def test_the_checkout_comes_before_the_installed_copy(package: Path) -> None:
    (package.parent / "pyproject.toml").touch()
    (package.parent / "notebooks").mkdir()
    (package / "_notebooks").mkdir()
    assert bundled_notebooks() == package.parent / "notebooks"


def test_a_missing_file_is_an_error_that_names_it(package: Path) -> None:
    with pytest.raises(LexgraphError, match=r"actions\.txt is missing") as caught:
        bundled_path("catalog", "actions.txt")
    assert caught.value.code == "BUNDLED_FILE_MISSING"
    with pytest.raises(LexgraphError, match="_notebooks is missing"):
        bundled_notebooks()


def test_importing_it_reads_nothing_and_loads_no_heavy_module() -> None:
    heavy = "{'json', 'lzma', 'zlib', 'inspect', 'difflib', 'dataclasses'}"
    code = f"import sys, lexgraph.catalog.actions; assert not {heavy} & set(sys.modules), sys.modules.keys()"
    subprocess.run([sys.executable, "-S", "-c", code], check=True, cwd=Path(bundled.__file__).parent.parent)
