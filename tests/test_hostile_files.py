"""Writing that is interrupted, refused, or runs out of room: the old file is whole, and nothing lies about."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import networkx as nx
import pandas as pd
import pytest

import lexgraph as lg
from lexgraph.cli import main
from lexgraph.errors import ExportError
from lexgraph.exports import files
from lexgraph.report import write

OLD = b"old and whole"
TABLE = pd.DataFrame({"n": range(5_000), "text": pd.array(["x" * 50] * 5_000, dtype="str")})
GRAPH = nx.DiGraph([("a", "b")])


def chart():
    ax = plt.figure().subplots()
    ax.bar(["a"], [1])
    return ax


THINGS = {
    **{ending: lambda: TABLE for ending in ("csv", "xlsx", "parquet")},
    **{ending: lambda: GRAPH for ending in ("graphml", "gexf")},
    **dict.fromkeys(("svg", "png", "pdf"), chart),
}
FAULTS = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EPERM, "Operation not permitted"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    KeyboardInterrupt(),
    MemoryError(),
    RuntimeError("something else"),
]


class Failing:
    """A file that fails at its first write, or after some bytes, as a full disk does."""

    def __init__(self, file, fault, after):
        self.file, self.fault, self.left = file, fault, after

    def write(self, data):
        self.left -= len(data)
        if self.left < 0:
            self.file.write(bytes(data)[: self.left])
            raise self.fault
        return self.file.write(data)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *raised):
        return self.file.__exit__(*raised)


@pytest.mark.parametrize("after", [0, 100])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault) or type(fault).__name__)
@pytest.mark.parametrize("ending", THINGS)
def test_an_export_that_fails_half_way_leaves_the_old_file(ending, fault, after, tmp_path, monkeypatch):
    target = tmp_path / f"x.{ending}"
    target.write_bytes(OLD)
    opened = os.fdopen
    monkeypatch.setattr(files.os, "fdopen", lambda *a, **k: Failing(opened(*a, **k), fault, after))
    with pytest.raises((ExportError, type(fault))) as caught:
        lg.export(THINGS[ending](), target)
    if isinstance(fault, OSError):
        assert isinstance(caught.value, ExportError)
        assert fault.strerror in str(caught.value)
    assert target.read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "mkstemp"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPERM, errno.EIO, errno.EROFS])
def test_an_export_that_is_refused_at_any_step_leaves_the_old_file(step, number, tmp_path, monkeypatch):
    target = tmp_path / "x.csv"
    target.write_bytes(OLD)

    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    owner = {"fsync": files.os, "mkstemp": files.tempfile}.get(step, Path)
    monkeypatch.setattr(owner, step, refused)
    with pytest.raises(ExportError, match=os.strerror(number)):
        lg.export(TABLE, target)
    assert target.read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_thing_that_cannot_be_written_leaves_the_old_file(tmp_path):
    target = tmp_path / "x.graphml"
    target.write_bytes(OLD)

    class Odd:
        def __str__(self):
            raise RuntimeError("no text")

    G = nx.DiGraph()
    G.add_node("a", label=Odd())
    with pytest.raises(RuntimeError):
        lg.export(G, target)
    assert target.read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["x.graphml"]


def test_a_folder_that_may_not_be_written_is_an_error_and_not_a_traceback(tmp_path, capsys):
    file = tmp_path / "taken"
    file.write_text("a file where a folder should be")
    assert main(["report", "AmazonLexReadOnly", "-o", str(file / "report")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert file.read_text() == "a file where a folder should be"


@pytest.mark.parametrize("fault", FAULTS[:4], ids=lambda fault: str(fault) or type(fault).__name__)
def test_a_report_that_is_interrupted_keeps_every_file_whole_and_can_be_written_again(fault, tmp_path, monkeypatch):
    folder = lg.write_report("AmazonLexReadOnly@v1", tmp_path).parent
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    wanted = {}
    written, ours = [], write.write_file

    def failing(path, how):
        written.append(path)
        if len(written) == 5:
            raise fault
        ours(path, how)
        wanted[path] = path.read_bytes()

    monkeypatch.setattr(write, "write_file", failing)
    with pytest.raises((ExportError, OSError, KeyboardInterrupt)):
        lg.write_report("AmazonLexReadOnly", folder)
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() in (before.get(path), wanted.get(path))
            assert not path.name.endswith(".part")
    monkeypatch.undo()
    again = lg.write_report("AmazonLexReadOnly", folder).parent
    fresh = lg.write_report("AmazonLexReadOnly", tmp_path / "fresh").parent
    for path in fresh.rglob("*"):
        if path.is_file():
            assert (again / path.relative_to(fresh)).read_bytes() == path.read_bytes()


# Whoever starts the tests in the background may have them ignore interrupts, which children inherit.
SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import pandas as pd
import lexgraph as lg
from lexgraph.exports import tables
ours = tables.WRITERS[".csv"]
def slow(table, file, about):
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)
tables.WRITERS[".csv"] = slow
lg.export(pd.DataFrame({"n": [1]}), sys.argv[1])
"""


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda kind: kind.name)
def test_a_process_that_is_stopped_while_it_writes_leaves_the_old_file(kind, tmp_path):
    target = tmp_path / "x.csv"
    target.write_bytes(OLD)
    command = [sys.executable, "-c", SLOW, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"writing\n"
        time.sleep(0.1)
        process.send_signal(kind)
        assert process.wait(30) != 0
    assert target.read_bytes() == OLD
    left = sorted(path.name for path in tmp_path.iterdir())
    if kind == signal.SIGINT:
        assert left == ["x.csv"]
    # What nobody could clean up is hidden, and says whose it is.
    assert all(name == "x.csv" or (name.startswith(".lexgraph-") and name.endswith(".part")) for name in left)


def test_a_table_and_what_is_said_of_it_are_each_whole(tmp_path, monkeypatch):
    lg.export(TABLE, tmp_path / "x.csv")
    told = tmp_path / "x.csv.about.json"
    before = told.read_bytes()
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(ExportError):
        lg.export(TABLE, tmp_path / "x.csv")
    assert told.read_bytes() == before
    json.loads(before)
