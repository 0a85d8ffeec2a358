"""How the score and the terms that keep the dream honest went, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from seqdream_widget.lab.figures import DREAM, axis, class_color, figure, fit, linear, number, update
from seqdream_widget.lab.untyped import Part, bqplot
from seqdream_widget.lab.view import View
from seqdream_widget.words import objective_words

POINTS = 200
EVER = 2**62


class ScoreHistory(View):
    """The score over the steps, and below it the penalties, which are in the units of the score.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.ScoreHistory(w)
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Score and penalties"

    def build(self) -> Sequence[Part]:
        """Make both charts."""
        steps = linear()
        self._score = bqplot.Lines(
            x=[0.0], y=[0.0], scales={"x": steps, "y": linear()}, colors=[DREAM], stroke_width=1.5, labels=["score"]
        )
        self._terms = bqplot.Lines(
            x=[0.0],
            y=[0.0],
            scales={"x": steps, "y": linear()},
            stroke_width=1.5,
            colors=[class_color(index) for index in range(4)],
            display_legend=True,
        )
        self._score_axis = axis(self._score.scales["y"], "score", vertical=True)
        self._term_axis = axis(self._terms.scales["y"], "penalty", vertical=True)
        return (
            figure([self._score], [axis(steps), self._score_axis], 140, margin={"bottom": 22}),
            figure(
                [self._terms],
                [axis(steps, "step"), self._term_axis],
                150,
                margin={"top": 8},
                legend_location="top-right",
            ),
        )

    def draw(self) -> None:
        """Draw the history, at most 200 points of it."""
        session = self.session
        names = tuple(one.name for one in session.regularizers if one.group == "penalty")
        objective = session.objective
        climbed = objective_words(session, objective)
        rows = session.history.rows(0, EVER, ("score", *names), POINTS)
        if not len(rows.steps):
            update(self._score, x=[0.0], y=[0.0])
            update(self._terms, x=[0.0], y=[0.0], labels=[])
            self.tell(f"No step yet. It climbs: {climbed}.")
            return
        values = rows.scalars.astype(np.float64)
        score = values[:, 0]
        fit(self._score_axis, float(np.nanmin(score)), float(np.nanmax(score)))
        update(self._score, x=rows.steps, y=score)
        shown = [place for place in range(1, 1 + len(names)) if np.isfinite(values[:, place]).any()]
        labels = [names[place - 1].replace("_", " ") for place in shown]
        lines = values[:, shown].T if shown else np.zeros((1, len(rows.steps)))
        fit(self._term_axis, 0.0, float(np.nanmax(lines)))
        update(self._terms, x=rows.steps, y=lines, labels=labels)
        latest = ", ".join(f"{label} {number(values[-1, place])}" for label, place in zip(labels, shown, strict=True))
        said = f"Step {int(rows.steps[-1]):,}: {climbed}, {number(values[-1, 0])}"
        self.tell(f"{said}; {latest}." if latest else f"{said}; no penalty.")
