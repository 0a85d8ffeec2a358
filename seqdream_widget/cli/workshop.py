"""``seqdream workshop``: the six exercises, into a folder of one's own."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from seqdream_widget.cli.outcome import Outcome
from seqdream_widget.shipped import copy_to

EXAMPLES = """examples:
  seqdream workshop my-workshop
  seqdream workshop teaching --solutions
  jupyter lab my-workshop/01_first_dream.ipynb

What is there already is left as it is. The teacher's guide is docs/teaching.md in the repository.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command: argparse.ArgumentParser = commands.add_parser(
        "workshop",
        help="copy the workshop's exercises to a folder",
        description="Copy the six exercises of the workshop to a folder of yours. What is there already is left as "
        "it is: it may hold somebody's work.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("folder", metavar="FOLDER", type=Path, help="where they go; made if missing")
    command.add_argument(
        "--solutions", action="store_true", help="with what is for teachers: solutions, and a notebook for marking"
    )
    command.add_argument("--json", action="store_true", help="print what was written as JSON")
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> Outcome:
    """Copy the notebooks."""
    written = [str(path) for path in copy_to(given.folder, solutions=given.solutions)]
    lines = [f"wrote {path}" for path in written] or [f"all of it is in {given.folder} already; nothing was written"]
    first = given.folder / "01_first_dream.ipynb"
    return Outcome(
        "\n".join([*lines, f"begin with: jupyter lab {shlex.quote(str(first))}"]),
        {"first": str(first), "written": written},
    )
