"""What a person gets who installs lexgraph: the package, its data, its notebooks and every licence."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

# Runs where nothing but the interpreter and the installed package are known.
LOOK = """
import importlib.metadata, json, lexgraph
from lexgraph.bundled import bundled_notebooks, bundled_path
print(json.dumps({
    "package": lexgraph.__file__,
    "data": str(bundled_path()),
    "readme": bundled_path("README.md").is_file(),
    "catalog": len(list(bundled_path("catalog").iterdir())),
    "managed": len(list(bundled_path("managed").iterdir())),
    "examples": len(list(bundled_path("examples").iterdir())),
    "licenses": sorted(path.name for path in bundled_path("licenses").iterdir()),
    "notebooks": sorted(path.name for path in bundled_notebooks().iterdir() if path.suffix == ".ipynb"),
    "version": [lexgraph.__version__, importlib.metadata.version("lexgraph")],
}))
"""


def run(*arguments: str, **options: Any) -> str:
    """Return what Python prints, started with `arguments`."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a wheel or an sdist of `source` into `target`, without pip and so without a network."""
    run("-m", "hatchling", "build", "--target", kind, "--directory", str(target), cwd=source)
    (built,) = target.iterdir()
    return built


def look(folder: Path, *first: Path) -> dict[str, Any]:
    """Return what the package finds of itself, run in `folder` with `first` in front of the path."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, first))}
    return json.loads(run("-c", LOOK, cwd=folder, env=env))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of this checkout."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    """Return the names in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_an_installed_wheel_finds_its_data_notebooks_and_licences(wheel, tmp_path):
    site = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(site)]
    run("-m", "pip", "install", *options, str(wheel), cwd=tmp_path)
    found = look(tmp_path, site)
    assert Path(found["package"]) == site / "lexgraph" / "__init__.py"
    assert Path(found["data"]) == site / "lexgraph" / "_data"
    assert found == {**look(tmp_path), "package": found["package"], "data": found["data"]}


def test_an_editable_install_finds_the_checkout(tmp_path):
    found = look(tmp_path)
    assert Path(found["package"]) == ROOT / "lexgraph" / "__init__.py"
    assert Path(found["data"]) == ROOT / "data"
    assert found["readme"]
    assert found["catalog"]
    assert found["managed"]
    assert found["examples"]
    assert found["licenses"] == sorted(path.name for path in (ROOT / "data" / "licenses").iterdir())
    assert found["notebooks"] == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert len(set(found["version"])) == 1


def test_the_wheel_holds_the_package_and_nothing_else(names):
    assert {name.split("/")[0].split("-")[0] for name in names} == {"lexgraph"}
    assert "lexgraph/py.typed" in names
    assert [name for name in names if name.startswith("lexgraph/_data/build/")] == []
    assert [name for name in names if "__pycache__" in name or ".ipynb_checkpoints" in name] == []


def test_the_wheel_declares_every_licence(names):
    declared = {name.split("/licenses/", 1)[1] for name in names if ".dist-info/licenses/" in name}
    assert declared == {
        "LICENSE",
        *(f"data/licenses/{path.name}" for path in (ROOT / "data" / "licenses").iterdir()),
    }


def test_the_wheel_installs_the_command(wheel, names):
    (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
    with zipfile.ZipFile(wheel) as archive:
        assert "lexgraph = lexgraph.cli:main" in archive.read(entry_points).decode()


def test_a_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    again = build("wheel", tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path / "again")
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()
