"""A log is enough to come to the same bits again, and harms nobody who reads it."""

from __future__ import annotations

import functools
import json
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import seqdream_widget as sd
from seqdream_widget.encoding import Decoder, Encoder
from tests.models import make
from tests.unit.programs import COMMANDS, PROGRAMS, Level, act, data, new, state_of

C, objectives = sd.commands, sd.objectives


def again(session, tmp=None, **given_settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return sd.replay(session.log, Level(), data=data(), **given_settings)


@settings(max_examples=500)
@given(PROGRAMS)
def test_a_replay_comes_to_the_same_bits_and_the_same_past(program):
    s = new()
    for action in program:
        s = act(s, action)
    replayed = again(s)
    assert replayed.divergence is None
    assert state_of(replayed) == state_of(s)
    assert json.dumps(replayed.log.records) == json.dumps(s.log.records)
    for _ in range(len(s._timeline.redoable)):
        s.redo()
        replayed.redo()
    while s._timeline.undoable:
        s.undo()
        replayed.undo()
        assert state_of(replayed) == state_of(s)


@settings(max_examples=500)
@given(PROGRAMS)
def test_the_log_only_grows(program):
    s = new()
    before = s.log.records
    for action in program:
        origin, s = s, act(s, action)
        for records in (origin.log.records, s.log.records):
            *settled, last = before[:-1]
            assert records[: len(settled)] == settled
            assert records[len(settled)] == last or (
                last["event"] == "steps" and records[len(settled)]["count"] > last["count"]
            )
        before = s.log.records


@given(COMMANDS.filter(lambda command: not isinstance(command, C.SetObjective)))
def test_every_command_comes_out_of_its_description_as_it_was(command):
    encoder = Encoder(data())
    described = json.loads(json.dumps(encoder.encode(command)))
    assert Decoder(encoder.tensors, {}, data()).decode(described) == command


@pytest.mark.parametrize("family", ["resnet", "lstm"])
def test_a_saved_log_of_a_real_network_and_a_preset_replays(family, tmp_path):
    demo = sd.load_demo("forda")
    model = demo.model if family == "resnet" else make(family)
    preset = sd.presets.centered(demo.data, "abnormal") if family == "resnet" else objectives.Logit(1)
    result = sd.dream(model, preset, data=demo.data, steps=4, batch_size=2, progress=False)
    s = result.session
    s.submit(C.Edit(3, [0.1] * 200, dream=1))
    s.submit(C.SetObjective(objectives.Direction(list(sd.layers(model, 500))[-1], [1.0, 2.0])))
    s.run(3)
    result.log.save(tmp_path / "dream.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dream.jsonl", "dream.safetensors"]
    replayed = sd.replay(tmp_path / "dream.jsonl", model, data=demo.data)
    assert state_of(replayed) == state_of(s)
    assert replayed.divergence is None


def test_a_start_of_ones_own_and_a_run_without_data_replay(tmp_path):
    s = sd.Session(Level(), objectives.Logit(0), start=torch.linspace(-1, 1, 12), seed=5)
    s.run(3)
    s.log.save(tmp_path / "a.jsonl")
    assert state_of(sd.replay(tmp_path / "a.jsonl", Level())) == state_of(s)


def test_the_model_and_the_data_must_be_those_of_the_log():
    s = new()
    s.run(2)
    other = Level()
    with torch.no_grad():
        other.head.bias.add_(1e-3)
    with pytest.raises(ValueError, match="the model is not that of the log: its fingerprint is"):
        sd.replay(s.log, other, data=data())
    with pytest.raises(ValueError, match="the data is not that of the log"):
        sd.replay(s.log, Level(), data=data().only("low"))
    with pytest.raises(ValueError, match="give that with data="):
        sd.replay(s.log, Level())


class Slow(torch.optim.SGD):
    pass


def test_what_is_ones_own_is_named_in_the_log_and_given_again(tmp_path):
    s = new()
    slow = functools.partial(Slow, momentum=0.5)
    s.submit(C.SetOptimizer(slow))
    s.run(3)
    assert state_of(again(s)) == state_of(s)
    s.log.save(tmp_path / "own.jsonl")
    with pytest.raises(ValueError, match=r"tests.unit.test_log:Slow', which is not part of the package and is never"):
        sd.replay(tmp_path / "own.jsonl", Level(), data=data())
    replayed = sd.replay(tmp_path / "own.jsonl", Level(), data=data(), objects={"tests.unit.test_log:Slow": slow})
    assert state_of(replayed) == state_of(s)


def test_refusals_notes_and_branches_are_in_the_log():
    s = new()
    with pytest.raises(ValueError, match="not allowed"):
        s.submit(C.Freeze(3, 99))
    s.submit(C.Note("look here"))
    s.branch()
    told = [(record["event"], record["text"]) for record in s.log.records[1:-1]]
    assert [event for event, _ in told] == ["refusal", "note", "branch"]
    assert "samples 3 … 98 are not allowed" in told[0][1]
    assert told[1][1] == "look here"


def test_where_the_numbers_differ_the_first_step_and_the_largest_difference_are_said():
    s = new()
    s.run(6)
    log = s.log
    elsewhere = s.history["score"].copy()
    elsewhere[3] += 1e-3
    encoder = Encoder(data())
    log.records[-1]["score"] = encoder.tensor(torch.as_tensor(elsewhere))
    log.records[-1]["sequence"] = encoder.tensor(s.sequence + 0.25)
    log.tensors.update(encoder.tensors)
    log.records[0]["versions"]["torch"] = "1.0"
    with pytest.warns(UserWarning, match="first step that differs is 4, the largest difference of the sequence 0.25"):
        replayed = sd.replay(log, Level(), data=data())
    assert replayed.divergence.first_step == 4
    assert state_of(replayed) == state_of(s)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 300), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.just("builtins:eval"), st.just({"object": "os:system"}),
)  # fmt: skip


@functools.cache
def saved(tmp):
    s = new()
    s.run(2)
    s.submit(C.SetObjective(sd.presets.centered(data(), "high")))
    s.submit(C.SetOptimizer("sgd"))
    s.submit(C.Edit(0, [0.5, 1.0]))
    s.run(2)
    s.undo()
    s.log.save(tmp / "good.jsonl")
    return (tmp / "good.jsonl").read_bytes(), (tmp / "good.safetensors").read_bytes()


def paths_in(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths_in(item, (*path, key))


def changed(records, path, junk):
    if not path:
        return junk
    copy = dict(records) if isinstance(records, dict) else list(records)
    copy[path[0]] = changed(copy[path[0]], path[1:], junk)
    return copy


def read_or_refuse(tmp, lines, tensors):
    (tmp / "bad.jsonl").write_bytes(lines)
    (tmp / "bad.safetensors").write_bytes(tensors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            sd.replay(tmp / "bad.jsonl", Level(), data=data())
        except ValueError as error:
            assert str(error)


@settings(max_examples=150)
@given(st.data())
def test_a_log_with_anything_in_any_place_replays_or_is_refused_in_words(tmp_path_factory, draw):
    tmp = tmp_path_factory.getbasetemp()
    lines, tensors = saved(tmp)
    records = [json.loads(line) for line in lines.splitlines()]
    path = draw.draw(st.sampled_from([path for path in paths_in(records) if path]))
    records = changed(records, path, draw.draw(JUNK))
    read_or_refuse(tmp, "\n".join(map(json.dumps, records)).encode(), tensors)


@settings(max_examples=100)
@given(st.data())
def test_a_log_with_bytes_changed_or_cut_off_replays_or_is_refused_in_words(tmp_path_factory, draw):
    tmp = tmp_path_factory.getbasetemp()
    files = list(saved(tmp))
    which = draw.draw(st.integers(0, 1))
    at = draw.draw(st.integers(0, len(files[which]) - 1))
    cut = draw.draw(st.booleans())
    rest = b"" if cut else draw.draw(st.binary(min_size=1, max_size=3)) + files[which][at + 1 :]
    files[which] = files[which][:at] + rest
    read_or_refuse(tmp, *files)


def test_nesting_without_end_is_refused(tmp_path):
    _, tensors = saved(tmp_path)
    (tmp_path / "deep.safetensors").write_bytes(tensors)
    (tmp_path / "deep.jsonl").write_text("[" * 100_000)
    with pytest.raises(ValueError, match="is no log"):
        sd.replay(tmp_path / "deep.jsonl", Level(), data=data())
