"""``seqdream dream``: a dream, headless, into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seqdream_widget as sd
from seqdream_widget.cli import subject
from seqdream_widget.cli.outcome import INTERRUPTED, WELL, Outcome
from seqdream_widget.errors import unknown

if TYPE_CHECKING:
    from seqdream_widget.objectives import Objective
    from seqdream_widget.presets import Preset
    from seqdream_widget.regularizers import Regularizer
    from seqdream_widget.session import Session

EXAMPLES = """examples:
  seqdream dream --demo forda --target abnormal --steps 500 --out abnormal
  seqdream dream --demo forda --objective centered --target normal --out centered
  seqdream dream --demo forda --objective border --target normal abnormal --steps 300 --out border
  seqdream dream --model mynetworks:make --data MyData_TEST.tsv --target 1 --regularizer l2=0.001 --out mine

Writes dream.csv, dream.png, dream.jsonl (with dream.safetensors: the log, for seqdream replay) and dream.html, a page
that plays it all without Python. Ctrl-C ends the dream and writes what it came to.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command: argparse.ArgumentParser = commands.add_parser(
        "dream",
        help="climb a class of a network and write what comes out",
        description="Climb the gradient of a class of a network in its input, and write what comes out.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subject.add(command)
    group = command.add_argument_group("the dream")
    group.add_argument(
        "--target", metavar="CLASS", nargs="+", required=True, help="a class, by name or number; two for a border"
    )
    group.add_argument(
        "--objective",
        metavar="NAME",
        default="logit",
        help="logit (as given), probability, margin, boundary, …; or a preset: centered, border, rim, extreme",
    )
    group.add_argument("--steps", type=int, default=500, help="how many (500)")
    group.add_argument(
        "--start", default="noise", help='"noise", "zeros", "mean", or the number of a sequence of the data'
    )
    group.add_argument("--seed", type=int, default=0, help="of all that is random (0)")
    group.add_argument("--learning-rate", type=float, help="0.05, or the preset's")
    group.add_argument("--optimizer", default="adam", help='"adam", or any of torch\'s')
    group.add_argument(
        "--parameterization", default="samples", help='"samples", "fourier", "magnitude_fourier", "spline"'
    )
    group.add_argument(
        "--regularizer",
        metavar="NAME[=WEIGHT]",
        action="append",
        default=[],
        help="e.g. l2=0.001; may be given several times",
    )
    group.add_argument("--threads", type=int, default=1, help="of torch (1: the same bits on every run)")
    add_output(command, required=True)
    command.set_defaults(run=run)


def add_output(command: argparse.ArgumentParser, *, required: bool) -> None:
    """Declare where files go and how a command speaks."""
    group = command.add_argument_group("output")
    group.add_argument(
        "--out", metavar="DIR", type=Path, required=required, help="folder for the files; made if missing"
    )
    group.add_argument("--json", action="store_true", help="print the result as JSON")
    group.add_argument("--quiet", action="store_true", help="no progress bar")


def run(given: argparse.Namespace) -> Outcome:
    """Dream, and write what comes out."""
    model, data = subject.chosen(given)
    # A class called "3" is that one; otherwise 3 is its number.
    names = () if data is None else data.class_names
    targets = [target if target in names else _number(target) for target in given.target]
    session = sd.Session(
        model,
        _objective(given.objective, targets, data),
        data=data,
        start=_number(given.start),
        seed=given.seed,
        optimizer=given.optimizer,
        learning_rate=given.learning_rate,
        parameterization=given.parameterization,
        regularizers=[_regularizer(text) for text in given.regularizer],
        threads=given.threads,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    try:
        session.run(given.steps, progress=not given.quiet)
    except sd.StepError:
        write(session, given.out)  # what was done is kept
        raise
    paths = write(session, given.out)
    is_whole = session.step_count == given.steps
    return outcome_of(session, paths, WELL if is_whole else INTERRUPTED)


def write(session: Session, folder: Path) -> list[Path]:
    """Write all files of a dream, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "dream.jsonl"
    session.log.save(log)
    return [
        session.to_csv(folder / "dream.csv"),
        session.to_png(folder / "dream.png"),
        log,
        session.to_html(folder / "dream.html"),
    ]


def outcome_of(session: Session, paths: list[Path], code: int, **more: Any) -> Outcome:
    """Say what a dream came to."""
    from seqdream_widget.judge import judged  # noqa: PLC0415 - with torch
    from seqdream_widget.words import objective_words  # noqa: PLC0415 - with torch

    score, probabilities = session.history.latest_score(), session.history.latest_probabilities()
    named = {} if probabilities is None else dict(zip(session.classes.names, probabilities.tolist(), strict=True))
    verdicts = judged(session.scene, session.sequence[:1], session.objective)
    verdict, reason = (
        (verdicts[0].verdict, verdicts[0].reason) if verdicts else (None, "there is no data to compare with")
    )
    told = {
        "objective": objective_words(session, session.objective),
        "steps": session.step_count,
        "interrupted": code == INTERRUPTED,
        "score": score,
        "probabilities": named,
        "verdict": verdict,
        "reason": reason,
        "files": [str(path) for path in paths],
        **more,
    }
    likeliest = sorted(named.items(), key=lambda pair: -pair[1])[:2]
    shares = [f"p({name}) {value:.2f}" for name, value in likeliest]
    figures = ", ".join([*([] if score is None else [f"score {score:.4g}"]), *shares])
    lines = [
        f"{objective_words(session, session.objective)}, {session.step_count:,} steps: {figures or 'not begun'}",
        f"{verdict or 'not judged'}: {reason}",
        *(f"wrote {path}" for path in paths),
    ]
    return Outcome("\n".join(lines), told, code)


def _number(text: str) -> int | str:
    """Read a whole number as one: classes and sequences go by name or by number."""
    return int(text) if text.isascii() and text.isdigit() else text


def _objective(name: str, targets: list[int | str], data: sd.SequenceDataset | None) -> Objective | Preset:
    objectives, counted = sd.objectives, sd.presets.N_TARGETS
    about_one = {k: cls for k, cls in objectives.Objective.types.items() if issubclass(cls, objectives.ClassObjective)}
    counts = {**dict.fromkeys(about_one, 1), "boundary": 2, **counted}
    if name not in counts:
        raise ValueError(unknown("objective", name, counts))
    if len(targets) != counts[name]:
        raise ValueError(f"{name} is about {counts[name]} class(es), and --target names {len(targets)}")
    if name in counted:
        return sd.presets.Preset(name, tuple(targets), data)
    return objectives.Boundary(*targets) if name == "boundary" else about_one[name](targets[0])


def _regularizer(text: str) -> Regularizer:
    from seqdream_widget.regularizers.base import by_name  # noqa: PLC0415 - keeps --help light

    name, _, weight = text.partition("=")
    found = by_name(name)
    if not weight:
        return found
    try:
        value = float(weight)
    except ValueError:
        raise ValueError(f'--regularizer "{text}": the weight "{weight}" is no number') from None
    return found.changed(None, {found.slider or "weight": value})
