"""Both ends of the wire agree, and nothing that arrives on it can do harm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import seqdream_widget as sd
from seqdream_widget import protocol
from seqdream_widget.settings import settings_of
from seqdream_widget.words import news as words_of_what_happened
from tests.fixtures.write import messages, recording, saved_state
from tests.unit.test_commands import session
from tests.unit.wire import unpacked

FIXTURES = Path(__file__).parents[1] / "fixtures" / "protocol.json"


@given(
    arrays.arrays(np.float32, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)),
    arrays.arrays(np.int32, st.integers(0, 6)),
)
def test_arrays_survive_the_wire_bit_by_bit(floats, integers):
    header, buffers = protocol.pack({"kind": "frame"}, {"floats": floats, "integers": integers})
    header = json.loads(json.dumps(header, allow_nan=False))
    got = unpacked(header, buffers)
    assert got["floats"].tobytes() == np.ascontiguousarray(floats).tobytes()
    assert got["floats"].shape == floats.shape
    assert np.array_equal(got["integers"], integers)


def test_a_frame_carries_every_steps_scalars_and_the_sequence_now():
    s = session(regularizers=[sd.regularizers.L2()])
    s.run(12)
    s.submit(sd.commands.Edit(0, [9.0]))
    header, arrays_ = protocol.frame(s, after=5, steps_per_second=1.0)
    assert arrays_["steps"].tolist() == [6, 7, 8, 9, 10, 11, 12]
    assert arrays_["scalars"][:, header["columns"].index("score")].tolist() == s.history["score"][5:].tolist()
    assert header["sequence_steps"] == [6, 7, 8, 9, 10, 11, 12]
    assert not header["thinned"]
    assert arrays_["sequences"][-1, 0, 0] == 9.0
    assert np.array_equal(arrays_["sequences"][0], s.sequence_at(6)[0])


def test_a_frame_beyond_its_byte_budget_is_thinned_evenly_and_says_so(monkeypatch):
    s = session()
    s.run(30)
    monkeypatch.setattr(protocol, "SEQUENCE_BYTES", 5 * s.sequence[0].numpy().nbytes)
    header, arrays_ = protocol.frame(s, after=0, steps_per_second=1.0)
    assert header["thinned"]
    assert len(arrays_["steps"]) == 30
    assert len(header["sequence_steps"]) <= 5
    assert header["sequence_steps"][-1] == 30
    assert set(np.diff(header["sequence_steps"][:-1])) == {8}


def test_settings_describe_all_that_can_be_set_and_are_plain_json():
    s = session(regularizers=[sd.regularizers.L2(0.5), sd.regularizers.L2(name="second")])
    told = settings_of(s, playing=False, status="ready", error="")
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    offered = {row["name"]: row for row in told["regularizers"]}
    assert list(offered)[:2] == ["l2", "second"]
    assert offered["l2"]["enabled"]
    assert not offered["total_variation"]["enabled"]
    assert offered["second"]["label"] == "second"
    assert offered["l2"]["parameters"][0]["value"] == 0.5
    assert [name for name, row in offered.items() if row["present"]] == ["l2", "second"]
    assert told["objective"] == {"type": "logit", "targets": [0], "text": "logit of class 0", "preset": "extreme"}


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("forda")


def objective_told(s):
    return settings_of(s, playing=False, status="", error="")["objective"]


PRESSED = {"centered": [0], "rim": [1], "border": [1, 0], "extreme": [1]}


@pytest.mark.parametrize("name", PRESSED)
def test_a_preset_off_the_wire_is_told_as_the_one_in_force_in_words(demo, name):
    s = sd.Session(demo.model, sd.objectives.Margin("normal"), data=demo.data, learning_rate=0.01)
    wish = {"type": "preset", "name": name, "targets": PRESSED[name]}
    message = {"kind": "command", "id": 1, "command": {"type": "set_objective", "objective": wish}}
    command = protocol.read_request(message).command
    assert command is not None
    s.submit(command)
    told = objective_told(s)
    assert (told["preset"], told["targets"]) == (name, PRESSED[name])
    assert s.learning_rate == 0.05
    texts = {"centered": "prototype of normal", "rim": "rim of abnormal", "extreme": "logit of abnormal"}
    words = {
        "centered": "centre of normal",
        "rim": "rim of abnormal",
        "border": "border between abnormal and normal",
        "extreme": "extreme of abnormal",
    }
    assert told["text"] == texts.get(name, words[name])
    news = words_of_what_happened(s)
    assert news.startswith(words[name])
    assert ("spectral prior" in news) == (name != "extreme")


@pytest.mark.parametrize("name", PRESSED)
def test_a_preset_is_in_force_also_where_real_sequences_are_three_times_as_large(demo, name):
    data = sd.SequenceDataset(3 * demo.data.x, demo.data.y, demo.data.class_names)
    preset = sd.presets.Preset(name, tuple(PRESSED[name])).on(data)
    s = sd.Session(demo.model, preset, data=data)
    assert s.learning_rate == (0.05 if name == "extreme" else 0.15)
    assert objective_told(s)["preset"] == name


@pytest.mark.parametrize(
    "change",
    [
        sd.commands.SetRegularizer("roughness", enabled=False),
        sd.commands.SetLearningRate(0.02),
        sd.commands.SetObjective(sd.objectives.Logit("normal")),
    ],
    ids=repr,
)
def test_a_preset_that_was_changed_by_hand_is_no_longer_told_as_in_force(demo, change):
    s = sd.Session(demo.model, sd.presets.centered(demo.data, "normal"), data=demo.data)
    assert objective_told(s)["preset"] == "centered"
    s.submit(change)
    assert objective_told(s)["preset"] is None


def test_extreme_lets_go_of_what_other_presets_held_and_of_nothing_else(demo):
    own = sd.regularizers.L2(0.5)
    s = sd.Session(demo.model, sd.presets.rim(demo.data, "normal"), data=demo.data, regularizers=[own])
    s.submit(sd.commands.SetObjective(sd.presets.extreme("normal")))
    assert [one.name for one in s.regularizers if one.enabled] == ["l2"]
    assert objective_told(s)["preset"] == "extreme"
    s.submit(sd.commands.SetObjective(sd.presets.centered(demo.data, "abnormal")))
    assert objective_told(s)["preset"] == "centered"
    assert all(one.enabled for one in s.regularizers)


def test_a_run_without_data_is_offered_only_what_it_can_have():
    told = settings_of(session(), playing=False, status="", error="")
    assert [kind["type"] for kind in told["objective_types"]] == ["logit", "margin", "probability"]
    reasons = {preset["name"]: preset["unavailable"] for preset in told["presets"]}
    assert list(reasons) == ["centered", "rim", "border", "extreme"]
    assert reasons.pop("extreme") is None
    assert all("this run has none; give data=" in reason for reason in reasons.values())
    s = session()
    for row in told["regularizers"]:
        s.submit(sd.commands.SetRegularizer(row["name"], enabled=True))


def test_the_envelope_is_that_of_the_one_class_an_objective_is_about(demo):
    real = demo.data.members(1).numpy()
    s = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    for objective in (sd.objectives.Prototype(1), 2 * sd.objectives.Margin(1)):
        s.submit(sd.commands.SetObjective(objective))
        low, high = protocol.envelope(s)["envelope"]
        assert ((real >= low) & (real <= high)).mean() == pytest.approx(0.9, abs=0.02)
    s.submit(sd.commands.SetObjective(sd.objectives.Boundary(0, 1)))
    assert protocol.envelope(s) == {}


def test_settings_name_optimizer_and_parameterization_as_commands_do():
    s = session(optimizer=torch.optim.RMSprop, parameterization="spline")
    told = settings_of(s, playing=False, status="ready", error="")
    for name in ("optimizer", "parameterization"):
        s.submit(sd.commands.Command.from_json({"type": f"set_{name}", name: told[name]}))
    assert s.optimizer == "rmsprop"
    assert s.parameterization == sd.parameterizations.Spline()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "an object with a kind"),
        ({"kind": "helo"}, 'did you mean "hello"'),
        ({"kind": ["hello"]}, "unknown message"),
        ({"kind": "step", "count": 10_001}, "give a whole number from 0 to 10000"),
        ({"kind": "step", "count": True}, "count = True"),
        ({"kind": "play", "now": 1}, "no field 'now'"),
        ({"kind": "command", "id": 1}, "a command is an object with a type"),
    ],
)
def test_a_malformed_message_is_refused_with_its_fault(content, words):
    with pytest.raises(ValueError, match=words):
        protocol.read_request(content)


def test_a_message_with_unexpected_buffers_is_refused():
    with pytest.raises(ValueError, match="carries no buffers"):
        protocol.read_request({"kind": "play"}, [memoryview(b"x")])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(
    JSON
    | st.fixed_dictionaries(
        {"kind": st.sampled_from(["hello", "step", "command", "receipt"])},
        optional={"id": JSON, "count": JSON, "number": JSON, "protocol": JSON, "command": JSON},
    )
)
@settings(max_examples=300)
def test_no_message_raises_anything_but_a_short_refusal(content):
    try:
        protocol.read_request(content)
    except ValueError as error:
        assert 0 < len(str(error)) < 1500


def test_the_fixtures_that_the_front_end_is_tested_with_are_what_we_send():
    """Rewrite them with `python -m tests.fixtures.write` after changing the protocol on purpose."""
    assert json.loads(FIXTURES.read_text()) == json.loads(json.dumps(messages()))
    assert json.loads(FIXTURES.with_name("saved.json").read_text()) == json.loads(json.dumps(saved_state()))
    assert json.loads(FIXTURES.with_name("recording.json").read_text()) == json.loads(json.dumps(recording()))
