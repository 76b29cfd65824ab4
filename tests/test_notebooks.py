"""Every notebook runs from top to bottom in a fresh kernel, asks one question and stays short."""

import json
import os
import re

import nbclient
import nbformat
import pytest

from lexgraph.bundled import bundled_notebooks

NOTEBOOKS = sorted(bundled_notebooks().glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def code_lines(notebook):
    cells = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    lines = (line.strip() for source in cells for line in source.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_there_are_notebooks():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{i:02}" for i in range(1, len(NOTEBOOKS) + 1)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path):
    notebook = read(path)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    assert not [output.text for output in shown if output.output_type == "stream" and output.name == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_one_question_in_under_forty_lines_of_code(path):
    notebook = read(path)
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert re.fullmatch(r"# .+\?", first.source.splitlines()[0])
    assert len(code_lines(notebook)) < 40


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
