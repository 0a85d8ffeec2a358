"""The dream that plays on the front page of the site: seeded, steered by hand, made anew with every build."""

from __future__ import annotations

from pathlib import Path

import seqdream_widget as sd


def session() -> sd.Session:
    """Dream FordA's "abnormal" from a real "normal" engine, steered as a person would."""
    demo = sd.load_demo("forda")
    steered = sd.Session(
        demo.model,
        sd.objectives.Logit("abnormal"),
        data=demo.data,
        start=5,
        learning_rate=0.02,
        regularizers=[sd.regularizers.TotalVariation(0.02), sd.regularizers.Standardize()],
    )
    steered.run(40)
    steered.submit(sd.commands.Note("these three swings are to stay"))
    steered.submit(sd.commands.Freeze(100, 160))
    steered.run(40)
    steered.submit(sd.commands.Note("what if there were a peak here?"))
    steered.submit(sd.commands.MovePoint(index=300, value=2.5, radius=12))
    steered.run(60)
    steered.submit(sd.commands.SetRegularizer("total_variation", weight=0.1))
    steered.run(60)
    return steered


def write(path: Path) -> None:
    """Write the replay as a page that needs no kernel and no network."""
    session().to_html(path)
