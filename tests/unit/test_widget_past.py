"""The way back in the widget, without a browser: undo and redo as the page asks for them, and what it is told."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
import torch
from ipywidgets.embed import embed_data
from torch import nn

import seqdream_widget as sd
from seqdream_widget import keeping
from seqdream_widget.words import undo_words

C = sd.commands


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.Tanh(), nn.Flatten(), nn.Linear(160, 2))


@pytest.fixture
def told():
    return []


@pytest.fixture
def w(told):
    widget = sd.SeqDream(network(), sd.objectives.Logit(0), length=40, threads=1)
    widget.send = lambda message, buffers=None: told.append(message)
    yield widget
    widget.close()


def receive(widget, **message):
    widget._handle_custom_msg(message, [])


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def of_kind(told, kind):
    return [message for message in told if message["kind"] == kind]


def settings(told):
    return [message["settings"] for message in told if "settings" in message][-1]


MOVE = {"type": "move_point", "index": 20, "radius": 4, "gesture": 7}


def drag(widget, *values):
    for number, value in enumerate(values):
        receive(widget, kind="command", id=number, command={**MOVE, "value": value})
    receive(widget, kind="command", id=99, command={"type": "release", "gesture": 7})


def test_a_drag_made_mid_run_is_taken_back_as_one_and_the_run_is_paused(w, told):
    w.play()
    until(lambda: w.session.step_count > 20)
    drag(w, 1.0, 2.0, 3.0)
    until(lambda: len(of_kind(told, "acknowledgement")) == 4)
    step = of_kind(told, "acknowledgement")[0]["step"]
    until(lambda: w.session.step_count > step + 20)
    receive(w, kind="undo", id=100)
    assert not w.playing
    assert w.session.step_count == step - 1
    assert w.status == f"paused at step {step - 1:,}: undone"
    assert torch.equal(w.sequence, w.session.sequence_at(step - 1))
    assert of_kind(told, "acknowledgement")[-1] | {"arrays": []} == {
        "kind": "acknowledgement",
        "id": 100,
        "step": step,
        "run": 2,
        "number": told[-1]["number"],
        "arrays": [],
    }
    snapshot = of_kind(told, "snapshot")[-1]
    assert (snapshot["run"], snapshot["step"]) == (2, step - 1)
    assert settings(told)["undo"] is None
    assert settings(told)["redo"] == "move of sample 20"


def test_a_redo_goes_back_to_where_the_undo_left(w, told):
    w.step(5)
    drag(w, 1.0, 2.0)
    w.step(5)
    left = w.sequence
    receive(w, kind="undo", id=1)
    assert not torch.equal(w.sequence, left)
    receive(w, kind="redo", id=2)
    assert torch.equal(w.sequence, left)
    assert w.status == "paused at step 10: redone"
    assert settings(told)["undo"] == "move of sample 20"
    assert settings(told)["redo"] is None


def test_the_timeline_is_told_where_a_person_did_what_led_here(w, told):
    w.step(5)
    drag(w, 1.0, 2.0)
    w.step(5)
    receive(w, kind="command", id=5, command={"type": "freeze", "start": 1, "stop": 3})
    assert settings(told)["deeds"] == [5, 10]
    w.step(2)
    receive(w, kind="restore", id=6, step=7)
    assert settings(told)["deeds"] == [5]
    receive(w, kind="undo", id=7)
    assert settings(told)["deeds"] == [5, 10]
    receive(w, kind="command", id=8, command={"type": "reset"})
    w.step(20)
    receive(w, kind="command", id=9, command={"type": "freeze", "start": 1, "stop": 3})
    assert settings(told)["deeds"] == [20]


def test_where_there_is_nothing_to_undo_the_answer_is_a_refusal_in_words(w, told):
    receive(w, kind="undo", id=3)
    receive(w, kind="redo", id=4)
    first, second = of_kind(told, "refusal")
    assert (first["id"], first["reason"]) == (3, "there is nothing to undo: no command was given")
    assert second["id"] == 4
    assert "there is nothing to redo" in second["reason"]


def test_what_follows_an_undo_is_carried_out_after_it(w):
    w.play()
    until(lambda: w.session.step_count > 5)
    receive(w, kind="command", id=1, command={"type": "freeze", "start": 0, "stop": 4})
    receive(w, kind="undo", id=2)
    receive(w, kind="command", id=3, command={"type": "freeze", "start": 8, "stop": 9})
    assert w.frozen == [[8, 9, None, 0]]


def test_an_undo_in_a_cell_is_told_with_a_new_run(w, told):
    w.session.run(4)
    w.session.submit(C.Freeze(3, 9))
    w.session.run(4)
    w.session.undo()
    assert [message["kind"] for message in told[-2:]] == ["snapshot", "settings"]
    assert told[-1]["run"] == 2
    assert (w.status, w.step_count, w.frozen) == ("paused at step 4: undone", 4, [])
    w.session.restore(2)
    assert w.status == "paused at step 2: restored"
    assert settings(told)["undo"] == "return to step 2"


def test_a_redo_is_not_offered_while_it_runs(w, told):
    w.session.submit(C.Freeze(3, 9))
    w.session.undo()
    assert settings(told)["redo"] == "freeze of samples 3 to 8"
    w.play()
    until(lambda: w.session.step_count > 2)
    assert settings(told)["redo"] is None
    w.pause()
    assert settings(told)["redo"] is None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (C.Edit(3, [1.0]), "edit of sample 3"),
        (C.Edit(3, [1.0, 2.0]), "edit of samples 3 to 4"),
        (C.MovePoint(7, 1.0), "move of sample 7"),
        (C.Freeze(3, 9), "freeze of samples 3 to 8"),
        (C.Unfreeze(3, 9), "unfreeze of samples 3 to 8"),
        (C.SetRegularizer("total_variation", enabled=True), "change of total variation"),
        (C.SetObjective(sd.objectives.Logit(1)), "change of objective"),
        (C.SetLearningRate(0.1), "change of learning rate"),
        (C.SetOptimizer("sgd"), "change of optimizer"),
        (C.SetParameterization("fourier"), "change of parameterization"),
        (C.Reset(), "reset"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_page_is_told_in_words_what_an_undo_takes_back(w, told, command, words):
    w.session.submit(command)
    w.session.submit(C.Note("nothing to take back"))
    assert settings(told)["undo"] == words


def test_a_replayed_change_of_objective_has_the_same_words(told):
    session = sd.Session(network(), sd.objectives.Logit(0), length=40)
    session.submit(C.SetObjective(sd.objectives.Logit(1)))
    again = sd.replay(session.log, network())
    assert undo_words(again) == "change of objective"


def test_an_undo_into_the_middle_of_a_drag_can_be_redone_and_lets_go_when_it_plays(w):
    receive(w, kind="command", id=1, command={**MOVE, "value": 1.0})
    w.session.submit(C.Freeze(0, 4))
    receive(w, kind="command", id=2, command={"type": "release", "gesture": 7})
    receive(w, kind="undo", id=3)
    receive(w, kind="undo", id=4)
    assert w.session.gestures == (7,)
    receive(w, kind="redo", id=5)
    assert w.frozen == [[0, 4, None, 0]]
    w.step(2)
    assert w.session.gestures == ()


# ---- around a session that exists -------------------------------------------------------------------------------


@pytest.fixture
def steered():
    session = sd.Session(network(), sd.objectives.Logit(0), length=40, seed=3)
    session.run(10)
    session.submit(C.MovePoint(20, 1.5, radius=4))
    session.run(5)
    return session


def test_a_session_is_shown_from_where_it_is_and_goes_on(steered):
    widget = sd.SeqDream(session=steered)
    told = []
    widget.send = lambda message, buffers=None: told.append(message)
    assert (widget.step_count, widget.status) == (15, "paused at step 15")
    receive(widget, kind="hello", protocol=1)
    assert (told[0]["step"], settings(told)["undo"]) == (15, "move of sample 20")
    receive(widget, kind="undo", id=1)
    assert widget.step_count == 10
    widget.step(3)
    assert steered.step_count == 13
    widget.close()


def test_the_first_frame_of_a_session_that_went_on_before_tells_its_new_steps_only(steered):
    widget = sd.SeqDream(session=steered)
    told = []
    widget.send = lambda message, buffers=None: told.append(message)
    steered.run(2)
    (frame,) = of_kind(told, "frame")
    assert [list(listed["shape"]) for listed in frame["arrays"] if listed["name"] == "steps"] == [[2]]
    widget.close()


@pytest.mark.parametrize(
    ("keywords", "named"),
    [({"seed": 0}, "seed"), ({"model": None}, "model"), ({"threads": 1, "start": "noise"}, "start, threads")],
    ids=str,
)
def test_a_session_brings_all_of_its_own(steered, keywords, named):
    with pytest.raises(TypeError, match=f"a session brings its own {named}; give session= alone"):
        sd.SeqDream(session=steered, **keywords)
    sd.SeqDream(session=steered).close()


def test_without_a_session_model_and_objective_are_asked_for():
    with pytest.raises(TypeError, match="give a model and an objective, or session="):
        sd.SeqDream(network())
    with pytest.raises(TypeError, match=r"session is a Sequential; give a sd\.Session"):
        sd.SeqDream(session=network())
    with pytest.raises(TypeError, match=r'unknown keyword "sesion".*did you mean "session"'):
        sd.SeqDream(sesion=None)


def test_a_session_is_shown_by_one_widget_at_a_time(steered):
    first = sd.SeqDream(session=steered)
    with pytest.raises(RuntimeError, match="a widget shows this session already; go on with that one, or close it"):
        sd.SeqDream(session=steered)
    steered.run(1)
    assert first.step_count == 16
    first.play()
    first.close()
    second = sd.SeqDream(session=steered)
    second.step(1)
    first.close()
    steered.run(1)
    assert second.step_count == steered.step_count
    second.close()


def test_from_log_replays_and_shows_with_the_past_to_undo(steered, tmp_path):
    steered.log.save(tmp_path / "dream.jsonl")
    widget = sd.SeqDream.from_log(tmp_path / "dream.jsonl", network())
    assert widget.session.divergence is None
    assert torch.equal(widget.sequence, steered.sequence)
    assert widget.status == "paused at step 15"
    widget.session.undo()
    assert widget.step_count == 10
    widget.close()
    with pytest.raises(ValueError, match="model is not that of the log"):
        sd.SeqDream.from_log(steered.log, nn.Sequential(nn.Flatten(), nn.Linear(40, 2)))


# ---- what a saved notebook keeps --------------------------------------------------------------------------------


def kept(widget, name):
    (array,) = [listed for listed in widget._saved["arrays"] if listed["name"] == name]
    return array


def test_the_saved_state_is_plain_json_and_exact_in_float32(w):
    w.step(5)
    state = json.loads(json.dumps(w._saved, allow_nan=False))
    assert (state["step"], state["settings"]["status"]) == (5, "paused at step 5")
    array = kept(w, "sequence")
    assert array["shape"] == [1, 40]
    assert torch.equal(torch.tensor(array["values"]), w.sequence[0, 0])
    assert max(len(repr(value)) for value in array["values"]) <= 16  # as a float64 they take up to 22


def test_the_saved_state_follows_what_is_done_while_paused_but_not_a_hand_that_still_holds(w):
    assert w._saved["settings"]["status"] == "ready"
    receive(w, kind="command", id=1, command={**MOVE, "value": 2.5})
    assert kept(w, "sequence")["values"][20] != 2.5
    receive(w, kind="command", id=2, command={"type": "release", "gesture": 7})
    assert kept(w, "sequence")["values"][20] == 2.5
    receive(w, kind="undo", id=3)
    assert kept(w, "sequence")["values"][20] != 2.5
    assert w._saved["settings"]["status"] == "ready: undone"


def test_a_page_that_embeds_it_has_its_front_end_and_the_dream_as_it_is_now_also_from_within_a_cell(w):
    async def cell():
        w.step(3)
        return embed_data(views=[w])["manager_state"]["state"][w.model_id]["state"]

    state = asyncio.run(cell())
    assert len(state["_esm"]) > 10_000
    assert len(state["_css"]) > 1_000
    assert state["_saved"]["step"] == 3


def test_the_saved_state_is_not_written_while_it_plays(w):
    w.step(3)
    w.play()
    until(lambda: w.session.step_count > 20)
    w.session.submit(C.Freeze(0, 3))
    assert w._saved["step"] == 3
    w.pause()
    assert w._saved["step"] == w.session.step_count


def test_the_saved_state_of_a_long_run_of_long_sequences_is_bounded_and_says_so():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20_000, 2))
    widget = sd.SeqDream(model, sd.objectives.Logit(0), length=20_000, channels=3, threads=1)
    widget.session.run(300)
    for name in ("sequence", "start"):
        array = kept(widget, name)
        assert array["shape"] == [3, 1365]
        last = [array["values"][channel * 1365 + 1364] for channel in range(3)]
        at = widget.sequence if name == "sequence" else widget.session.start
        assert torch.equal(torch.tensor(last), at[0, :, -1])
    assert widget._saved["time"] == 20_000
    assert kept(widget, "steps")["values"][-1] == 300
    assert len(kept(widget, "steps")["values"]) == 200
    assert len(json.dumps(widget._saved)) < 200_000
    widget.close()


def test_what_was_not_measured_is_null_in_the_saved_state(w):
    w.session.submit(C.SetRegularizer("l2", enabled=True))
    w.step(1)
    w.session.submit(C.SetRegularizer("l2", enabled=False))
    w.step(1)
    assert kept(w, "scalars")["values"][-1] is None


# ---- the picture under the widget -------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """What cells are given to show: the data, and whether it takes the place of what was shown before."""
    given = []

    def publish(data, metadata=None, **keywords):
        given.append((data, keywords.get("transient"), keywords.get("update", False)))

    monkeypatch.setattr(keeping, "publish_display_data", publish)
    return given


def test_a_widget_is_displayed_with_a_picture_under_it(w, shown):
    w.step(3)
    w._ipython_display_()
    (widget, _, _), (picture, name, update) = shown
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert "paused at step 3" in picture["text/html"]
    assert (name, update) == ({"display_id": w.model_id}, False)


def test_the_picture_is_drawn_anew_once_a_pause_and_never_during_a_run(w, shown):
    w._ipython_display_()
    w.play()
    until(lambda: w.session.step_count > 30)
    w.session.submit(C.Freeze(0, 5))
    w.session.submit(C.MovePoint(20, 1.0))
    assert len(shown) == 2
    w.pause()
    (picture, name, update) = shown[-1]
    assert len(shown) == 3
    assert f"paused at step {w.step_count}" in picture["text/html"]
    assert (name, update) == ({"display_id": w.model_id}, True)
    w.pause()
    w.session.submit(C.SetLearningRate(0.2))
    assert len(shown) == 3


def test_the_picture_follows_what_is_done_while_paused_and_a_drag_as_one(w, shown):
    w._ipython_display_()
    drag(w, 1.0, 2.0, 3.0)
    assert len(shown) == 3
    receive(w, kind="undo", id=100)
    assert len(shown) == 4
    assert "ready: undone" in shown[-1][0]["text/html"]


def test_a_widget_that_no_cell_shows_draws_no_picture(w, shown):
    w.step(3)
    w.session.submit(C.Freeze(0, 5))
    assert shown == []


def test_a_cell_that_changes_much_is_kept_once_when_it_is_done(w, shown):
    async def cell():
        w._ipython_display_()
        for number in range(50):
            w.session.submit(C.Edit(0, [float(number)]))
        assert len(shown) == 2
        assert kept(w, "sequence")["values"][0] != 49.0

    async def kernel():
        await cell()
        await asyncio.sleep(0)

    asyncio.run(kernel())
    assert len(shown) == 3
    assert kept(w, "sequence")["values"][0] == 49.0


def test_what_a_vanished_pointer_held_is_kept_when_another_view_opens(w):
    receive(w, kind="command", id=1, command={**MOVE, "value": 2.5})
    assert kept(w, "sequence")["values"][20] != 2.5
    receive(w, kind="hello", protocol=1)
    assert kept(w, "sequence")["values"][20] == 2.5


def test_while_it_plays_any_step_and_the_log_can_be_read(w):
    w.step(20)
    w.session.submit(C.Reset())
    w.play()
    until(lambda: w.session.step_count > 30)
    with pytest.raises(ValueError, match="step = 1000000 is not allowed; give a whole number from 0 to"):
        w.session.sequence_at(10**6)
    log = w.session.log
    w.pause()
    assert sd.replay(log, network()).divergence is None
