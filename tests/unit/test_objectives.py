"""What an objective says of logits, alone and composed."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.classes import Classes
from seqdream_widget.objectives import Boundary, Logit, Margin, Objective, Probability, Sum
from seqdream_widget.probe import Activity, Probe
from seqdream_widget.scene import Scene
from tests.models import make

SCENE = Scene(Probe(make("cnn"), 1, 500), Classes(("a", "b", "c")), (1, 500))


def activity(logits: list[list[float]]) -> Activity:
    rows = torch.tensor(logits)
    return Activity(rows, x=torch.zeros(len(rows), 1, 2), features=rows)


LOGITS = activity([[3.0, 1.0, 0.0], [2.0, 2.0, 5.0]])

single = st.builds(lambda kind, target: kind(target), st.sampled_from([Logit, Margin, Probability]), st.integers(0, 2))
factors = st.floats(-100, 100, allow_nan=False)
composed = st.recursive(
    single,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, k: k * a, inner, factors),
    ),
    max_leaves=6,
)


def test_a_probability_is_the_softmax():
    torch.testing.assert_close(Probability(2).score(LOGITS), LOGITS.logits.softmax(1)[:, 2])


def test_a_boundary_is_reached_where_two_classes_tie_ahead_of_the_rest():
    score = Boundary("a", "b").resolve(SCENE).score(LOGITS)
    assert score.tolist() == [-4.0, -16.0]
    tied = activity([[2.0, 2.0, 1.0]])
    assert Boundary(0, 1).score(tied).tolist() == [0.0]
    assert Boundary(0, 1).score(activity([[2.0, 5.0]])).tolist() == [-9.0]


def test_a_boundary_of_a_class_with_itself_is_refused_by_name():
    with pytest.raises(ValueError, match='both classes are "b"; give two different'):
        Boundary("b", 1).resolve(SCENE)


@given(composed, composed, factors)
def test_scores_compose_as_the_operators_say(one, other, factor):
    first, second = one.score(LOGITS), other.score(LOGITS)
    torch.testing.assert_close((one + other).score(LOGITS), first + second, rtol=1e-4, atol=1e-1)
    torch.testing.assert_close((one - other).score(LOGITS), first - second, rtol=1e-4, atol=1e-1)
    assert torch.equal((factor * one).score(LOGITS), factor * first)
    assert torch.equal((one * factor).score(LOGITS), factor * first)


@given(composed)
def test_a_composed_objective_goes_over_the_wire_and_back(objective):
    resolved = objective.resolve(SCENE)
    assert Objective.from_json(json.loads(json.dumps(resolved.to_json()))) == resolved


def test_composed_objectives_resolve_names_and_read_as_written():
    objective = (Logit("a") - 0.5 * Margin("b") - Logit("c")).resolve(SCENE)
    assert str(objective) == "Logit(target=0) - 0.5 * Margin(target=1) - Logit(target=2)"
    with pytest.raises(ValueError, match="d"):
        (Logit("a") + Logit("d")).resolve(SCENE)


@pytest.mark.parametrize("compose", [lambda: Logit(0) + 1, lambda: Logit(0) * Logit(1), lambda: Sum((Logit(0), "b"))])
def test_what_is_no_objective_does_not_compose(compose):
    with pytest.raises((TypeError, ValueError)):
        compose()


@pytest.mark.parametrize(
    "message",
    [
        {"type": "sum", "terms": 3},
        {"type": "sum", "terms": []},
        {"type": "sum", "terms": [{"type": "logit", "target": 0}], "more": 1},
        {"type": "scaled", "factor": 1e9, "objective": {"type": "logit", "target": 0}},
        {"type": "scaled", "factor": 1},
    ],
)
def test_a_malformed_composition_is_refused(message):
    with pytest.raises(ValueError, match=r"."):
        Objective.from_json(message)


def test_a_boundary_dream_ends_on_the_border():
    model = make("cnn")
    result = sd.dream(model, Boundary(0, 1), length=500, steps=200, progress=False)
    with torch.no_grad():
        logits = model(result.sequence)[0]
    assert abs(float(logits[0] - logits[1])) < 0.05
