"""Which model and data a command is about: a demo, or one's own."""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seqdream_widget as sd

if TYPE_CHECKING:
    from torch import nn


POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def add(command: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = command.add_argument_group("model and data")
    group.add_argument("--demo", metavar="NAME", help="a bundled one: forda, ecg5000, shortcut")
    group.add_argument(
        "--model",
        metavar="MODULE:NAME",
        help="your own: a torch module, or a function that returns one (called with the data if it takes an argument); "
        "imported from the present folder or from what is installed",
    )
    group.add_argument("--data", metavar="FILE", help="real sequences for it: .npz with x and y, or UCR's .tsv, .ts")
    group.add_argument("--classes", metavar="NAME", nargs="+", help="what its classes are called, in sorted order")


def chosen(given: argparse.Namespace) -> tuple[nn.Module, sd.SequenceDataset | None]:
    """Load model and data.

    Raises
    ------
    ValueError
        If it is not said which, or said twice, or there is no such model.
    OSError
        If the file cannot be read.
    """
    if given.demo is not None:
        if given.model or given.data:
            raise ValueError("give either --demo or --model and --data")
        demo = sd.load_demo(given.demo)
        return demo.model, demo.data
    if given.model is None:
        raise ValueError("which model? give --demo forda, or --model MODULE:NAME and --data FILE")
    data = None if given.data is None else sd.SequenceDataset.from_file(given.data, given.classes)
    return _model(given.model, data), data


def _model(name: str, data: sd.SequenceDataset | None) -> nn.Module:
    from torch import nn  # noqa: PLC0415 - seconds, which --help need not wait for

    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise ValueError(f'--model "{name}" is not allowed; give MODULE:NAME, such as mypackage.networks:make')
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ImportError as error:
        raise ValueError(
            f'--model "{name}": {error}; it is looked for in {Path.cwd()} and what is installed'
        ) from error
    except AttributeError as error:
        raise ValueError(f'--model "{name}": {error}') from error
    if not isinstance(found, nn.Module) and callable(found):
        found = _called(name, found, data)
    if not isinstance(found, nn.Module):
        raise ValueError(f'--model "{name}" gives a {type(found).__name__}; it should give a torch.nn.Module')
    return found


def _called(name: str, factory: Any, data: sd.SequenceDataset | None) -> Any:
    parameters = inspect.signature(factory).parameters.values()
    takes_data = any(one.default is one.empty and one.kind in POSITIONAL for one in parameters)
    try:
        return factory(data) if takes_data else factory()
    except Exception as error:
        raise ValueError(f'--model "{name}" raised {type(error).__name__}: {error}') from error
