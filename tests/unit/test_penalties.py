"""Penalties by formulas written a second way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import seqdream_widget as sd
from seqdream_widget.regularizers import L1, Curvature, HighFrequency
from tests.models import make

sequences = hnp.arrays(
    np.float64, st.tuples(st.just(2), st.integers(1, 2), st.integers(2, 40)), elements=st.floats(-9, 9)
)


@given(sequences)
def test_a_high_frequency_penalty_without_cutoff_is_the_energy_about_the_mean(x):
    value = HighFrequency(cutoff=0.0).value(torch.tensor(x), None)
    expected = ((x - x.mean(axis=2, keepdims=True)) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("period", "counts"), [(4, True), (20, False)])
def test_only_what_oscillates_faster_than_the_cutoff_counts(period, counts):
    wave = torch.sin(2 * torch.pi * torch.arange(200) / period)[None, None]
    value = float(HighFrequency(cutoff=0.1).value(wave, None))
    assert value == pytest.approx(100.0 if counts else 0.0, abs=1e-2)


@given(sequences)
def test_curvature_sees_bends_and_no_slopes(x):
    slope = np.linspace(0, 5, x.shape[2])
    plain, tilted = (Curvature().value(torch.tensor(y), None) for y in (x, x + slope))
    np.testing.assert_allclose(plain, np.square(np.diff(x, n=2, axis=2)).sum(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(plain, tilted, atol=1e-6)


@pytest.mark.parametrize("penalty", [L1(1.0), Curvature(1.0), HighFrequency(1.0)])
def test_a_heavy_penalty_brings_its_own_value_down(penalty):
    result = sd.dream(
        make("cnn"), sd.objectives.Logit(0), length=500, steps=100, regularizers=[penalty], progress=False
    )
    value = result.history[penalty.name]
    assert value[-1] < 0.5 * value[0]


@pytest.mark.parametrize("penalty", [L1(), Curvature(), HighFrequency()])
def test_two_samples_are_enough_for_every_penalty(penalty):
    x = torch.tensor([[[1.0, 2.0]]], requires_grad=True)
    value = penalty.value(x, None)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    assert gradient.isfinite().all()
