"""What several exercises ask for."""

from __future__ import annotations

from seqdream_widget.errors import shown
from seqdream_widget.workshop.evidence import Run
from seqdream_widget.workshop.feedback import Finding

SURE = 0.9
STILL = 1e-2  # root mean square of a dream that has not moved
CLOSE = 0.02  # of a probability that is read off


def long_enough(run: Run, steps: int) -> Finding:
    """Ask for so many steps."""
    return Finding(
        f"It has taken {steps} steps or more.",
        run.steps >= steps,
        f"{run.steps} steps",
        "the first steps are the fastest, and the curve is still on its way.",
        f"let it run on, or w.step({max(1, steps - run.steps)})",
    )


def settled(run: Run, steps: int) -> Finding:
    """Ask for so many steps since a person has changed something."""
    since = run.steps_since_command
    return Finding(
        f"It has had {steps} steps or more since you last changed something.",
        since >= steps,
        f"{since} steps",
        "the gradient has not answered yet: what you see is still mostly what was there before.",
        f"let it run on, or w.step({max(1, steps - since)})",
    )


def sure_of(run: Run, name: str, least: float) -> Finding:
    """Ask that the network takes it for a class."""
    value = run.probabilities[name]
    likeliest = max(run.probabilities, key=lambda other: run.probabilities[other])
    why = "the network is not sure yet." if likeliest == name else f'the network takes it for "{likeliest}".'
    if run.targets != (name,):
        why = f"what is climbed leads to {' and '.join(run.targets) or 'no class'}."
    return Finding(
        f'The network takes it for "{name}".',
        value >= least,
        f"p({name}) = {value:.3f}",
        why,
        f'the target has to be "{name}"; then more steps, or less of what holds it back',
    )


def alive(run: Run, name: str) -> Finding:
    """Ask that the dream has gone somewhere, and to the class."""
    moved = float((run.session.sequence - run.session.start).square().mean().sqrt())
    value = run.probabilities[name]
    said = f"p({name}) = {value:.3g}; moved by {moved:.2g} from the start, root mean square"
    why = "it has hardly moved." if moved < STILL else "it has moved, and not to where it should."
    return Finding(
        f'The dream has arrived at "{name}".',
        value >= SURE,
        said,
        why,
        "mend what is above first, then take 150 steps",
    )


def within(run: Run, name: str, *, too_high: str, too_low: str = "") -> Finding:
    """Ask that a figure of the verdict is one that real members have."""
    figure = run.figure(name)
    low, high = figure.band
    words = name.replace("_", " ")
    is_low = figure.value < low
    band = f"{low:.3g} to {high:.3g}" if too_low else f"at most {high:.3g}"
    return Finding(
        f"Its {words} is one that real members have.",
        figure.inside,
        f"{words} {figure.value:.3g}, real members {band}",
        f"{words} is too {'low' if is_low else 'high'}.",
        too_low if is_low else too_high,
    )


def percent_or_share(value: float, name: str, answer: object) -> Finding:
    """Ask for a probability that was read off."""
    claim = f'You know how sure the network is of "{name}".'
    if answer is None:
        return Finding(claim, False, "no answer yet", "the bars beside the chart show it.", "w.probabilities")
    if not isinstance(answer, int | float) or isinstance(answer, bool):
        return Finding(claim, False, shown(answer), "that is no number.", "a number from 0 to 1")
    if abs(answer - value) <= CLOSE:
        return Finding(claim, True, f"{value:.3f}")
    why, advice = "it is not what the network says of the sequence as it is now.", "read w.probabilities once more"
    if abs(answer / 100 - value) <= CLOSE:
        why, advice = "that is per cent.", f"a probability is a number from 0 to 1: {answer / 100:g}"
    elif abs((1 - answer) - value) <= CLOSE:
        why, advice = "that is the other class.", f'the order is that of demo.data.class_names; "{name}" is the last'
    return Finding(claim, False, shown(answer), why, advice)
