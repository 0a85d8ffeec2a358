"""Keywords of functions: what is unknown, or given elsewhere, is answered with what would be right."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterable
from typing import Any, ParamSpec, TypeVar

from seqdream_widget.errors import unknown

P = ParamSpec("P")
R = TypeVar("R")


def known_keywords_only(function: Callable[P, R]) -> Callable[P, R]:
    """Answer an unknown keyword with the nearest known one, instead of only refusing it."""
    accepted = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values()):
        return function
    is_method = "." in function.__qualname__.rpartition("<locals>.")[2]
    known = [*accepted][is_method:]
    owner = _owner(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        check_keywords(owner, kwargs, known)
        return function(*args, **kwargs)

    return checked


def check_keywords(owner: str, given: Iterable[str], known: Collection[str]) -> None:
    """Answer an unknown keyword with the nearest known one.

    Raises
    ------
    TypeError
        If one is unknown.
    """
    for name in given:
        if name not in known:
            raise TypeError(f"{owner}: {unknown('keyword', name, known)}")


def given_elsewhere(**places: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Answer keywords that people look for here, and that are given elsewhere."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        owner = _owner(function)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in kwargs:
                if name in places:
                    raise TypeError(f"{owner}: {name} is given elsewhere: {places[name]}")
            return function(*args, **kwargs)

        return checked

    return decorate


def all_in(name: str, *besides: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse arguments beside one that brings them all along, except `besides`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        owner = _owner(function)

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind_partial(*args, **kwargs).arguments
            others = [other for other in given if other not in ("self", name, *besides)]
            if given.get(name) is not None and others:
                raise TypeError(f"{owner}: a {name} brings its own {', '.join(others)}; give {name}= alone")
            return function(*args, **kwargs)

        return checked

    return decorate


def _owner(function: Callable[..., Any]) -> str:
    """Return what people call: of a constructor the class."""
    return function.__qualname__.removesuffix(".__init__")
