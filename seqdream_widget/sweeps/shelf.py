"""The finished batches of a sweep on disk: what is there was finished, and is there whole.

In its directory: ``sweep.json``, which says what sweep it is, and ``batch-000012.safetensors`` for each finished batch.
"""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import save as save_tensors

from seqdream_widget.bounds import LINE_BYTES
from seqdream_widget.encoding import Json
from seqdream_widget.errors import shown
from seqdream_widget.files import tensors_and_text, write_whole
from seqdream_widget.judge import Figure, Nearest, Plausibility
from seqdream_widget.sweeps.studio import Outcome

VERSION = 1
NAME = "sweep.json"


class Shelf:
    """Keeps outcomes in a directory.

    Parameters
    ----------
    directory : Path
        New, empty, or that of the same sweep.
    identity : dict
        What the numbers depend on.

    Raises
    ------
    ValueError
        If it is that of another sweep; the message says what differs.
    OSError
        If it cannot be written.
    """

    def __init__(self, directory: Path, identity: Json) -> None:
        self._directory = directory
        self._waiting: dict[int, list[Outcome]] = {}
        self._said = False
        identity = json.loads(json.dumps({"seqdream_sweep": VERSION, **identity}))
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / NAME
        if path.exists():
            _check_same(directory, _read_identity(path), identity)
            return
        if any(directory.glob("batch-*")) or (directory / "log.jsonl").exists():
            raise ValueError(f'"{directory}" holds something else; give a new directory')
        write_whole(path, (json.dumps(identity, indent=1, ensure_ascii=False) + "\n").encode())

    def finished(self, batches: Sequence[Sequence[int]]) -> dict[int, list[Outcome]]:
        """Return the outcomes of the batches that are there, by number; one in which something raised is tried again.

        A file that is not as it should be counts as not there, with a warning.
        """
        found: dict[int, list[Outcome]] = {}
        for number, dreams in enumerate(batches):
            path = self._path(number)
            if not path.exists():
                continue
            try:
                outcomes = read_outcomes(path, dreams)
            except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
                warnings.warn(f'"{path.name}" cannot be read ({error}); it is dreamed again', stacklevel=4)
                continue
            if not any(outcome.raised for outcome in outcomes):
                found[number] = outcomes
        return found

    def keep(self, number: int, outcomes: list[Outcome]) -> None:
        """Write a finished batch, and those that could not be written before; where that fails, it is said once."""
        self._waiting[number] = outcomes
        try:
            for waiting in list(self._waiting):
                write_whole(self._path(waiting), written_outcomes(self._waiting[waiting]))
                del self._waiting[waiting]
        except OSError as error:
            if not self._said:
                warnings.warn(
                    f'"{self._directory}" cannot be written ({error}): the sweep goes on and keeps what is finished in '
                    f"memory; it is written as soon as that succeeds",
                    stacklevel=3,
                )
            self._said = True

    def _path(self, number: int) -> Path:
        return self._directory / f"batch-{number:06d}.safetensors"


def _read_identity(path: Path) -> Json:
    try:
        content = path.read_bytes()
        found = json.loads(content) if len(content) <= LINE_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or "seqdream_sweep" not in found:
        raise ValueError(f'"{path}" is not what says which sweep it is; give a new directory')
    return cast("Json", found)


def _check_same(directory: Path, there: Json, given: Json) -> None:
    for name in {**there, **given}:
        if there.get(name) != given.get(name):
            raise ValueError(
                f'"{directory}" holds another sweep: its {name.replace("_", " ")} is {shown(there.get(name))} and now '
                f"{shown(given.get(name))}; go on with the same, or give a new directory"
            )


# ---- outcomes as bytes ----------------------------------------------------------------------------------------------


def written_outcomes(outcomes: Iterable[Outcome]) -> bytes:
    """Write outcomes as safetensors, what is no array as JSON in its metadata."""
    listed = list(outcomes)
    rows = [
        {
            "dream": one.dream,
            "score": _text(one.score),
            "steps": one.steps,
            "plausibility": None if one.plausibility is None else _described(one.plausibility),
            "failure": one.failure,
            "raised": one.raised,
            "device": one.device,
            "seconds": one.seconds,
        }
        for one in listed
    ]
    tensors = {
        "sequences": torch.stack([torch.as_tensor(one.sequence) for one in listed]),
        "probabilities": torch.stack([torch.as_tensor(one.probabilities) for one in listed]),
    }
    return save_tensors(tensors, {"outcomes": json.dumps(rows, allow_nan=False)})


def read_outcomes(path: Path, dreams: Sequence[int]) -> list[Outcome]:
    """Read what `written_outcomes` wrote of these dreams.

    Raises
    ------
    ValueError, KeyError, TypeError, SafetensorError
        If it is not such.
    """
    tensors, text = tensors_and_text(path)
    rows = cast("list[Json]", json.loads(text["outcomes"]))
    if [row["dream"] for row in rows] != list(dreams):
        raise ValueError("it holds other dreams")
    return [
        Outcome(
            int(row["dream"]),
            sequence,
            float.fromhex(row["score"]),
            probabilities,
            int(row["steps"]),
            None if row["plausibility"] is None else _judged(row["plausibility"]),
            str(row["failure"]),
            bool(row["raised"]),
            str(row["device"]),
            float(row["seconds"]),
        )
        for row, sequence, probabilities in zip(
            rows, tensors["sequences"].numpy(), tensors["probabilities"].numpy(), strict=True
        )
    ]


def _text(value: float) -> str:
    return float(value).hex()


def _described(judged: Plausibility) -> Json:
    figures = {
        name: [_text(figure.value), [_text(bound) for bound in figure.band], figure.inside]
        for name, figure in judged.figures.items()
    }
    near = dataclasses.asdict(judged.nearest)
    near["distance"] = _text(judged.nearest.distance)
    return {
        "verdict": judged.verdict,
        "reason": judged.reason,
        "figures": figures,
        "nearest": near,
        "failing": [*judged.failing],
    }


def _judged(row: dict[str, Any]) -> Plausibility:
    figures = {
        name: Figure(float.fromhex(value), (float.fromhex(band[0]), float.fromhex(band[1])), bool(inside))
        for name, (value, band, inside) in row["figures"].items()
    }
    near = row["nearest"]
    nearest = Nearest(int(near["index"]), str(near["label"]), float.fromhex(near["distance"]))
    return Plausibility(row["verdict"], str(row["reason"]), figures, nearest, tuple(row["failing"]))
