"""The checkers, one an exercise: they read what a run came to, and say it in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from seqdream_widget.errors import shown
from seqdream_widget.objectives import Boundary, Logit, Margin, Probability
from seqdream_widget.workshop.evidence import Run
from seqdream_widget.workshop.feedback import Finding
from seqdream_widget.workshop.findings import (
    alive,
    long_enough,
    percent_or_share,
    settled,
    sure_of,
    within,
)

Answers = Mapping[str, Any]
ABNORMAL = "abnormal"
LENGTH, DRIFT = 200, 15  # samples of a sequence, and of each end, where the drift is largest
MARKED_WIDE, OVERLAP, MOVED = 80, 0.5, 0.05
BETWEEN = 0.8  # probability of the two together: the others have the rest
FAULTS = ("R-on-T PVC", "supraventricular")


def first_dream(run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    """Exercise 1: it has dreamed, and the student has read it."""
    del control
    yield long_enough(run, 100)
    yield sure_of(run, ABNORMAL, 0.9)
    yield _start_class(run, answers.get("start_class"))
    yield percent_or_share(run.probabilities[ABNORMAL], ABNORMAL, answers.get("probability"))
    yield _verdict(run, answers.get("verdict"))


def _start_class(run: Run, answer: object) -> Finding:
    claim = "You know which class the dream started from."
    if answer is None:
        return Finding(
            claim, False, "no answer yet", "the grey curve in the chart is the start.", "demo.data.y[5] tells its class"
        )
    if answer == "normal":
        return Finding(claim, True, "normal")
    why = "that is where the dream is going; it started from a real engine of the other class."
    if answer != ABNORMAL:
        why = f"that is none of the classes {', '.join(run.session.classes.names)}."
    return Finding(claim, False, shown(answer), why, "demo.data.class_names[demo.data.y[5]]")


def _verdict(run: Run, answer: object) -> Finding:
    claim = "You know where it lies among real engines."
    verdict, judged = run.judged.verdict, run.judged
    if answer is None:
        how = 'sd.plausibility(demo.model, demo.data, w.sequence, "abnormal"), and read its first word'
        return Finding(claim, False, "no answer yet", "what the network says and what is real are two questions.", how)
    if answer == verdict:
        return Finding(claim, True, f"{verdict}: {judged.reason}")
    why = "that is not what the comparison with real engines says."
    if answer in ("centered", "rim"):
        why = "the network is sure, and that is no sign of plausibility: it is sure of many things that no engine does."
    return Finding(claim, False, shown(answer), why, "look at the verdict again: each line with a ✗ is a reason")


def nothing_holds(run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    """Exercise 2: tamed by regularizers, and still the class."""
    del control
    yield _named_failing(answers.get("failing"))
    on = run.switched_on
    yield Finding(
        "Something holds the dream back.",
        bool(on),
        f"switched on: {', '.join(on)}" if on else "no regularizer is switched on",
        "the gradient alone goes wherever the score rises, and no engine has to sound like that.",
        "add a regularizer beside its kind in the panel; which figure is outside tells which kind",
    )
    if not on:
        return
    yield settled(run, 50)
    yield sure_of(run, ABNORMAL, 0.9)
    yield within(
        run,
        "roughness",
        too_low="it is smoother than any real engine: what smooths is too strong. Lower its weight, or let it act on "
        "fewer steps (every)",
        too_high=_rougher(on),
    )
    yield within(
        run,
        "amplitude",
        too_low="it is too quiet: L2, total variation and smoothing all take from the amplitude. Standardize gives it "
        "back",
        too_high="it is louder than real engines, which all have standard deviation 1. Standardize does that",
    )
    yield within(
        run,
        "spectrum_distance",
        too_high="its frequencies are not those of engines: try total variation of 0.02, a blur now and then, or the "
        "spectral prior",
    )


def _named_failing(answer: object) -> Finding:
    claim = "You have named what is wrong with the dream that nothing held back."
    usual = {"roughness", "amplitude", "spectrum_distance", "neighbour_distance", "embedding_distance"}
    if answer is None or answer == ():
        how = 'run 200 steps, then sd.plausibility(demo.model, demo.data, w.sequence, "abnormal").failing'
        return Finding(claim, False, "no answer yet", "one cannot mend what one has not measured.", how)
    named = [answer] if isinstance(answer, str) else list(cast("Sequence[object]", answer))
    wrong = [name for name in named if name not in usual]
    if not wrong:
        return Finding(claim, True, ", ".join(map(str, named)))
    why = "of these the dream keeps to what real engines do."
    if "probability" in wrong:
        why = "the probability is all right, even too good: the network is surer than of most real engines."
    return Finding(claim, False, shown(wrong[0]), why, "the lines with a ✗ in the table of the plausibility")


def _rougher(on: Mapping[str, object]) -> str:
    if set(on) <= {"l2", "l1", "clamp", "range"}:
        return (
            f"{' and '.join(on)} makes it smaller, not smoother: a small noise is still noise. Add one that looks at "
            "neighbouring samples: total variation, or a blur now and then"
        )
    if set(on) <= {"standardize", "data_envelope"}:
        return f"{' and '.join(on)} sets its size and leaves the jumps. Add total variation, or a blur now and then"
    return "it is rougher than real engines: raise the weight of what smooths, a little"


def too_smooth(run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    """Exercise 3: the smoother stays, and the dream lives."""
    del control, answers
    smoother = run.switched_on.get("exponential_smoothing")
    yield Finding(
        "Exponential smoothing is still on.",
        smoother is not None,
        "it is switched off" if smoother is None else _in_words(smoother),
        "switching it off is a way out, but not an answer: the question is how much smoothing a dream bears.",
        "switch it on again, and change how strong it is (alpha) and on which steps it acts (every)",
    )
    if smoother is None:
        return
    yield settled(run, 50)
    yield alive(run, ABNORMAL)
    yield within(
        run,
        "roughness",
        too_low=f"still smoother than any real engine, with {_in_words(smoother)}: it takes away between two steps "
        "what the gradient has brought. Raise alpha (1 smooths nothing) or every",
        too_high="now it is rougher than real engines: it smooths too little. Lower alpha, or every",
    )
    yield within(
        run,
        "amplitude",
        too_low="each smoothing takes from the amplitude, and nothing gives it back. That is what Standardize is for",
        too_high="it is louder than real engines: Standardize brings it back",
    )


def _in_words(smoother: object) -> str:
    return f"alpha {getattr(smoother, 'alpha', math.nan):g} on every {getattr(smoother, 'every', 0)}. step"


def saturated(run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    """Exercise 4: an objective that is not flat, with the plain optimizer."""
    del control, answers
    gradient = float(run.session.history["grad_norm"][0])
    flat = isinstance(run.objective, Probability)
    optimizer = run.session.optimizer
    plain = optimizer == "sgd"
    yield Finding(
        "The optimizer is still plain gradient ascent.",
        plain,
        f"the optimizer is {shown(optimizer)}",
        "Adam divides each gradient by its own size, so that it moves on a plain as well: it hides the trouble instead "
        "of ending it, and at the next plateau it moves by noise.",
        'w.submit(sd.commands.SetOptimizer("sgd")) and mend what is climbed instead',
    )
    yield Finding(
        "What is climbed is not flat where the dream begins.",
        isinstance(run.objective, Logit | Margin) and run.targets == (ABNORMAL,),
        f"{run.objective}, gradient norm {gradient:.3g} in the first step",
        _why_flat(run, flat=flat, gradient=gradient),
        "another target in the panel, logit or margin; in code w.submit(sd.commands.SetObjective(sd.objectives.Logit("
        '"abnormal")))',
    )
    yield alive(run, ABNORMAL)


def _why_flat(run: Run, *, flat: bool, gradient: float) -> str:
    if not flat:
        return "it leads to another class, or to none."
    rate = run.session.learning_rate
    why = f"the slope of a probability is p·(1 − p), and p is nearly 0 here: {gradient:.1g} times the learning rate "
    if rate > 1:
        return why + f"is nothing, also with {rate:g}: a larger step on a plain is still on the plain."
    return why + f"of {rate:g} moves nothing, however many steps you take ({run.steps} so far)."


def shortcut(run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    """Exercise 5: where the network looks, and that its twin does not."""
    yield settled(run, 150)
    yield sure_of(run, "triggered", 0.9)
    held = bool(run.switched_on)
    yield Finding(
        "The dream shows what matters, and not everything at once.",
        held,
        f"switched on: {', '.join(run.switched_on) or 'nothing'}",
        "without anything that makes change dear, every sample moves that helps the least bit.",
        "L2 of 0.05 and total variation of 0.05: what then is left standing is what the score is worth it",
    )
    yield _place(answers.get("where"))
    yield from _control(run, control)


def _place(answer: object) -> Finding:
    from seqdream_widget.demos.planted import TRUTH  # noqa: PLC0415 - the answer, looked up only to check one

    claim = "You have found where it looks."
    if answer is None:
        return Finding(
            claim,
            False,
            "no answer yet",
            "most of the dream is nearly flat; a stretch of it is not.",
            "where = (first sample, last sample) of that stretch",
        )
    pair = _pair(answer)
    if pair is None:
        return Finding(
            claim, False, shown(answer), "that is no stretch.", "two sample numbers, 0 to 199, such as where = (20, 40)"
        )
    first, last = pair
    said = f"samples {first} to {last}"
    shared = max(0, min(last + 1, TRUTH.stop) - max(first, TRUTH.start))
    union = (last + 1 - first) + (TRUTH.stop - TRUTH.start) - shared
    if shared / union >= OVERLAP:
        return Finding(claim, True, f"{said}; planted were {TRUTH.start} to {TRUTH.stop - 1}")
    if last + 1 - first > MARKED_WIDE:
        why, advice = "that is half of the sequence or more: it is in there, and so is much else.", "mark it closer"
    elif not shared and (first < DRIFT or last >= LENGTH - DRIFT):
        why = "the ends rise in the dream because the classes truly differ in a drift: the twin does that too."
        advice = "look for what only this network does: compare with the twin's dream"
    elif not shared:
        why, advice = "hardly anything happens there in a dream that is held back.", "look for the burst of oscillation"
    else:
        why, advice = "part of it, or too much around it.", "from the first to the last swing of the burst"
    return Finding(claim, False, said, why, advice)


def _control(run: Run, control: Run | None) -> Iterator[Finding]:
    claim = "You have a control: the twin's dream, made alike."
    if control is None:
        yield Finding(
            claim,
            False,
            "no second run was given",
            "a burst in one dream may be what any such network does; only one that never saw the trigger tells.",
            "dream on demo.twin with the same settings and give it too: check(5, w, control=twin, where=…)",
        )
        return
    same_model = control.fingerprint == run.fingerprint
    alike = control.objective == run.objective and {*control.switched_on.values()} == {*run.switched_on.values()}
    enough = control.steps >= run.steps // 2 and control.steps > 0
    if same_model:
        seen, why = "the control is a run of the very same network", "it can only say the same again."
        advice = "sd.SeqDream(demo.twin, …)"
    elif not alike:
        seen = f"control: {control.objective}, {', '.join(control.switched_on) or 'nothing on'}"
        why = "two things differ, the network and the settings; then nobody knows which of them made the difference."
        advice = "the same objective and regularizers, with the same weights, for both"
    else:
        seen = f"{control.steps} steps of the twin beside {run.steps}"
        why, advice = "it has hardly begun.", "let it run as long as the first one"
    yield Finding(claim, not same_model and alike and enough, seen, why, advice)


def _pair(answer: object) -> tuple[int, int] | None:
    if isinstance(answer, list | tuple):
        values = cast("Sequence[object]", answer)
        numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        if len(values) == len(numbers) == 2 and 0 <= numbers[0] <= numbers[1] < LENGTH:  # noqa: PLR2004 - a pair
            return numbers[0], numbers[1]
    return None


def border(run: Run, control: Run | None, answers: Answers) -> Iterator[Finding]:
    """Exercise 6: between two faults, as plausible as such can be."""
    del control, answers
    yield long_enough(run, 100)
    right = set(run.targets) == set(FAULTS)
    yield Finding(
        f"It is about {FAULTS[0]} and {FAULTS[1]}.",
        right,
        f"the objective is about {' and '.join(run.targets) or 'no class'}",
        "a border has two sides."
        if len(run.targets) < len(FAULTS)
        else "these are not the two faults that were asked for.",
        f'sd.objectives.Boundary("{FAULTS[0]}", "{FAULTS[1]}"), or border in the panel and the two classes',
    )
    if not right:
        return
    first, second = (run.probabilities[name] for name in FAULTS)
    tied = abs(first - second) <= MOVED and first + second > BETWEEN
    yield Finding(
        "The network cannot tell which of the two it is.",
        tied,
        f"p({FAULTS[0]}) = {first:.3f}, p({FAULTS[1]}) = {second:.3f}",
        "it leans to one side, or a third class has its share.",
        "more steps; if it swings from side to side, a smaller learning rate",
    )
    judged = run.judged
    plain = tied and isinstance(run.objective, Boundary) and not run.switched_on
    why = f"tied, and yet no heartbeat: {judged.reason}." if plain else judged.reason
    yield Finding(
        "It lies on the border between real heartbeats.",
        judged.verdict == "border",
        f"verdict {judged.verdict}: {judged.reason}",
        why,
        "the tie alone says nothing of hearts: press border in the panel, or climb sd.presets.border(demo.data, …), "
        'from start="mean" or another real beat, for 200 steps',
    )
