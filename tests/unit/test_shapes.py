"""The shapes in the signatures are true: checked at run time here, and only here."""

from __future__ import annotations

import subprocess
import sys

RUN = """
from jaxtyping import install_import_hook

MODULES = ["dreamer", "evaluation", "iterate", "objectives.base", "objectives.layers", "objectives.logits",
           "optimizers", "parameterizations.base", "parameterizations.fourier", "parameterizations.samples",
           "parameterizations.spline", "population", "probe", "reference", "spectrum", "standards", "starts",
           "regularizers.penalties", "regularizers.likeness", "regularizers.gradients", "regularizers.projections",
           "regularizers.smoothers", "regularizers.transforms", "regularizers.moment", "regularizers.bounds"]
with install_import_hook([f"seqdream_widget.{name}" for name in MODULES], "beartype.beartype"):
    import torch
    import seqdream_widget as sd
    from tests.models import FAMILIES, make
    demo = sd.load_demo("forda")
    R = sd.regularizers
    O = sd.objectives
    objective = O.Margin(1) + 0.5 * O.Probability(1) + O.Logit(1) - O.Boundary(0, 1)
    everything = [R.L1(), R.L2(), R.TotalVariation(), R.Curvature(), R.HighFrequency(),
                  R.SpectralPrior(target=1), R.Range(), R.DataEnvelope(), R.Roughness(data=demo.data),
                  R.NormalizeGradient(), R.ClipGradient(), R.BlurGradient(),
                  R.ExponentialSmoothing(every=1), R.MovingAverage(every=2), R.GaussianBlur(every=2),
                  R.ClipSmallNorm(every=2), R.ClipSmallContribution(every=2), R.RandomReinitialization(every=2),
                  R.Standardize(), R.Clamp(per_time_step=True),
                  R.Jitter(), R.Scale(), R.Warp(), R.Noise(), R.Dropout()]
    assert {type(r) for r in everything} == set(R.Regularizer.types.values())
    for family in FAMILIES:
        inner = [O.Channel(name, 0) + O.Layer(name) + O.Neuron(name, 0) + O.Direction(name, torch.ones(shape[0]))
                 for name, shape in list(sd.layers(make(family), 500).items())[:2]]
        for batch_size in (1, 3):
            session = sd.Session(make(family), sum(inner, start=objective), data=demo.data, batch_size=batch_size,
                                 regularizers=everything)
            session.run(3)
            session.submit(sd.commands.Freeze(3, 9))
            session.submit(sd.commands.MovePoint(20, 1.0, 5, gesture=1))
            session.run(3)
            for name in sd.parameterizations.Parameterization.types:
                session.submit(sd.commands.SetParameterization(name))
                session.submit(sd.commands.SetOptimizer("sgd"))
                session.run(1)
            print(family, tuple(session.sequence.shape))
"""


def test_every_step_of_every_family_keeps_to_the_annotated_shapes():
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "transformer (3, 1, 500)" in done.stdout
