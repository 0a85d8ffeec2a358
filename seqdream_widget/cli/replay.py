"""``seqdream replay``: do again what a log tells of, and say whether it comes to the same bits."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seqdream_widget as sd
from seqdream_widget.cli import dream, subject
from seqdream_widget.cli.outcome import DIVERGED, WELL, Outcome

if TYPE_CHECKING:
    from torch import nn

    from seqdream_widget.log import Log

EXAMPLES = """examples:
  seqdream replay abnormal/dream.jsonl
  seqdream replay abnormal/dream.jsonl --out again
  seqdream replay mine/dream.jsonl --model mynetworks:make --data MyData_TEST.tsv

A log of a bundled demo says by its fingerprints which one; of your own model, say which. Exit code 1 where it comes to
other numbers than were logged, such as with another version of torch.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command: argparse.ArgumentParser = commands.add_parser(
        "replay",
        help="do again what a log tells of, and compare",
        description="Do again what a log tells of, and say whether it comes to the same bits.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("log", metavar="LOG", type=Path, help="dream.jsonl; dream.safetensors belongs beside it")
    subject.add(command)
    dream.add_output(command, required=False)
    command.set_defaults(run=run)


def run(given: argparse.Namespace) -> Outcome:
    """Replay, compare, and write where that was asked for."""
    log = sd.Log.load(given.log)
    model, data = subject.chosen(given) if given.demo or given.model else _demo_of(log)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below
        session = sd.replay(log, model, data=data)
    paths = [] if given.out is None else dream.write(session, given.out)
    found = session.divergence
    same = dream.outcome_of(session, paths, WELL, same_bits=found is None, first_step=None, largest_difference=0.0)
    if found is None:
        return Outcome(f"the same bits\n{same.words}", same.told)
    told = {**same.told, "first_step": found.first_step, "largest_difference": found.largest_difference}
    first = "no score differs" if found.first_step is None else f"the first step that differs is {found.first_step:,}"
    words = f"other numbers: {first}, the largest difference of the sequence {found.largest_difference:.3g}"
    return Outcome(f"{words}\n{same.words}", told, DIVERGED)


def _demo_of(log: Log) -> tuple[nn.Module, sd.SequenceDataset]:
    """Return the bundled demo that a log is about.

    Raises
    ------
    ValueError
        If it is about none.
    """
    from seqdream_widget.demos import RECIPES  # noqa: PLC0415 - with torch
    from seqdream_widget.encoding import fingerprint_of  # noqa: PLC0415 - with torch

    told = log.records[0].get("data") if log.records else None
    for name in RECIPES:
        demo = sd.load_demo(name)
        if fingerprint_of(demo.data) == told:
            return demo.model, demo.data
    raise ValueError("the log is about no bundled demo; give --model MODULE:NAME and --data FILE")
