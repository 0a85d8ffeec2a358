"""Objectives about real members and about sequences: where they pull, and that no dream spoils another."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.objectives import Boundary, Crossing, Diversity, Logit, Objective, Prototype, Rim, Stay
from seqdream_widget.population import Population
from seqdream_widget.probe import Activity, Probe
from tests.models import make
from tests.unit.test_plausibility import MeanDecides, labelled, low_and_high, network


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def resolved(objective: Objective, model, data, **keywords) -> Objective:
    return sd.Session(model, objective, data=data, **keywords).objective


def seen(features, x=None, logits=None) -> Activity:
    features = torch.as_tensor(np.asarray(features, dtype=np.float32)).requires_grad_()
    blank = torch.zeros(len(features), 2)
    return Activity(blank if logits is None else logits, blank[:, None] if x is None else x, features)


# ---- real members -----------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), n=st.integers(6, 40))
@settings(max_examples=30)
def test_a_prototypes_score_is_the_formula_it_says(seed, n):
    random = np.random.default_rng(seed)
    model = network(1, 6, seed=seed)
    data = labelled(model, random.normal(size=(n, 1, 6)))
    target = int(data.y.bincount().argmax())
    objective = resolved(Prototype(target), model, data)
    x = torch.tensor(random.normal(size=(3, 1, 6)), dtype=torch.float32)
    with torch.no_grad():
        features, members = model[:-1](x).double().numpy(), model[:-1](data.members(target)).double().numpy()

    def five(feature, others):
        return np.sort(np.linalg.norm(others - feature, axis=1))[:5].mean()

    each = [(one, np.delete(members, i, axis=0)) for i, one in enumerate(members)]
    scale = np.median([np.linalg.norm(one - others.mean(axis=0)) for one, others in each])
    reach = np.median([five(one, others) for one, others in each])
    expected = [
        -((np.linalg.norm(f - members.mean(axis=0)) / scale) ** 2) - max(0, five(f, members) / reach - 1) ** 2
        for f in features
    ]
    np.testing.assert_allclose(objective.score(seen(features)).detach(), expected, rtol=1e-3, atol=1e-4)


def test_the_mean_of_a_class_scores_highest_and_its_gradient_is_finite(demo):
    objective = resolved(Prototype("normal"), demo.model, demo.data)
    centroid = Population.of(Probe(demo.model, 1, 500), demo.data).members(0).centroid
    activity = seen(torch.stack([centroid, centroid + 1]))
    middle, away = objective.score(activity)
    assert middle > away
    (middle + away).backward()
    assert activity.features.grad.isfinite().all()


def test_a_dream_of_a_prototype_ends_no_farther_from_the_middle_than_real_members(demo):
    figures = [
        sd.dream(demo.model, objective, data=demo.data, steps=100, progress=False).plausibility.figures
        for objective in (Prototype("abnormal"), Logit("abnormal"))
    ]
    prototype, logit = (figure["embedding_distance"] for figure in figures)
    assert prototype.inside
    assert prototype.value < 0.5 * logit.value


def test_a_dream_of_the_rim_ends_among_the_outer_tenth_of_its_class(demo):
    result = sd.dream(demo.model, Rim("normal"), data=demo.data, steps=100, progress=False)
    members = Population.of(Probe(demo.model, 1, 500), demo.data).members(0)
    away = result.plausibility.figures["embedding_distance"].value
    assert members.distances.quantile(0.9) <= away <= members.distances.amax()
    assert result.history["probabilities"][-1].argmax() == 0


@pytest.mark.parametrize("count", range(1, 20))
def test_a_class_of_any_size_has_a_middle_and_a_rim(count):
    data = low_and_high(20)
    keep = torch.cat([torch.arange(count), torch.arange(20, 40)])
    few = sd.SequenceDataset(data.x[keep], data.y[keep], data.class_names)
    for objective in (Prototype("low"), Rim("low"), Crossing("low", "high")):
        result = sd.dream(MeanDecides(-9.0), objective, data=few, start="zeros", steps=5, progress=False)
        assert np.isfinite(result.history["score"]).all()


def test_where_all_members_are_the_same_distances_count_as_they_are():
    data = low_and_high()
    x = data.x.clone()
    x[:20] = x[0] + 0.3  # no round number: their mean is off by rounding
    same = sd.SequenceDataset(x, data.y, data.class_names)
    objective = resolved(Prototype("low"), MeanDecides(-9.0), same)
    assert objective.anchor.scale == objective.anchor.reach == 1.0


def test_a_crossing_is_where_both_classes_lead_with_equal_logits(demo):
    one, other = (resolved(Crossing(*pair), demo.model, demo.data) for pair in ((0, 1), (1, 0)))
    assert torch.equal(one.anchor.points, other.anchor.points)
    with torch.no_grad():
        logits = demo.model.classifier(one.anchor.points)
    assert (logits[:, 0] - logits[:, 1]).abs().max() < 0.02
    together = Boundary("normal", "abnormal") + Crossing("normal", "abnormal")
    result = sd.dream(demo.model, together, data=demo.data, steps=100, progress=False)
    first, second = result.history["probabilities"][-1]
    assert abs(first - second) < 0.05


def test_without_a_crossing_the_objective_refuses_with_the_reason():
    with pytest.raises(ValueError, match='no line between members of "low" and "high" crosses their border where both'):
        resolved(Crossing("low", "high"), MeanDecides(1.0), low_and_high())


def test_data_of_its_own_goes_before_that_of_the_run_and_brings_its_class_names(demo):
    half = sd.SequenceDataset(demo.data.x[:100], demo.data.y[:100], demo.data.class_names)
    own, alone = (
        sd.Session(demo.model, Prototype("abnormal", data=half), data=data, length=500).objective
        for data in (demo.data, None)
    )
    assert torch.equal(own.anchor.points, alone.anchor.points)
    assert not torch.equal(own.anchor.points, resolved(Prototype("abnormal"), demo.model, demo.data).anchor.points)


@pytest.mark.parametrize("kind", [Prototype, Rim, lambda target, **data: Crossing(target, 1, **data)])
def test_what_cannot_be_compared_with_is_refused(demo, kind):
    with pytest.raises(ValueError, match="compares with real members and this run has no data; give data="):
        sd.Session(demo.model, kind(0), length=500)
    with pytest.raises(ValueError, match='did you mean "normal"'):
        sd.Session(demo.model, kind("nrmal"), data=demo.data)
    with pytest.raises(TypeError, match=r"give sd\.SequenceDataset"):
        kind(0, data=demo.data.x)
    short = sd.SequenceDataset(demo.data.x[:, :, :400], demo.data.y, demo.data.class_names)
    with pytest.raises(sd.ShapeError, match=r"\(1, 400\) and the dream \(1, 500\)"):
        sd.Session(demo.model, kind(0, data=short), data=demo.data)
    turned = sd.SequenceDataset(demo.data.x, demo.data.y, ["abnormal", "normal"])
    with pytest.raises(ValueError, match="the same classes in the same order"):
        sd.Session(demo.model, kind(0, data=turned), data=demo.data)


def test_a_class_that_the_model_never_recognizes_is_refused_by_name():
    data = low_and_high()
    never = sd.SequenceDataset(data.x, torch.where(data.y == 0, 2, 1), data.class_names)
    with pytest.raises(ValueError, match='the model recognizes no real member of "never"'):
        resolved(Prototype("never"), MeanDecides(-9.0), never)


@pytest.mark.parametrize("objective", [Prototype(0), Rim(1), Crossing(0, 1), Stay([0.0] * 500), Diversity()])
def test_a_resolved_objective_goes_over_the_wire_and_back(demo, objective):
    there = resolved(objective, demo.model, demo.data)
    back = Objective.from_json(json.loads(json.dumps(there.to_json())))
    assert back == there == resolved(back, demo.model, demo.data)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "prototype", "target": 0, "data": None},
        {"type": "rim", "target": 0, "anchor": {"points": []}},
        {"type": "prototype"},
        {"type": "crossing", "first": 0},
        {"type": "stay"},
        {"type": "stay", "reference": "zeros"},
        {"type": "stay", "reference": [[0.0, 1.0], [2.0]]},
        {"type": "stay", "reference": {"a": 1}},
        {"type": "diversity", "weight": 1},
    ],
)
def test_a_malformed_message_is_refused(message):
    with pytest.raises(ValueError, match=r"."):
        Objective.from_json(message)


# ---- sequences --------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), batch=st.integers(1, 4), channels=st.integers(1, 2), each=st.booleans())
def test_staying_costs_half_the_squared_distance_and_pulls_straight_back(seed, batch, channels, each):
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, channels, 7, generator=random).requires_grad_()
    reference = torch.randn(batch if each else 1, channels, 7, generator=random)
    score = Stay(reference).score(seen(torch.zeros(batch, 1), x=x))
    distance = np.linalg.norm((x.detach() - reference).flatten(1).numpy(), axis=1)
    np.testing.assert_allclose(score.detach(), -0.5 * distance**2, rtol=1e-5)
    (gradient,) = torch.autograd.grad(score.sum(), x)
    torch.testing.assert_close(gradient, reference - x)


def test_a_reference_is_kept_as_it_was_given(demo):
    array = demo.data.x[3].numpy().copy()
    stay = Stay(array)
    array[:] = 0
    assert torch.equal(stay.sequence[0], demo.data.x[3])
    assert stay == Stay(demo.data.x[3]) != Stay(demo.data.x[4])
    assert hash(stay) == hash(Stay(demo.data.x[3]))
    assert repr(stay) == "Stay(reference=(1, 1, 500))"


def test_the_least_change_that_turns_a_sequence_stays_near_it(demo):
    start = demo.data.x[3]  # abnormal

    def changed(objective):
        result = sd.dream(demo.model, objective, data=demo.data, start=start, steps=100, progress=False)
        assert result.history["probabilities"][-1].argmax() == 0
        return float((result.sequence - start).norm())

    margin = sd.objectives.Margin("normal")
    assert changed(margin + 0.1 * Stay(start)) < 0.3 * changed(margin)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (torch.zeros(400), r"the reference has shape \(1, 400\) and the dream \(1, 500\)"),
        (torch.zeros(3, 1, 500), "has 3 sequences; give 1, or one for each of the 2 dreams"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused_before_the_run(demo, reference, words):
    with pytest.raises(sd.ShapeError, match=words):
        sd.Session(demo.model, Stay(reference), data=demo.data, batch_size=2)
    session = sd.Session(demo.model, Logit(0), data=demo.data, batch_size=2)
    with pytest.raises(sd.ShapeError, match=words):
        session.submit(sd.commands.SetObjective(Stay(reference)))


batches = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.floats(-9, 9, width=32), min_size=3, max_size=3), min_size=n, max_size=n)
)


@given(batches)
def test_diversity_is_minus_the_mean_cosine_to_the_others(rows):
    features = np.array(rows)
    sizes = np.linalg.norm(features, axis=1)
    if (sizes < 1e-3).any():
        return
    cosines = (features / sizes[:, None]) @ (features / sizes[:, None]).T
    expected = -(cosines.sum(axis=1) - 1) / (len(rows) - 1)
    score = Diversity().score(seen(rows))
    np.testing.assert_allclose(score.detach(), expected, atol=1e-5)
    assert (score.abs() <= 1 + 1e-5).all()


@given(batches)
def test_the_gradient_of_a_dream_counts_its_neighbours_as_given(rows):
    together = seen(rows)
    Diversity().score(together).sum().backward()
    for dream in range(len(rows)):
        alone = seen(rows)
        Diversity().score(alone)[dream].backward()
        torch.testing.assert_close(alone.features.grad[dream], together.features.grad[dream], rtol=1e-4, atol=1e-4)
        alone.features.grad[dream] = 0
        assert not alone.features.grad.any()


@given(batches, st.sampled_from([np.nan, np.inf, -np.inf]), st.data())
def test_a_neighbour_that_is_not_finite_poisons_nobody(rows, poison, data):
    bad = data.draw(st.integers(0, len(rows) - 1))
    poisoned, without = np.array(rows), np.array(rows)
    poisoned[bad, 1], without[bad] = poison, 0.0
    activity = seen(poisoned)
    score = Diversity().score(activity)
    assert not score[bad].isfinite()
    good = [dream for dream in range(len(rows)) if dream != bad]
    score[good].sum().backward()
    assert activity.features.grad[good].isfinite().all()
    assert torch.equal(score[good], Diversity().score(seen(without))[good])


def test_a_batch_goes_on_when_one_of_its_dreams_goes_bad():
    class Overflows(torch.nn.Module):
        """Answers NaN for sequences above 50."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = make("mlp")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x + torch.where(x.amax(dim=1, keepdim=True) > 50, torch.nan, 0.0))

    start = torch.randn(3, 1, 500, generator=torch.Generator().manual_seed(0))
    start[1] += 100
    session = sd.Session(Overflows(), Logit(0) + Diversity(), start=start, batch_size=3)
    session.run(5)
    assert list(session.stopped) == [1]
    assert np.isfinite(session.history["score"][[0, 2]]).all()


def test_one_dream_alone_has_nobody_to_differ_from(demo):
    result = sd.dream(demo.model, Diversity(), data=demo.data, steps=2, progress=False)
    assert result.history["score"].tolist() == [0, 0]
    assert result.history["grad_norm"].tolist() == [0, 0]


def test_silent_features_have_a_finite_gradient():
    activity = seen([[0.0, 0.0], [1.0, 0.0]])
    score = Diversity().score(activity)
    score.sum().backward()
    assert score.tolist() == [0, 0]
    assert activity.features.grad.isfinite().all()


def test_dreams_that_are_to_differ_do(demo):
    def likeness(objective):
        result = sd.dream(demo.model, objective, data=demo.data, batch_size=3, steps=60, progress=False)
        probe = Probe(demo.model, 1, 500)
        with torch.no_grad():
            directions = torch.nn.functional.normalize(probe(result.sequence).features, dim=1)
        return float((directions @ directions.T).sum())

    assert likeness(Logit(1) + 20 * Diversity()) < likeness(Logit(1))
