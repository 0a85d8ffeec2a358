"""The page of a run: all that happened is in it, within 5 MB, and nothing in it can do harm."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import seqdream_widget as sd
from seqdream_widget import page, recording
from seqdream_widget.history import Trajectory
from tests.fixtures.write import dreamt
from tests.unit.wire import unpacked

EVIL = "</script><img src=x onerror=alert(1)>"


def network(channels):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(channels, 4, 3, padding=1), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2)
    )


def told(session, room=3_000_000):
    return recording.recorded(session, room)


def carried(text: str):
    """Return what a page carries: its header, and its arrays as NumPy reads them."""
    message = json.loads(re.search(r'<script type="application/json" id="recording">(.*?)</script>', text, re.S)[1])
    return message, unpacked(message, [base64.b64decode(buffer) for buffer in message["buffers"]])


def session_of(length=40, batch_size=1, channels=1, **keywords):
    x = torch.randn(60, channels, length, generator=torch.Generator().manual_seed(0))
    data = sd.SequenceDataset(x, [0, 1] * 30, **keywords)
    return sd.Session(network(channels), sd.objectives.Logit(1), data=data, batch_size=batch_size)


def settings_at(header, step, *, at_end=False):
    """Put together what was in force, as the page does."""
    found = {**header["first"], "regularizers": dict(header["first"]["regularizers"])}
    for chapter in header["chapters"]:
        if chapter["step"] <= step or at_end:
            changed = dict(chapter["changed"])
            found["regularizers"] |= changed.pop("regularizers", {})
            found |= changed
    return found


def test_every_steps_numbers_and_sequence_are_in_it_to_the_bit():
    session = session_of()
    session.run(20)
    session.submit(sd.commands.Edit(3, [9.0, 8.0]))
    header, arrays = told(session)
    assert header["step"] == 20
    assert arrays["steps"].tolist() == list(range(1, 21))
    for place, name in enumerate(header["columns"]):
        assert (arrays["scalars"][:, place] == session.history[name].astype(np.float32)).all()
    assert (arrays["probabilities"] == session.history["probabilities"].astype(np.float32)).all()
    assert arrays["sequence_steps"].tolist() == list(range(21))
    for step in range(21):
        assert (arrays["sequences"][step] == session.sequence_at(step)[0].numpy()).all()
    assert arrays["now"][0, 3:5].tolist() == [9.0, 8.0]
    assert (arrays["now"] == session.sequence[0].numpy()).all()


def test_settings_in_force_are_told_for_every_step():
    session = session_of()
    session.run(5)
    session.submit(sd.commands.Freeze(4, 9))
    session.submit(sd.commands.SetRegularizer("l2", enabled=True, weight=0.5))
    session.run(5)
    session.submit(sd.commands.SetObjective(sd.objectives.Margin(0)))
    session.submit(sd.commands.SetLearningRate(0.01))
    session.submit(sd.commands.SetOptimizer("sgd"))
    session.run(5)
    session.submit(sd.commands.SetParameterization("spline"))
    session.submit(sd.commands.Unfreeze(4, 6))
    header, arrays = told(session)
    assert settings_at(header, 5)["frozen"] == []
    assert settings_at(header, 5)["regularizers"] == {}
    at_six = settings_at(header, 6)
    assert (at_six["frozen"], at_six["objective"]["text"]) == ([[4, 9, None, 0]], "logit of class 1")
    assert at_six["regularizers"]["l2"] == {"enabled": True, "values": [0.5]}
    at_eleven = settings_at(header, 11)
    assert (at_eleven["objective"]["text"], at_eleven["learning_rate"]) == ("margin of class 0", 0.01)
    assert (at_eleven["optimizer"], at_eleven["parameterization"]) == ("sgd", "samples")
    end = settings_at(header, 15, at_end=True)
    assert (end["frozen"], end["parameterization"]) == ([[6, 9, None, 0]], "spline · every 8")
    assert at_six["envelope"] != at_eleven["envelope"]
    assert arrays["envelopes"].shape == (2, 2, 1, 40)
    # What is told of the end is what the session says itself.
    assert end["learning_rate"] == session.learning_rate
    assert end["frozen"] == session.frozen
    assert set(end["regularizers"]) == {one.name for one in session.regularizers}


def test_what_was_taken_back_is_left_out_and_a_reset_begins_anew():
    session = session_of()
    session.run(3)
    session.submit(sd.commands.Freeze(1, 3))
    session.run(3)
    session.undo()
    session.submit(sd.commands.Note("here I think"))
    session.run(4)
    header, _ = told(session)
    assert [(one["kind"], one["words"], one["step"]) for one in header["chapters"]] == [("note", "here I think", 4)]
    session.submit(sd.commands.Freeze(1, 3))
    session.submit(sd.commands.Reset())
    session.run(2)
    header, _ = told(session)
    assert header["chapters"] == []
    assert header["first"]["frozen"] == [[1, 3, None, 0]]
    assert (header["provenance"]["commands"], header["provenance"]["returns"]) == (3, 1)


def test_the_moves_of_a_drag_are_one_thing_that_was_done():
    session = session_of()
    session.run(2)
    for value in (1.0, 2.0, 3.0):
        session.submit(sd.commands.MovePoint(10, value, 4, gesture=7))
        session.run(2)
    session.submit(sd.commands.Release(7))
    session.submit(sd.commands.MovePoint(20, 1.0, 1))
    drag, single = told(session)[0]["chapters"]
    assert (drag["step"], drag["last_step"], drag["words"]) == (3, 7, "move of sample 10, 3 moves")
    assert drag["samples"] == [7, 14]
    assert (single["step"], single["samples"]) == (9, [20, 21])


@pytest.mark.parametrize("steps", [0, 1])
def test_a_run_that_has_hardly_begun_is_a_page_too(steps):
    session = sd.Session(network(1), sd.objectives.Logit(0), start=np.zeros(2))
    session.run(steps)
    header, arrays = carried(page.page(session))
    assert (header["step"], len(arrays["steps"])) == (steps, steps)
    assert header["plausibility"] is None
    assert arrays["envelopes"].shape == (0, 2, 1, 2)


def test_a_long_run_is_thinned_evenly_and_its_last_sequence_stays_exact():
    session = session_of(length=1000)
    session.run(300)
    _, arrays = told(session, room=400_000)
    steps = arrays["sequence_steps"]
    assert set(np.diff(steps).tolist()) == {4}
    assert sum(array.nbytes for array in arrays.values()) <= 400_000
    assert (arrays["now"] == session.sequence[0].numpy()).all()
    for place in (0, 7, len(steps) - 1):
        assert (arrays["sequences"][place] == session.sequence_at(int(steps[place]))[0].numpy()).all()


def test_sequences_that_are_no_longer_kept_are_computed_again(tmp_path):
    session = session_of()
    session.run(30)
    whole = told(session)[1]["sequences"]
    session._run = type(session._run)(session._run.history, Trajectory())
    assert (told(session)[1]["sequences"] == whole).all()


def test_of_several_dreams_it_is_the_first():
    session = session_of(batch_size=3)
    session.run(4)
    session.submit(sd.commands.Freeze(1, 3, dream=1))
    header, arrays = told(session)
    assert (arrays["now"] == session.sequence[0].numpy()).all()
    assert (arrays["scalars"][:, 0] == session.history["score"][0].astype(np.float32)).all()
    assert settings_at(header, 4, at_end=True)["frozen"] == []
    assert header["provenance"]["dreams"] == 3


def test_of_many_classes_the_likeliest_and_the_targets_are_told():
    session = sd.Session(nn.Sequential(nn.Flatten(), nn.Linear(20, 1000)), sd.objectives.Logit(999), start=np.zeros(20))
    session.run(3)
    header, arrays = told(session)
    assert len(header["classes"]) == recording.MOST_CLASSES
    assert 999 in header["classes"]
    expected = session.history["probabilities"][:, header["classes"]].astype(np.float32)
    assert (arrays["probabilities"] == expected).all()


def test_provenance_is_that_of_the_log():
    session = session_of()
    header, log = told(session)[0]["provenance"], session.log.records[0]
    for name in recording.OF_PROVENANCE:
        assert header[name] == log[name]


def test_plausibility_is_that_of_the_result():
    demo = sd.load_demo("forda")
    result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=5, progress=False)
    found = told(result.session)[0]["plausibility"]
    assert (found["verdict"], found["reason"]) == (result.plausibility.verdict, result.plausibility.reason)
    values = {one["name"].replace(" ", "_"): one["value"] for one in found["figures"]}
    assert values == {name: figure.value for name, figure in result.plausibility.figures.items()}


def test_where_the_model_has_no_features_the_page_says_why(tmp_path):
    header, _ = carried(dreamt().to_html(tmp_path / "page.html").read_text("utf-8"))
    assert header["plausibility"]["verdict"] is None
    assert header["plausibility"]["reason"]


def test_session_result_and_widget_write_the_same_page(tmp_path):
    demo = sd.load_demo("forda")
    result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=5, progress=False)
    widget = sd.SeqDream(session=result.session)
    pages = [one.to_html(tmp_path / "page.html").read_bytes() for one in (result, result.session, widget)]
    widget.close()
    assert len(set(pages)) == 1
    again = sd.replay(result.log, demo.model, data=demo.data)
    assert again.to_html(tmp_path / "again.html").read_bytes() == pages[0]


def test_a_widget_that_plays_can_be_written(tmp_path):
    demo = sd.load_demo("forda")
    widget = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    widget.play()
    header, arrays = carried(widget.to_html(tmp_path / "page.html").read_text("utf-8"))
    widget.close()
    step = header["step"]
    assert arrays["steps"].tolist() == list(range(1, step + 1))
    assert arrays["sequence_steps"].tolist() == list(range(step + 1))
    assert (arrays["sequences"][-1] == arrays["now"]).all()


# ---- what the page is -------------------------------------------------------------------------------------------


def test_only_its_own_script_and_style_may_run_and_nothing_is_fetched():
    text = page.page(dreamt())
    policy = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    assert rules["img-src"] == "data:"
    assert not re.findall(r"(?:src|href)=\"(?!data:)", text)


@settings(max_examples=20)
@given(st.text(max_size=60))
def test_names_and_titles_are_text_whatever_they_are(name):
    data = sd.SequenceDataset(torch.eye(4)[:, None], [0, 1, 0, 1], class_names=(EVIL, f"b{name}"))
    session = sd.Session(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), sd.objectives.Logit(0), data=data)
    session.submit(sd.commands.Note(EVIL))
    text = page.page(session, title=f"{EVIL}{name}")
    text.encode("utf-8", "strict")
    header, _ = carried(text)
    assert header["class_names"] == [EVIL, f"b{name}"]
    assert header["chapters"][0]["words"] == EVIL
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img src=x" not in text
