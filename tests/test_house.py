"""The rules of the house: what may import what, what is public, and what may not lie in the tree."""

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lexgraph

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lexgraph"
HEAVY = (
    "pandas",
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "networkx",
    "scipy",
    "boto3",
    "dask",
    "distributed",
)

# From the ground up, as in the import contract of pyproject.toml, which keeps their order.
LAYERS = (
    "errors bundled markup policy catalog conditions evaluation reasoning account access checks "
    "tables graph plots exports workbench widgets report fleet cli __main__"
).split()
# The lowest layer that may import a library. Through checks it is the standard library and these few.
LOWEST = {
    "msgspec": "account",
    "pandas": "tables",
    "networkx": "graph",
    "matplotlib": "plots",
    "ipywidgets": "widgets",
    "anywidget": "widgets",
}
BELOW_TABLES = {"lexgraph", "numpy", "msgspec", "boto3", "botocore", "tqdm", "yaml"} | set(sys.stdlib_module_names)

# Nothing may tell on which machine, from which registry or by what means the project was made. Written in
# pieces, so that this file does not contain what it forbids.
HOSTS = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("registry", "npmjs", "org"),
    ("registry", "yarnpkg", "com"),
    ("deb", "debian", "org"),
    ("conda", "anaconda", "org"),
    ("crates", "io"),
    ("proxy", "golang", "org"),
]
WORDS = "|".join(["sub" + "agents?", *(re.escape(".".join(host)) for host in HOSTS)])
FORBIDDEN = re.compile(rf"(?<![\w.:*}}/-])/(?:work|root)(?=/)|\b(?:{WORDS})\b", re.IGNORECASE)

UNFINISHED = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"]


def run(code: str, **options: Any) -> str:
    """Return what Python code prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def files() -> list[Path]:
    """Return every file that belongs to the project: tracked ones, and new ones that git does not ignore."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        found = [ROOT / line for line in listed if line]
    except (OSError, subprocess.CalledProcessError):  # an unpacked source distribution, or no git
        hidden = re.compile(r"(?:^|/)(?:\.|__pycache__/)")
        found = [path for path in ROOT.rglob("*") if not hidden.search(str(path.relative_to(ROOT)))]
    return sorted(path for path in found if path.is_file())


def name(path: Path) -> str:
    """Return a file's path as messages show it."""
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    """Return a file's text; bytes that are no text show as replacement characters."""
    return path.read_bytes().decode("utf-8", "replace")


def layer(path: Path) -> str:
    """Return the layer that a module of the package belongs to; the package itself is the ground."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "errors" if first == "__init__" else first


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the top-level name and line of every absolute import, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).split(".")[0], node.lineno


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its decorators and its docstring."""
    end = node.end_lineno or node.lineno
    if ast.get_docstring(node) is None:
        return end - node.lineno + 1
    return end - (node.body[0].end_lineno or node.lineno) + 1


def submodules() -> dict[str, ModuleType]:
    """Return the modules directly below the package, imported."""
    return {m.name: importlib.import_module(f"lexgraph.{m.name}") for m in pkgutil.iter_modules(lexgraph.__path__)}


@pytest.mark.parametrize("module", ["lexgraph", "lexgraph.cli"])
def test_importing_loads_no_heavy_library(module, tmp_path):
    code = f"import sys, {module}; print(*sorted(sys.modules.keys() & set({HEAVY!r})))"
    assert run(code, cwd=tmp_path) == ""


def test_importing_writes_nothing(tmp_path):
    env = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    run("import lexgraph, lexgraph.cli", cwd=tmp_path, env=env)
    assert list(tmp_path.iterdir()) == []


def test_every_public_name_resolves():
    assert [public for public in lexgraph.__all__ if not hasattr(lexgraph, public)] == []
    assert len(lexgraph.__all__) == len(set(lexgraph.__all__))
    assert set(lexgraph.__all__) <= set(dir(lexgraph))


def test_every_public_name_has_a_docstring():
    documented = set(lexgraph.__all__) - {"__version__"}
    assert [public for public in documented if not getattr(lexgraph, public).__doc__] == []


def test_no_submodule_shares_its_name_with_something_public():
    # Importing lexgraph.compare would put the module in the place of the function `lexgraph.compare`.
    first = {public: getattr(lexgraph, public) for public in lexgraph.__all__}
    assert [m for m in submodules() if not isinstance(first.get(m, lexgraph), ModuleType)] == []
    assert [public for public, value in first.items() if getattr(lexgraph, public) is not value] == []


def test_libraries_enter_at_their_layer():
    early = []
    for path in sorted(PACKAGE.rglob("*.py")):
        height = LAYERS.index(layer(path))
        for library, line in imports(ast.parse(read(path))):
            if height < LAYERS.index(LOWEST.get(library, "errors")):
                early.append(f"{name(path)}:{line}: {library} belongs to {LOWEST[library]} and above")
            elif height < LAYERS.index("tables") and library not in BELOW_TABLES:
                early.append(f"{name(path)}:{line}: below tables only the standard library, not {library}")
    assert early == []


def test_functions_and_modules_stay_short():
    long = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if (lines := read(path).count("\n")) > 400:
            long.append(f"{name(path)} has {lines} lines; 400 is the limit")
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := length(node)) > 40:
                long.append(f"{name(path)}:{node.lineno}: {node.name} has {lines} lines; 40 is the limit")
    assert long == []


def test_no_file_tells_where_or_how_it_was_made():
    assert [f"{name(path)}: {hit}" for path in files() for hit in set(FORBIDDEN.findall(read(path)))] == []


def test_no_file_is_larger_than_five_megabytes():
    assert [name(path) for path in files() if path.stat().st_size > 5_000_000] == []


def test_no_file_holds_unfinished_work():
    marker = re.compile(rf"\b(?:{'|'.join(UNFINISHED)})\b")
    texts = [path for path in files() if path.suffix in (".py", ".sh", ".toml", ".md", ".ipynb")]
    assert [name(path) for path in texts if marker.search(read(path))] == []


def test_no_test_is_skipped_or_expected_to_fail():
    # The browser tests may skip where there is no browser, and say so; in CI they do not.
    marker = re.compile(r"(?:mark|pytest)\.(?:skip|xfail|importorskip)")
    tests = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "browser" not in path.parts]
    assert [name(path) for path in tests if marker.search(read(path))] == []


def test_every_exemption_has_a_reason():
    # As in "noqa: S603 - the command is our own", or "type: ignore[arg-type]  # the stub is too narrow".
    bare = re.compile(r"#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[\w, -]+\])?)\s*$", re.MULTILINE)
    assert [name(path) for path in files() if path.suffix == ".py" and bare.search(read(path))] == []


def test_no_notebook_keeps_outputs():
    cells = [(path, cell) for path in files() if path.suffix == ".ipynb" for cell in json.loads(read(path))["cells"]]
    assert {name(path) for path, cell in cells if cell.get("outputs") or cell.get("execution_count")} == set()
