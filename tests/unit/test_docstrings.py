"""Every public name says what it is, what it takes, what it raises, and shows itself at work."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType

import pytest

import seqdream_widget as sd
from seqdream_widget.parameters import Described, parameters_of

MODULES = {"commands", "lab", "objectives", "parameterizations", "presets", "regularizers", "workshop"}
GIVEN = {"self", "cls", "args", "kwargs"}
FOR_THE_PACKAGE = {"anchor", "origin"}  # filled in by it


def public(module: ModuleType = sd, prefix: str = "") -> Iterator[tuple[str, type]]:
    """List what users call by name; whatever is a module of its own by its own names."""
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.ismodule(thing):
            yield from public(thing, f"{prefix}{name}.")
        elif callable(thing):
            yield f"{prefix}{name}", thing


NAMES = dict(public())
EACH = pytest.mark.parametrize("name", NAMES)


def sections(thing: object) -> dict[str, str]:
    """Split a docstring into its NumPy sections; the summary is under the empty name."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def described(text: str) -> set[str]:
    """List the names that a section of parameters describes."""
    heads = re.findall(r"^(\S[^:\n]*?)(?: :.*)?$", text, re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def is_error(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, BaseException)


def lineage(thing: object) -> list[object]:
    """List a class and what it inherits from in the package; of a function itself."""
    if not inspect.isclass(thing):
        return [thing]
    return [base for base in thing.__mro__ if base.__module__.startswith("seqdream_widget")]


def methods(thing: type) -> Iterator[tuple[str, object]]:
    """List what can be called of a class, also what it has from others of the package."""
    for name, member in (item for one in lineage(thing) if inspect.isclass(one) for item in vars(one).items()):
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if not name.startswith("_") and inspect.isfunction(function):
            yield name, function


def raises(function: object) -> bool:
    """Tell whether the code of a function raises something of its own."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def test_the_modules_are_public():
    assert {name for name in sd.__all__ if inspect.ismodule(getattr(sd, name))} == MODULES


@EACH
def test_it_begins_with_what_it_is(name: str):
    summary, *_ = sections(NAMES[name])[""].split("\n\n")
    assert len(summary) > 15
    assert summary.rstrip().endswith(".")


@pytest.mark.parametrize("name", [name for name, thing in NAMES.items() if not is_error(thing)])
def test_every_parameter_is_described(name: str):
    said = {
        word
        for one in lineage(NAMES[name])
        for title in ("Parameters", "Attributes")
        for word in described(sections(one).get(title, ""))
    }
    made = NAMES[name].__init__ if inspect.isclass(NAMES[name]) else NAMES[name]
    taken = set(inspect.signature(made).parameters) - GIVEN - FOR_THE_PACKAGE
    assert not taken - said


@pytest.mark.parametrize(
    "name", [name for name, thing in NAMES.items() if inspect.isclass(thing) and issubclass(thing, Described)]
)
def test_bounded_numbers_say_that_they_are(name: str):
    text = sections(NAMES[name])
    if parameters_of(NAMES[name]):
        assert "ValueError" in text.get("Raises", ""), name


@EACH
def test_what_raises_says_so(name: str):
    """In its own docstring, or in that of what it overrides."""
    thing = NAMES[name]
    functions = list(methods(thing)) if inspect.isclass(thing) else [(name, thing)]
    for called, function in functions:
        told = [function, *(getattr(one, called, None) for one in lineage(thing))]
        assert not raises(function) or any("Raises" in sections(one) for one in told), called


@EACH
def test_it_shows_itself_at_work(name: str):
    assert ">>>" in sections(NAMES[name]).get("Examples", ""), name


@EACH
def test_every_method_says_what_it_does(name: str):
    mute = [called for called, function in methods(NAMES[name]) if not inspect.getdoc(function)]
    assert not mute, f"{name}: {mute}"
