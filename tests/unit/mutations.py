"""Messages as the front end sends them, and values as they never should be: for tests that send both."""

from __future__ import annotations

import copy
import functools
import math
import operator
import random

from seqdream_widget import protocol
from seqdream_widget.optimizers import OPTIMIZERS
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.parameters import parameters_of
from seqdream_widget.presets import N_TARGETS
from seqdream_widget.regularizers import Regularizer
from tests.unit.programs import LENGTH

# ---- messages as the front end sends them ---------------------------------------------------------------------------


def sample(rng):
    return rng.randrange(LENGTH)


def segment(rng):
    start = sample(rng)
    return {"start": start, "stop": rng.randint(start + 1, LENGTH), "channel": rng.choice([None, 0])}


def regularizer(rng):
    name = rng.choice(list(Regularizer.types))
    parameters = {
        one.name: rng.randint(1, 9) if one.integer else rng.uniform(*one.slider)
        for one in parameters_of(Regularizer.types[name])
        if rng.random() < 0.5 and math.isfinite(one.slider[0] + one.slider[1])
    }
    return {"name": name, "enabled": rng.choice([True, False, None]), "parameters": parameters}


def objective(rng):
    name = rng.choice(list(N_TARGETS))
    targets = rng.sample([0, 1], N_TARGETS[name])
    plain = {"type": rng.choice(["logit", "margin", "probability", "prototype", "rim"]), "target": rng.randrange(2)}
    both = {"type": "sum", "terms": [plain, {"type": "scaled", "factor": -0.5, "objective": plain}]}
    return {"objective": rng.choice([plain, both, {"type": "preset", "name": name, "targets": targets}])}


COMMANDS = {
    "edit": lambda rng: {
        "start": sample(rng),
        "values": [rng.uniform(-2, 2) for _ in range(rng.randint(1, 4))],
        "gesture": rng.choice([None, 1, 2]),
    },
    "move_point": lambda rng: {
        "index": sample(rng),
        "value": rng.uniform(-2, 2),
        "radius": rng.randint(1, 5),
        "gesture": rng.choice([None, 1, 2]),
        "dream": 0,
    },
    "release": lambda rng: {"gesture": rng.choice([1, 2])},
    "freeze": segment,
    "unfreeze": segment,
    "erase": segment,
    "replace_by_mean": lambda rng: segment(rng) | {"target": rng.choice([None, 0, "high"])},
    "replace_by_nearest": segment,
    "reverse": segment,
    "invert": segment,
    "scale": lambda rng: segment(rng) | {"factor": rng.uniform(-2, 2)},
    "shift": lambda rng: segment(rng) | {"by": rng.uniform(-1, 1)},
    "set_regularizer": regularizer,
    "set_objective": objective,
    "set_learning_rate": lambda rng: {"learning_rate": 10 ** rng.uniform(-4, -1)},
    "set_optimizer": lambda rng: {"optimizer": rng.choice(list(OPTIMIZERS))},
    "set_parameterization": lambda rng: {
        "parameterization": rng.choice([*Parameterization.types, {"type": "spline", "every": rng.randint(1, 20)}])
    },
    "reset": lambda rng: {},
    "set_start": lambda rng: {
        "start": rng.choice(["noise", "zeros", "mean", rng.randrange(30), [rng.uniform(-2, 2) for _ in range(LENGTH)]]),
        "seed": rng.randrange(9),
    },
    "note": lambda rng: {"text": "look here"},
}
NUMBERS = {
    "protocol": lambda rng: protocol.PROTOCOL,
    "count": lambda rng: 3,
    "step": lambda rng: rng.randrange(5),
    "snapshot": lambda rng: rng.randint(1, 4),
}


def message(rng, kind):
    numbers = {name: NUMBERS.get(name, lambda rng: rng.randrange(1000))(rng) for name, _ in protocol.NUMBERS[kind]}
    if kind != "command":
        return {"kind": kind, **numbers}
    name = rng.choice(list(COMMANDS))
    return {"kind": kind, **numbers, "command": {"type": name, **COMMANDS[name](rng)}}


# ---- anything in any place ------------------------------------------------------------------------------------------


def deep(levels):
    return functools.reduce(lambda inner, _: [inner], range(levels), [])


HUGE = DEEP, LONG, TEXT = deep(100_000), [0.5] * 1_000_000, "7" * 10_000_000
JSON = (
    None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e308, math.nan, math.inf, -math.inf, 2**31, 2**53, 2**53 + 1, 2**63,
    10**400, "", "0", "abnormal", "<b>hi</b>", "é\u2028\x00", "__class__", [], {}, [[]], [1, 2.5], ["a"], deep(20),
    {"type": "logit"}, {"type": "preset"}, {"": None}, {"kind": "hello", "protocol": 1}, [math.nan], ["0.5"], [True],
    "samples", "__init__",
)  # fmt: skip
WORSE = (*JSON, *HUGE, 10**5000, "\ud800", b"bytes", (1, 2), object(), {1: 2}, 1 + 2j)
NAMES = ("type", "id", "x", "channel", "dream", "weight", "self", "name", "")


def is_huge(value):
    return any(value is one for one in HUGE)


def places(value, path=()):
    """Go through all places within a value, but not within what is huge."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        if not is_huge(item):
            yield from places(item, (*path, key))


class Mutator:
    """Changes a JSON value in one to three places. What is given is used up."""

    def __init__(self, rng: random.Random, junk=JSON) -> None:
        self._rng = rng
        self._junk = junk

    def __call__(self, value):
        root = [value]
        for _ in range(self._rng.choice([1, 1, 1, 2, 3])):
            *way, key = self._rng.choice(list(places(root)) or [(0,)])
            holder = functools.reduce(operator.getitem, way, root)
            if holder:
                self._rng.choice([self._replace, self._drop, self._shift, self._add, self._misspell])(holder, key)
        return root[0] if root else None

    def _some_junk(self):
        one = self._rng.choice(self._junk)
        return one if is_huge(one) else copy.deepcopy(one)

    def _replace(self, holder, key):
        holder[key] = self._some_junk()

    def _drop(self, holder, key):
        holder.pop(key)

    def _shift(self, holder, key):
        one = holder[key]
        is_number = isinstance(one, int | float) and not isinstance(one, bool)
        holder[key] = self._rng.choice([one + 1, one - 1, -one, one * 1000, [one]] if is_number else [[one]])

    def _add(self, holder, key):
        one = holder[key]
        if isinstance(one, dict):
            one[self._rng.choice(NAMES)] = self._some_junk()
        elif isinstance(one, list) and not is_huge(one):
            one.append(self._rng.choice([*one, self._some_junk()]))

    def _misspell(self, holder, key):
        one = holder[key]
        if isinstance(one, str) and one and not is_huge(one):
            holder[key] = self._rng.choice([one[:-1], one + "s", one.upper(), one[::-1], one + "\x00"])
        elif isinstance(key, str):
            holder[key + "s"] = holder.pop(key)
