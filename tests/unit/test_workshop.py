"""The workshop's checkers: what students do, and what they are told."""

from __future__ import annotations

import json
import zipfile

import pytest
import torch

import seqdream_widget as sd
from seqdream_widget.workshop import handin, marking
from seqdream_widget.workshop.exercises import exercise

O, R, C = sd.objectives, sd.regularizers, sd.commands  # noqa: E741 - as in api.md


@pytest.fixture(scope="module")
def forda():
    return sd.load_demo("forda")


def engine(forda, *regularizers, steps=0, objective=None, **settings):
    objective = objective or O.Logit("abnormal")
    settings = {"learning_rate": 0.02, **settings}
    session = sd.Session(forda.model, objective, data=forda.data, start=5, regularizers=regularizers, **settings)
    session.run(steps)
    return session


def told(feedback) -> str:
    assert not feedback.passed
    return repr(feedback)


@pytest.mark.parametrize("number", range(1, 7))
def test_an_untouched_exercise_does_not_pass_and_says_how_to_begin(number):
    stage = exercise(number).stage
    classes = stage.data.class_names
    session = sd.Session(stage.model, O.Boundary(classes[0], classes[1]), data=stage.data)
    assert "press play (or Space)" in told(sd.workshop.check(number, session))


def test_a_first_dream_is_read_and_each_misreading_is_answered_for_itself(forda):
    session = engine(forda, steps=120)
    sure = float(session.history["probabilities"][-1, 1])

    def check(**answers):
        return sd.workshop.check(1, session, **answers)

    assert check(start_class="normal", probability=sure, verdict="outside").passed
    assert "demo.data.y[5]" in told(check(probability=sure, verdict="outside"))
    right = {"start_class": "normal", "verdict": "outside"}
    assert "that is per cent" in told(check(probability=100 * sure, **right))
    assert "that is the other class" in told(check(probability=1 - sure, **right))
    assert "that is no number" in told(check(probability="high", **right))
    assert "where the dream is going" in told(check(start_class="abnormal", probability=sure, verdict="outside"))
    assert "no sign of plausibility" in told(check(start_class="normal", probability=sure, verdict="centered"))
    early = sd.workshop.check(1, engine(forda, steps=30), **right)
    assert "30 steps" in told(early)
    assert "w.step(70)" in told(early)


def test_of_an_unheld_dream_the_advice_goes_by_what_is_switched_on_and_what_is_outside(forda):
    failing = ["roughness", "amplitude"]

    def check(*regularizers, failing=failing, steps=120):
        return sd.workshop.check(2, engine(forda, *regularizers, steps=steps), failing=failing)

    assert check(R.TotalVariation(0.05), R.Standardize(), steps=200).passed
    assert "no regularizer is switched on" in told(check())
    assert "one cannot mend what one has not measured" in told(check(failing=None))
    assert "the probability is all right" in told(check(failing=["probability"]))
    assert "a small noise is still noise" in told(check(R.L2(1e-3)))
    assert "sets its size and leaves the jumps" in told(check(R.Standardize()))
    assert "what smooths is too strong" in told(check(R.TotalVariation(1.0)))
    assert "all take from the amplitude" in told(check(R.TotalVariation(1.0)))
    feeble = told(check(R.TotalVariation(0.002)))
    assert "raise the weight of what smooths" in feeble
    assert "it is louder than real engines" in feeble
    assert "its frequencies are not those of engines" in feeble
    hasty = engine(forda, steps=120)
    hasty.submit(C.SetRegularizer("total_variation", weight=0.05))
    hasty.run(3)
    assert "the gradient has not answered yet" in told(sd.workshop.check(2, hasty, failing=failing))


def test_of_a_smoothed_dream_the_smoother_has_to_stay(forda):
    def check(*regularizers):
        return sd.workshop.check(3, engine(forda, *regularizers, steps=100))

    gentle = R.ExponentialSmoothing(alpha=0.6, every=10)
    assert check(gentle, R.Standardize()).passed
    assert "a way out, but not an answer" in told(check(R.Standardize()))
    dead = told(check(R.ExponentialSmoothing(alpha=0.1, every=1)))
    assert "alpha 0.1 on every 1. step" in dead
    assert "it takes away between two steps" in dead
    assert "it smooths too little" in told(check(R.ExponentialSmoothing(alpha=0.98, every=50)))
    quiet = check(R.ExponentialSmoothing(alpha=0.3, every=10))
    assert "that is what standardize is for" in told(quiet).lower()


def test_a_flat_probability_is_not_mended_by_a_larger_step_or_by_adam():
    stage = exercise(4).stage

    def check(objective, rate=0.5, steps=60, optimizer="sgd"):
        session = sd.Session(
            stage.model, objective, data=stage.data, start=455, optimizer=optimizer, learning_rate=rate
        )
        session.run(steps)
        return sd.workshop.check(4, session)

    assert check(O.Margin("abnormal"), steps=150).passed
    assert check(O.Logit("abnormal"), steps=150).passed
    stuck = told(check(O.Probability("abnormal")))
    assert "the slope of a probability is p·(1 − p)" in stuck
    assert "it has hardly moved" in stuck
    assert "a larger step on a plain is still on the plain" in told(check(O.Probability("abnormal"), rate=50))
    assert "it hides the trouble" in told(check(O.Probability("abnormal"), optimizer="adam", rate=0.05))
    assert "leads to another class" in told(check(O.Logit("normal")))


def test_the_shortcut_is_found_by_place_and_by_control():
    demo = sd.load_demo("shortcut")
    held = (R.L2(0.05), R.TotalVariation(0.05))

    def dreamed(model, regularizers=held, steps=160):
        session = sd.Session(model, O.Logit("triggered"), data=demo.data, start=1, regularizers=regularizers)
        session.run(steps)
        return session

    run, twin = dreamed(demo.model), dreamed(demo.twin)

    def check(run=run, control=twin, **answers):
        return sd.workshop.check(5, run, control=control, **answers)

    assert check(where=(60, 89)).passed
    assert check(where=[58, 95]).passed
    assert "the twin does that too" in told(check(where=(185, 199)))
    assert "half of the sequence or more" in told(check(where=(0, 199)))
    assert "part of it" in told(check(where=(80, 110)))
    assert "hardly anything happens there" in told(check(where=(120, 140)))
    assert "that is no stretch" in told(check(where="the middle"))
    assert "that is no stretch" in told(check(where=(90, 60)))
    assert "no second run was given" in told(check(control=None, where=(60, 89)))
    assert "the very same network" in told(check(control=run, where=(60, 89)))
    assert "two things differ" in told(check(control=dreamed(demo.twin, (), 20), where=(60, 89)))
    assert "it has hardly begun" in told(check(control=dreamed(demo.twin, steps=5), where=(60, 89)))
    assert "makes change dear" in told(check(run=dreamed(demo.model, ()), where=(60, 89)))


def test_a_border_is_of_the_two_faults_and_among_real_heartbeats():
    demo = sd.load_demo("ecg5000")
    first, second = "R-on-T PVC", "supraventricular"

    def check(objective, steps=100):
        session = sd.Session(demo.model, objective, data=demo.data, start="mean")
        session.run(steps)
        return sd.workshop.check(6, session)

    assert check(sd.presets.border(demo.data, first, second), steps=300).passed
    tied = told(check(O.Boundary(first, second)))
    assert "✓ The network cannot tell which of the two it is." in tied
    assert "the tie alone says nothing of hearts" in tied
    early = told(check(O.Boundary(first, second), steps=3))
    assert "it leans to one side, or a third class has its share" in early
    assert "tied, and yet" not in early
    assert "a border has two sides" in told(check(O.Logit(first)))
    assert "not the two faults" in told(check(O.Boundary("normal", first)))


def test_a_run_of_another_exercise_is_known_as_such(forda):
    other = sd.Session(sd.load_demo("shortcut").model, O.Logit(0), data=sd.load_demo("shortcut").data)
    assert "a run on classes plain, triggered" in told(sd.workshop.check(1, other))
    with pytest.raises(ValueError, match="exercise = 7 is not allowed"):
        sd.workshop.check(7, other)
    with pytest.raises(TypeError, match="exercise 3 does not ask for 'where'"):
        sd.workshop.check(3, engine(forda, steps=1), where=(1, 2))
    with pytest.raises(TypeError, match="a int cannot be checked"):
        sd.workshop.check(1, 5)


def test_a_widget_a_log_and_its_file_are_checked_alike(forda, tmp_path):
    w = sd.SeqDream(forda.model, O.Logit("abnormal"), data=forda.data, start=5)
    w.step(3)
    w.session.log.save(tmp_path / "run.jsonl")
    answers = [repr(sd.workshop.check(1, work)) for work in (w, w.session, w.session.log, tmp_path / "run.jsonl")]
    w.close()
    assert len(set(answers)) == 1
    assert "3 steps" in answers[0]


# ---- handing in and marking -------------------------------------------------------------------------------------


def test_thirty_files_are_opened_at_once_and_read_with_verified_replays(forda, tmp_path):
    good, early = engine(forda, steps=110), engine(forda, steps=8)
    good.submit(C.Note("<b>a note</b>"))
    right = {"start_class": "normal", "probability": float(good.history["probabilities"][-1, 1]), "verdict": "outside"}
    for number in range(30):
        run = good if number == 0 else early
        sd.workshop.export(run, tmp_path / f"student {number:02d}", 1, **right)
    marks = marking.open_all(tmp_path, progress=False)
    assert len(marks) == len(marks.students) == 30
    assert [mark.passed for mark in marks] == [True] + [False] * 29
    assert all(mark.verified for mark in marks)
    assert "8 steps" in repr(marks[5].feedback)
    assert torch.equal(marks[0].session.sequence, good.sequence)
    assert "student 00  ✓ · · · · ·" in repr(marks)
    assert marks.to_csv().splitlines()[1] == "student 00,1,True,True,passed"


def test_solutions_of_all_six_exercises_are_verified_when_they_are_marked(forda, tmp_path):
    shortcut, ecg = sd.load_demo("shortcut"), sd.load_demo("ecg5000")
    dear = (R.L2(0.05), R.TotalVariation(0.05))
    faults = sd.presets.border(ecg.data, "R-on-T PVC", "supraventricular")

    def triggered(model):
        session = sd.Session(model, O.Logit("triggered"), data=shortcut.data, start=1, regularizers=dear)
        session.run(160)
        return session

    flat = exercise(4).stage
    moved = sd.Session(flat.model, O.Margin("abnormal"), data=flat.data, start=455, optimizer="sgd", learning_rate=0.5)
    moved.run(150)
    tied = sd.Session(ecg.model, faults, data=ecg.data, start="mean")
    tied.run(300)
    read = engine(forda, steps=120)
    answers = {"start_class": "normal", "probability": float(read.history["probabilities"][-1, 1])}
    path = tmp_path / "anna.dream"
    sd.workshop.export(read, path, 1, verdict="outside", **answers)
    sd.workshop.export(engine(forda, R.TotalVariation(0.05), R.Standardize(), steps=200), path, 2, failing="roughness")
    gentle = R.ExponentialSmoothing(alpha=0.6, every=10)
    sd.workshop.export(engine(forda, gentle, R.Standardize(), steps=100), path, 3)
    sd.workshop.export(moved, path, 4)
    sd.workshop.export(triggered(shortcut.model), path, 5, control=triggered(shortcut.twin), where=[60, 89])
    sd.workshop.export(tied, path, 6)
    marks = marking.open_all(tmp_path, progress=False)
    assert [mark.words for mark in marks] == ["passed"] * 6
    assert all(mark.passed for mark in marks)


def test_a_log_of_a_whole_batch_is_not_done_again(tmp_path):
    stage = exercise(6).stage
    many = sd.Session(stage.model, O.Logit("PVC"), data=stage.data, start=stage.data.x[:9], batch_size=9)
    many.run(1)
    sd.workshop.export(many, tmp_path / "many.dream", 6)
    (mark,) = marking.open_all(tmp_path, progress=False)
    assert "sequences of shape (9, 1, 140)" in mark.words


def test_a_file_holds_all_exercises_of_a_student_and_a_later_run_replaces_the_earlier(forda, tmp_path):
    path = tmp_path / "anna.dream"
    sd.workshop.export(engine(forda, steps=1), path, 1)
    sd.workshop.export(engine(forda, steps=2), path, 2, failing=["roughness"])
    sd.workshop.export(engine(forda, steps=4), path, 1, start_class="normal")
    works = handin.read(path)
    assert works.keys() == {1, 2}
    assert works[1].answers == {"start_class": "normal"}
    assert works[1].logs["run"].records[-1]["step"] == 4
    with pytest.raises(ValueError, match="answers are text, numbers"):
        sd.workshop.export(engine(forda), path, 2, failing=object())
    assert handin.read(path).keys() == {1, 2}


def test_names_and_answers_are_text_in_the_table_and_no_formula_in_the_csv(forda, tmp_path):
    sd.workshop.export(engine(forda, steps=1), tmp_path / "=1+1<script>.dream", 1, start_class="<img src=x>")
    marks = marking.open_all(tmp_path, progress=False)
    page = marks._repr_html_()
    assert "<script>" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;" in page
    assert "\n'=1+1<script>,1," in marks.to_csv(tmp_path / "marks.csv").replace("\r", "")


def test_a_log_that_was_changed_is_not_verified(forda, tmp_path):
    path = sd.workshop.export(engine(forda, steps=5), tmp_path / "ben.dream", 1)
    changed = engine(forda, steps=5, learning_rate=0.03)
    rewrite(path, lambda members: members | {"1/run.jsonl": forged(members["1/run.jsonl"], changed)})
    (mark,) = marking.open_all(tmp_path, progress=False)
    assert not mark.passed
    assert "came to other numbers" in mark.words


def forged(lines: bytes, other: sd.Session) -> bytes:
    records = [json.loads(line) for line in lines.splitlines()]
    records[0]["learning_rate"] = other.learning_rate
    return b"\n".join(json.dumps(record).encode() for record in records)


def rewrite(path, change):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in change(members).items():
            archive.writestr(name, content)


def with_steps(members, count):
    records = [json.loads(line) for line in members["1/run.jsonl"].splitlines()]
    for record in records:
        if record.get("event") == "steps":
            record["count"] = count
        if record.get("event") == "end":
            record["taken"] = count
    return members | {"1/run.jsonl": b"\n".join(json.dumps(record).encode() for record in records)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m | {"../evil.py": b"boom"}, "which sd.workshop.export does not write"),
        (lambda m: m | {"1/run.pkl": b"boom"}, "which sd.workshop.export does not write"),
        (lambda m: m | {"1/run.jsonl": b"\0" * (40 * 2**20)}, "unpacks to more than"),
        (lambda m: {k: v for k, v in m.items() if k != "about.json"}, "is not what version 1"),
        (lambda m: m | {"1/answers.json": b"[" * 100_000}, "exercise 1"),
        (lambda m: m | {"1/answers.json": b"[1]"}, "instead of an object"),
        (lambda m: m | {"1/run.safetensors": b"nothing"}, "holds no tensors"),
        (lambda m: {k: v for k, v in m.items() if k != "1/run.jsonl"}, "the log of the run is missing"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_told_and_the_others_are_read(forda, tmp_path, change, words):
    sd.workshop.export(engine(forda, steps=1), tmp_path / "anna.dream", 1)
    bad = sd.workshop.export(engine(forda, steps=1), tmp_path / "mallory.dream", 1)
    rewrite(bad, change)
    marks = marking.open_all(tmp_path, progress=False)
    assert marks.students == ["anna"]
    ((name, why),) = marks.unread
    assert name == "mallory.dream"
    assert words in why


def test_what_is_no_archive_and_what_would_run_for_hours_is_refused(forda, tmp_path):
    (tmp_path / "noise.dream").write_bytes(b"not a zip")
    endless = sd.workshop.export(engine(forda, steps=1), tmp_path / "endless.dream", 1)
    rewrite(endless, lambda members: with_steps(members, 1_000_000))
    marks = marking.open_all(tmp_path, progress=False)
    assert "is not what sd.workshop.export writes" in marks.unread[0][1]
    assert "at most 20,000" in marks[0].words
    with pytest.raises(FileNotFoundError, match=r'there is no file "\*.dream"'):
        marking.open_all(tmp_path / "nowhere")


def test_the_notebooks_are_copied_and_a_second_copy_leaves_a_students_work(tmp_path):
    written = sd.workshop.copy_to(tmp_path / "mine")
    assert [path.name[:2] for path in written] == ["01", "02", "03", "04", "05", "06"]
    assert not (tmp_path / "mine" / "solutions").exists()
    written[0].write_text("my work")
    assert sd.workshop.copy_to(tmp_path / "mine") == []
    assert written[0].read_text() == "my work"
    for_teachers = sd.workshop.copy_to(tmp_path / "mine", solutions=True)
    names = [path.relative_to(tmp_path / "mine").as_posix() for path in for_teachers]
    assert names[0] == "marking.ipynb"
    assert [name for name in names[1:] if not name.startswith("solutions/0")] == []
    assert len(names) == 7
    assert written[0].read_text() == "my work"
