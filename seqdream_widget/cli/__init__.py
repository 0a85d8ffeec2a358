"""The command line, ``seqdream``: a module for each of its commands.

A command has `add`, which declares it, and a function that does it and returns an `Outcome`. Nothing heavy is imported
before a command is at work: ``seqdream --help`` answers at once.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn, cast

import seqdream_widget
from seqdream_widget.cli import demo, dream, replay, workshop
from seqdream_widget.cli.outcome import INTERRUPTED, WRONG, Outcome

COMMANDS = (demo, dream, replay, workshop)

DESCRIPTION = "Find out what a network has learned about time series, by dreaming."
EXAMPLES = """examples:
  seqdream demo
  seqdream dream --demo forda --target abnormal --steps 500 --out abnormal
  seqdream replay abnormal/dream.jsonl
  seqdream workshop my-workshop

Exit codes: 0 well done, 1 a replay that came to other numbers, 2 an error, 130 Ctrl-C (what was done is kept).
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    top = _Parser(
        "seqdream", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=seqdream_widget.__version__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line, and return its exit code."""
    given = parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        try:
            outcome: Outcome = given.run(given)
        except KeyboardInterrupt:
            _say("seqdream: interrupted")
            return INTERRUPTED
        except (ValueError, TypeError, OSError, ImportError, RuntimeError) as error:
            _say(f"seqdream {given.command}: error: {_words(error)}")
            return WRONG
    print(json.dumps(_plain(outcome.told), indent=2, allow_nan=False) if given.json else outcome.words)
    return outcome.code


def _plain(value: Any) -> Any:
    """Return it with null where a number is not finite: JSON has none such."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f'{error.strerror}: "{error.filename}"'
    return str(error) or type(error).__name__


def _warn(message: Warning | str, *_: object) -> None:
    _say(f"seqdream: {message}")


def _say(text: str) -> None:
    print(" ".join(text.split()), file=sys.stderr)
