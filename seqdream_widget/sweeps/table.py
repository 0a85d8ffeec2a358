"""The table of an atlas: a row a dream, the same each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqdream_widget.judge import BOUNDS, Figure
from seqdream_widget.sweeps.extras import needed
from seqdream_widget.sweeps.grid import Grid
from seqdream_widget.sweeps.studio import Outcome, Studio

FIGURES = tuple(name for name in BOUNDS if name != "probability")


def table_of(studio: Studio, grid: Grid, outcomes: Sequence[Outcome]) -> Any:
    """Make it from what came of the dreams of a grid, in their order; `Atlas.table` says what the columns are."""
    pandas = needed("pandas")
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        dream = grid.dreams[outcome.dream]
        recipe, judged = grid.recipes[dream.recipe], outcome.plausibility
        figures: Mapping[str, Figure] = {} if judged is None else judged.figures
        targets = [*recipe.objective.targets]
        certain = outcome.probabilities[targets].min() if targets else outcome.probabilities.max()
        rows.append(
            {
                "objective": recipe.words,
                "target": recipe.target,
                "start": grid.start_names[dream.start],
                "regularizers": recipe.regularizers_in_words,
                "seed": dream.seed,
                "learning_rate": recipe.learning_rate,
                "verdict": None if judged is None else judged.verdict,
                "reason": "" if judged is None else judged.reason,
                "probability": float(certain),
                **{name: figures[name].value if name in figures else np.nan for name in FIGURES},
                "nearest": -1 if judged is None else judged.nearest.index,
                "score": outcome.score,
                "steps": outcome.steps,
                "batch": grid.batch,
                "threads": studio.settings.threads,
                "device": outcome.device,
                "failure": outcome.failure,
            }
        )
    table = pandas.DataFrame(rows)
    table["nearest"] = table["nearest"].astype("Int64").mask(table["nearest"] < 0)
    return table
