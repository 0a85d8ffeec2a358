"""``seqdream demo``: JupyterLab on a notebook to begin with."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seqdream_widget.cli.outcome import Outcome
from seqdream_widget.errors import unknown
from seqdream_widget.shipped import notebooks_folder

DEMOS = {"forda": "abnormal", "ecg5000": "PVC", "shortcut": "triggered"}
"""The bundled ones, and a class of each to begin with."""

EXAMPLES = """examples:
  seqdream demo
  seqdream demo ecg5000
  seqdream demo --no-browser --folder my-notebooks
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command: argparse.ArgumentParser = commands.add_parser(
        "demo",
        help="open JupyterLab on the quickstart",
        description="Open JupyterLab on a notebook to begin with. It is copied to a folder of yours; what you have "
        "changed there is kept.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "name", metavar="NAME", nargs="?", default="quickstart", help=f"quickstart (as given), or {', '.join(DEMOS)}"
    )
    command.add_argument(
        "--folder", metavar="DIR", type=Path, default=Path("seqdream"), help="where the notebook goes (seqdream)"
    )
    command.add_argument("--no-browser", action="store_true", help="only serve it, and print the address")
    command.add_argument("--json", action="store_true", help="only copy the notebook, and print where it is as JSON")
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> Outcome:
    """Put the notebook there and open it."""
    path = placed(given.name, given.folder)
    if given.json:
        return Outcome("", {"notebook": str(path)})
    if importlib.util.find_spec("jupyterlab") is None:
        raise ValueError(f"{path} is there, but JupyterLab is not; run: pip install 'seqdream_widget[demo]'")
    options = ["--no-browser"] if given.no_browser else []
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    done = subprocess.run([sys.executable, "-m", "jupyterlab", *_address(path), *options], check=False)
    return Outcome(f"{path} is kept", {"notebook": str(path)}, done.returncode)


def _address(path: Path) -> list[str]:
    """Let JupyterLab begin at the notebook, so that it prints that address: of a file it would print none."""
    path, root = path.resolve(), Path.cwd()
    root = root if path.is_relative_to(root) else path.parent
    return [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{quote(path.relative_to(root).as_posix())}",
    ]


def placed(name: str, folder: Path) -> Path:
    """Return the notebook in the folder; it is put there unless it is there already.

    Raises
    ------
    ValueError
        If there is no such notebook.
    """
    known = {path.stem.partition("_")[2]: path for path in sorted(notebooks_folder().glob("*_*.ipynb"))}
    if name not in known and name not in DEMOS:
        raise ValueError(unknown("demo", name, [*known, *DEMOS]))
    path = folder / (known[name].name if name in known else f"{name}.ipynb")
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(known[name].read_text("utf-8") if name in known else _about(name), encoding="utf-8")
    return path


def _about(demo: str) -> str:
    """Write a notebook about a bundled demo."""
    cells = [
        ("markdown", f"# Dreams of {demo}\n\nRun the cell, press play, and drag the curve while it runs."),
        (
            "code",
            "import seqdream_widget as sd\n\n"
            f'demo = sd.load_demo("{demo}")\n'
            f'w = sd.SeqDream(demo.model, sd.objectives.Logit("{DEMOS[demo]}"), data=demo.data, start=0)\nw',
        ),
        ("markdown", "How plausible is what it came to, beside real sequences?"),
        ("code", "sd.plausibility(demo.model, demo.data, w.sequence)"),
    ]
    blank: dict[str, dict[str, Any]] = {"code": {"outputs": [], "execution_count": None}, "markdown": {}}
    notebook: dict[str, Any] = {
        "cells": [
            {"cell_type": kind, "id": f"cell-{place}", "metadata": {}, "source": source, **blank[kind]}
            for place, (kind, source) in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1) + "\n"
