"""The peers' pinned environments, made in ``benchmarks/.envs`` when they are first needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HOME = Path(__file__).parents[1]
ENVIRONMENTS = HOME / ".envs"
SHARED = HOME / "peers" / "_shared"
MAKING_SECONDS = 600

_FAILED: dict[str, str] = {}  # what could not be made in this run is not tried again


class CannotRun(Exception):
    """A contestant cannot run here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A contestant: a folder of ``peers/`` with a runner, and with what the runner needs.

    A ``requirements.txt`` makes it a Python package, a ``package.json`` a Node one; with neither, it is lexgraph
    itself, in the environment that runs the benchmarks.
    """

    name: str

    @property
    def folder(self) -> Path:
        """The folder with its runner."""
        return HOME / "peers" / self.name

    @property
    def environment(self) -> Path:
        """Where its packages are installed."""
        return ENVIRONMENTS / self.name

    @property
    def is_own(self) -> bool:
        """Whether it runs in the environment that runs the benchmarks."""
        return self.name in {"lexgraph", "notebook", "python"}

    @cached_property
    def wanted(self) -> Path:
        """The file that lists its packages."""
        return next(path for path in (self.folder / "requirements.txt", self.folder / "package.json") if path.exists())

    @property
    def python(self) -> str:
        """Its interpreter."""
        return sys.executable if self.is_own else str(self.environment / "bin" / "python")

    def script(self, name: str) -> str:
        """Return a command of its environment; the environment need not be active."""
        return str(Path(self.python).parent / name)

    @property
    def command(self) -> list[str]:
        """What starts its runner."""
        if self.is_own or self.wanted.suffix == ".txt":
            return [self.python, str(self.folder / "runner.py")]
        return ["node", str(self.folder / "runner.mjs"), str(self.environment)]

    def make(self) -> None:
        """Install what it needs, unless that is done already; raises CannotRun."""
        if self.name in _FAILED:
            raise CannotRun(_FAILED[self.name])
        try:
            self._make()
        except CannotRun as error:
            _FAILED[self.name] = str(error)
            raise

    def _make(self) -> None:
        if self.is_own:
            return
        stamp = self.environment / "made-from.txt"
        state = hashlib.sha256(self.wanted.read_bytes()).hexdigest() + f" {sys.version}"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
            return
        print(f"Making the environment of {self.name}.", file=sys.stderr, flush=True)
        shutil.rmtree(self.environment, ignore_errors=True)
        self.environment.mkdir(parents=True)
        for command in self._commands():
            _call(command, self.environment)
        stamp.write_text(state, encoding="utf-8")

    def _commands(self) -> list[list[str]]:
        if self.wanted.suffix == ".txt":
            pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
            return [[sys.executable, "-m", "venv", str(self.environment)], [*pip, str(self.wanted)]]
        if not (shutil.which("node") and shutil.which("npm")):
            raise CannotRun("node and npm are not installed")
        shutil.copy(self.wanted, self.environment)
        return [["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]]


def surroundings() -> dict[str, str]:
    """The environment variables of a contestant: the same for all, and sets in the same order every time."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(SHARED), "PYTHONHASHSEED": "0"}


def _call(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=MAKING_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise CannotRun(f"its environment was not made within {MAKING_SECONDS} s") from error
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise CannotRun(f"its environment could not be made: {said[-1] if said else error}") from error
