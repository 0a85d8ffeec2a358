"""What the network takes the dream for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch

from seqdream_widget.lab.figures import axis, class_color, figure, linear, short, update
from seqdream_widget.lab.untyped import Part, bqplot
from seqdream_widget.lab.view import View

MOST = 12


class ClassProbabilities(View):
    """The probability of each class, for the dream as it is now; of more than twelve classes the most probable ones.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.ClassProbabilities(w)
    >>> w.close()
    """

    TITLE: ClassVar[str] = "What the network takes it for"

    def build(self) -> Sequence[Part]:
        """Make a bar for each class."""
        names = self.session.classes.names
        some = min(MOST, len(names))
        self._order = bqplot.OrdinalScale(domain=[short(name) for name in names[:some]], reverse=True)
        self._bars = bqplot.Bars(
            x=[short(name) for name in names[:some]],
            y=np.zeros(some),
            scales={"x": self._order, "y": linear(0.0, 1.0)},
            orientation="horizontal",
            color_mode="group",
            colors=[class_color(index) for index in range(some)],
            padding=0.35,
            interactions={},
        )
        across = axis(self._bars.scales["y"], "probability")
        across.tick_values = np.linspace(0, 1, 6)
        axes = [axis(self._order, vertical=True, grid=False, numbers=False), across]
        self._shown: tuple[int, ...] = ()
        return (figure([self._bars], axes, 76 + 26 * some, left=118),)

    def draw(self) -> None:
        """Ask the network about the dream as it is now."""
        session = self.session
        probe = session.scene.probe
        with torch.no_grad():
            activity = probe(session.sequence[:1])
        probabilities = activity.probabilities()[0].double().cpu().numpy()
        logits = activity.logits[0].double().cpu().numpy()
        shown = tuple(range(len(probabilities)))
        if len(shown) > MOST:
            shown = tuple(np.argsort(-probabilities, kind="stable")[:MOST].tolist())
        names = session.classes.names
        if shown != self._shown:
            self._shown = shown
            labels = _apart([short(names[index]) for index in shown])
            self._order.domain = labels
            update(self._bars, x=labels, colors=[class_color(index) for index in shown])
        self._bars.y = probabilities[list(shown)]
        best = int(probabilities.argmax())
        rest = f" {len(names) - len(shown)} less probable classes are not shown." if len(names) > len(shown) else ""
        self.tell(f"{names[best]}: {probabilities[best]:.3f}, logit {logits[best]:.3g}.{rest}")


def _apart(labels: list[str]) -> list[str]:
    """Keep names apart that are the same where they were cut."""
    return [label if labels.count(label) == 1 else f"{label} {place}" for place, label in enumerate(labels)]
