"""Every notebook runs from an empty kernel, headless."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
WORKSHOP = NOTEBOOKS / "workshop"
EXPECTED = ("dreaming", "the model ends with a softmax")
"""A progress bar, and what those who meet a softmax are to read."""


def ran(path):
    """Run a notebook, and return its outputs."""
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "committed notebooks carry no outputs"
    nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": path.parent}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    said = [output.text for output in outputs if output.get("name") == "stderr"]
    assert [text for text in said if not any(words in text for words in EXPECTED)] == []
    return outputs


def kinds_of(outputs):
    return {kind for output in outputs for kind in output.get("data", {})}


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_notebook_runs_and_shows_something(path):
    kinds = kinds_of(ran(path))
    assert "application/vnd.jupyter.widget-view+json" in kinds
    assert "image/png" in kinds


@pytest.mark.parametrize("path", sorted(WORKSHOP.glob("0*.ipynb")), ids=lambda path: path.stem)
def test_an_untouched_exercise_runs_and_is_not_passed(path):
    outputs = ran(path)
    assert "application/vnd.jupyter.widget-view+json" in kinds_of(outputs)
    said = outputs[-1]["data"]["text/plain"]
    assert said.startswith(f"Exercise {int(path.stem[:2])}, ")
    assert said.splitlines()[0].endswith(": not yet")


@pytest.mark.parametrize("path", sorted((WORKSHOP / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_solution_runs_and_passes(path):
    said = ran(path)[-1]["data"]["text/plain"]
    assert said.splitlines()[0].endswith(": passed"), said


def test_every_exercise_has_a_solution():
    exercises = {path.name for path in WORKSHOP.glob("0*.ipynb")}
    assert len(exercises) == 6
    assert exercises == {path.name for path in (WORKSHOP / "solutions").glob("*.ipynb")}


def test_marking_runs_and_shows_a_table():
    outputs = ran(WORKSHOP / "marking.ipynb")
    assert any("<table>" in str(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert "application/vnd.jupyter.widget-view+json" in kinds_of(outputs)
