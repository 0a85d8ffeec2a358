"""The pictures in `docs/images/dreams`: the same dream without (grey) and with (blue) each registered regularizer.

    python -m docs.pictures [name ...]

A class that is registered is drawn, with its defaults unless `SETTINGS` says otherwise; so is every parameterization,
beside plain samples. The dream is FordA's "abnormal" engine from a real "normal" sequence. On the right a stretch of
it, larger; for a transform the dream there, and one copy of it as the network saw it.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

import seqdream_widget as sd
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.reference import Reference
from seqdream_widget.regularizers import Moment, Regularizer, Transform

R = sd.regularizers
IMAGES = Path(__file__).parent / "images" / "dreams"

# Where the defaults do not show, or show too much: clearly visible, not absurd.
SETTINGS: dict[str, Regularizer] = {
    "l1": R.L1(weight=0.02),
    "l2": R.L2(weight=0.005),
    "total_variation": R.TotalVariation(weight=0.05),
    "curvature": R.Curvature(weight=0.1),
    "high_frequency": R.HighFrequency(weight=0.1, cutoff=0.1),
    "spectral_prior": R.SpectralPrior(weight=0.01, target="abnormal"),
    "range": R.Range(weight=1, low=-2, high=2),
    "data_envelope": R.DataEnvelope(weight=1, target="abnormal"),
    "roughness": R.Roughness(weight=20),
    "clip_gradient": R.ClipGradient(norm=0.5),
    "blur_gradient": R.BlurGradient(sigma=2),
    "exponential_smoothing": R.ExponentialSmoothing(alpha=0.7, every=10),
    "moving_average": R.MovingAverage(window=5, every=20),
    "gaussian_blur": R.GaussianBlur(sigma=1, every=10),
    "clip_small_norm": R.ClipSmallNorm(quantile=0.3, every=10),
    "clip_small_contribution": R.ClipSmallContribution(quantile=0.3, every=20),
    "random_reinitialization": R.RandomReinitialization(share=0.2, every=60),
    "clamp": R.Clamp(low=-2, high=2),
    "jitter": R.Jitter(samples=8),
    "scale": R.Scale(amount=0.5),
    "warp": R.Warp(amount=0.3),
    "noise": R.Noise(amount=0.3),
    "dropout": R.Dropout(share=0.2),
}

SEED = 0
STRETCH = slice(250, 311)
# Middle tones: three to one at least against white and against GitHub's dark page. Blue and grey differ for every eye.
WITHOUT, WITH, INK = "#858d97", "#2b7de0", "#7b838d"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "seqdream",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "font.monospace": ["DejaVu Sans Mono", "Menlo"],
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.bottom": False,
    "axes.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "path.simplify": False,
}


def setting_of(name: str) -> Regularizer:
    """Return the regularizer as it is drawn."""
    return SETTINGS.get(name) or Regularizer.types[name]()


def called(thing: Regularizer | Parameterization) -> str:
    """Write it as a person would type it, without keywords that nobody had to give: ``TotalVariation(weight=0.05)``.

    Examples
    --------
    >>> called(R.Clamp(low=-2, high=2))
    'Clamp(low=-2, high=2, every=1)'
    """
    first: list[str] = []
    last: list[str] = []
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        unsaid = field.kw_only and field.name != "every" and value == field.default
        if field.name in ("name", "data") or unsaid or value is None or value is False:
            continue
        said = f"{field.name}={value:g}" if isinstance(value, float) else f"{field.name}={value!r}"
        (last if field.name == "every" else first).append(said.replace("'", '"'))
    return f"{type(thing).__name__}({', '.join(first + last)})"


class Studio:
    """The dream that all pictures share, and what draws it."""

    def __init__(self) -> None:
        self.demo = sd.load_demo("forda")
        self.without = self.dream()
        self.limit = 1.3 * float(self.without.abs().max())

    def dream(self, *regularizers: Regularizer, parameterization: str = "samples") -> Tensor:
        """Dream, and return the sequence."""
        result = sd.dream(
            self.demo.model,
            sd.objectives.Logit("abnormal"),
            data=self.demo.data,
            start=5,
            steps=200,
            learning_rate=0.02,
            seed=SEED,
            parameterization=parameterization,
            regularizers=regularizers,
            progress=False,
        )
        return result.sequence[0, 0]

    @torch.no_grad()
    def logit(self, x: Tensor) -> float:
        """Return the logit that the dream climbed, of the sequence itself."""
        return float(self.demo.model(x[None, None])[0, 1])

    def copy(self, transform: Transform, x: Tensor) -> Tensor:
        """Return one copy as the network saw it."""
        moment = Moment(Reference.of(self.demo.data), (torch.Generator().manual_seed(3),))
        return transform.apply(x[None, None], moment)[0, 0]

    def draw(self, thing: Regularizer | Parameterization, name: str) -> Figure:
        """Draw the dream without and with it."""
        own = isinstance(thing, Parameterization)
        x = self.dream(parameterization=name) if own else self.dream(thing)
        figure = Figure(figsize=(8.3, 1.75))
        whole, part = figure.subplots(1, 2, width_ratios=[2.6, 1])
        figure.subplots_adjust(left=0.045, right=0.99, top=0.83, bottom=0.13, wspace=0.08)
        self._plot(whole, slice(0, len(x)), self.without, x)
        whole.set_xticks(range(0, len(x), 100))
        whole.set_xlabel("sample", loc="right", labelpad=-7.5)
        if isinstance(thing, Transform):
            self._plot(part, STRETCH, None, x)
            seen = self.copy(thing, x)[STRETCH]
            part.plot(range(STRETCH.start, STRETCH.stop), seen, ".", color=WITH, ms=3.5, mew=0)
            figure.text(0.99, 0.89, "dots: one copy, as the network saw it", color=WITH, ha="right")
        else:
            self._plot(part, STRETCH, self.without, x)
        part.set(xticks=range(STRETCH.start + 10, STRETCH.stop, 20), yticks=[])
        part.spines["left"].set_visible(False)
        for axes in (whole, part):
            axes.axvspan(STRETCH.start, STRETCH.stop - 1, color=INK, alpha=0.13, lw=0)
        right, other = whole.get_position().x1, "samples" if own else "without"
        figure.text(0.045, 0.89, called(thing), color=WITH, family="monospace", size=9, weight="bold")
        figure.text(right - 0.14, 0.89, f"with: logit {self.logit(x):.1f}", color=WITH, ha="right")
        figure.text(right, 0.89, f"{other}: logit {self.logit(self.without):.1f}", color=WITHOUT, ha="right")
        return figure

    def _plot(self, axes: Axes, stretch: slice, without: Tensor | None, x: Tensor) -> None:
        time = range(stretch.start, stretch.stop)
        axes.axhline(0, color=INK, lw=0.5, alpha=0.5)
        if without is not None:
            axes.plot(time, without[stretch], color=WITHOUT, lw=0.9)
        axes.plot(time, x[stretch], color=WITH, lw=1.3)
        axes.set(xlim=(stretch.start, stretch.stop - 1), ylim=(-self.limit, self.limit), yticks=[-5, 0, 5])


def save(figure: Figure, path: Path) -> None:
    """Write an SVG that is small and the same each time: coordinates to a tenth of a point, lines without their L."""
    figure.savefig(path, transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = path.read_text("utf-8").replace(" \nL ", " ")
    text = re.sub(r"(?<= )-?\d+\.\d{2,}(?= )", lambda found: f"{float(found[0]):.1f}", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    family = "font-family: 'DejaVu Sans', 'Verdana', sans-serif"
    text = text.replace(f"{family}; ", "").replace("*{stroke-linejoin", f"text{{{family}}} *{{stroke-linejoin")
    path.write_text(text, "utf-8")


def pictures() -> dict[str, Regularizer | Parameterization]:
    """Return what is drawn, by the name of its picture."""
    drawn: dict[str, Regularizer | Parameterization] = {name: setting_of(name) for name in Regularizer.types}
    return drawn | {name: kind() for name, kind in Parameterization.types.items()}


def main(names: list[str]) -> None:
    """Draw all, or those that are named."""
    torch.set_num_threads(1)
    IMAGES.mkdir(parents=True, exist_ok=True)
    studio = Studio()
    with mpl.rc_context(STYLE):
        for name, thing in pictures().items():
            if not names or name in names:
                save(studio.draw(thing, name), IMAGES / f"{name}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
