"""Whatever comes from outside is carried out or refused in words, and what is refused changes nothing."""

from __future__ import annotations

import functools
import json
import math
import os
import random
import sys
import tracemalloc
import warnings

import pytest
import torch
from safetensors.torch import save

import seqdream_widget as sd
from seqdream_widget import protocol
from seqdream_widget.encoding import hash_of
from seqdream_widget.log import Log
from tests.unit.mutations import DEEP, LONG, TEXT, WORSE, Mutator, message
from tests.unit.programs import LENGTH, Level, data, state_of

MESSAGES, LOGS = 20_000, 2_000
PYTHON = ("object is not", "has no attribute", "NoneType", "argument", "recursion", "Traceback", "subscript", "operand")
"""What Python says to programmers, and no person should read."""

# ---- the widget -----------------------------------------------------------------------------------------------------


def widget(told):
    regularizers = [sd.regularizers.L2(0.01), sd.regularizers.Noise(), sd.regularizers.RandomReinitialization(every=3)]
    w = sd.SeqDream(
        Level(),
        sd.objectives.Logit("high"),
        data=data(),
        regularizers=regularizers,
        seed=3,
        threads=1,
    )
    w.send = lambda content, buffers=None: told.append(content)
    return w


def now(w):
    """All that the widget and its session are, at rest."""
    w._runner.pause()
    s = w.session
    undoable, redoable = len(s.timeline.undoable), len(s.timeline.redoable)
    return state_of(s), s.frozen, s.gestures, s.threads, undoable, redoable, w.playing, w.step_count


def test_twenty_thousand_messages_are_each_carried_out_or_refused_in_words_and_unchanged_state():
    rng, kinds = random.Random(7), list(protocol.NUMBERS)
    mutated = Mutator(rng, WORSE)
    carried_out, refused, changed, reasons = 0, 0, 0, set()
    w = None
    for number in range(MESSAGES):
        if number % 500 == 0:
            if w is not None:
                w.close()
            told = []
            w = widget(told)
            before = now(w)
        content = message(rng, rng.choice([*kinds, *["command"] * 20]))
        if rng.random() < 0.75:
            content = mutated(content)
        told.clear()
        w._handle_custom_msg(content, [b"x"] if rng.random() < 0.01 else [])
        after = now(w)
        json.dumps(told, allow_nan=False)
        words = [one["reason"] for one in told if one["kind"] == "refusal"]
        assert len(words) <= 1
        if words:
            refused += 1
            assert after == before, words
            assert 10 < len(words[0]) < 1500
            assert not any(said in words[0] for said in PYTHON), words[0]
            reasons.add(words[0][:25])
        else:
            carried_out += 1
            changed += after != before
        before = after
    w.close()
    assert refused > MESSAGES / 4
    assert carried_out > MESSAGES / 4
    assert changed > MESSAGES / 8
    assert len(reasons) > 100


LARGE = {
    "a million values": ({"type": "edit", "start": 0, "values": LONG}, "more than 100,000 items"),
    "a text instead of values": ({"type": "edit", "start": 0, "values": TEXT}, "10,000,000 characters"),
    "a long note": ({"type": "note", "text": TEXT}, "10,000,000 characters"),
    "lists in lists": ({"type": "edit", "start": 0, "values": DEEP}, "nested more than 16 deep"),
    "a long name": ({TEXT: 1}, "10,000,000 characters"),
    "many fields": (dict.fromkeys(map(str, range(200_000))), "more than 100,000 items"),
    "a large number": ({"type": "set_learning_rate", "learning_rate": 10**5000}, "more than 64 bits"),
    "half a character": ({"type": "note", "text": "\ud83d"}, "is no Unicode text"),
    "a deep objective": (
        {"type": "set_objective", "objective": functools.reduce(lambda o, _: {"objective": o}, range(99), {})},
        "nested more than 16 deep",
    ),
}


@pytest.mark.parametrize("what", LARGE)
def test_what_is_too_large_is_refused_before_anything_is_made_of_it(what):
    command, words = LARGE[what]
    told = []
    w = widget(told)
    before = now(w)
    w._handle_custom_msg({"kind": "command", "id": 1, "command": {"type": "reset"}}, [])
    told.clear()
    tracemalloc.start()
    w._handle_custom_msg({"kind": "command", "id": 1, "command": command}, [])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words in told[0]["reason"]
    assert len(told[0]["reason"]) < 300
    assert peak < 2**20
    assert now(w)[0] == before[0]
    w.close()


def test_commands_from_a_cell_are_bounded_before_they_are_made():
    tracemalloc.start()
    with pytest.raises(ValueError, match="1000000000 values are not allowed; give at most 1000000"):
        sd.commands.Edit(0, range(10**9))
    with pytest.raises(ValueError, match="are not allowed; give a flat list of numbers"):
        sd.commands.Edit(0, TEXT[:1000])
    with pytest.raises(ValueError, match="give 1 to 10,000 characters"):
        sd.commands.Note(TEXT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_no_more_than_a_hundred_gestures_hold_samples_at_once():
    s = sd.Session(Level(), sd.objectives.Logit(0), data=data())
    for gesture in range(100):
        s.submit(sd.commands.MovePoint(3, 0.5, gesture=gesture))
    with pytest.raises(ValueError, match="100 gestures hold samples already; release one of them first"):
        s.submit(sd.commands.MovePoint(3, 0.5, gesture=100))
    s.submit(sd.commands.MovePoint(3, 0.6, gesture=7))
    s.submit(sd.commands.Release(7))
    s.submit(sd.commands.MovePoint(3, 0.5, gesture=100))


# ---- logs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log():
    s = sd.Session(Level(), sd.presets.centered(data(), "high"), data=data(), seed=3)
    s.run(2)
    s.submit(sd.commands.Freeze(1, 3))
    s.submit(sd.commands.SetRegularizer("total_variation", enabled=True, weight=0.1))
    s.submit(sd.commands.Edit(4, [0.5, 1.0]))
    s.submit(sd.commands.SetOptimizer("sgd"))
    s.run(2)
    s.submit(sd.commands.SetObjective(sd.objectives.Logit(0) + sd.objectives.Stay(data().x[0])))
    s.submit(sd.commands.MovePoint(5, 1.0, 3, gesture=1))
    s.submit(sd.commands.Edit(6, [0.25] * 3))
    s.undo()
    s.run(1)
    s.restore(3)
    s.submit(sd.commands.Note("so far"))
    s.submit(sd.commands.SetParameterization("spline"))
    s.run(2)
    return s.log


def with_json(rng, records, tensors):
    return Mutator(rng)(records), tensors


def with_lines(rng, records, tensors):
    one, other = rng.randrange(len(records)), rng.randrange(len(records))
    rng.choice([
        lambda: records.pop(one),
        lambda: records.insert(other, records[one]),
        lambda: records.insert(other, records.pop(one)),
        records.reverse,
    ])()  # fmt: skip
    return records, tensors


def with_counts(rng, records, tensors):
    """More steps, which the end knows of or not."""
    steps = rng.choice([record for record in records if record.get("event") == "steps"])
    before, steps["count"] = steps["count"], rng.choice([1, 7, 60, 10**8, 10**9, 10**30])
    if steps["count"] < 1000:
        records[-1]["taken"] += rng.choice([0, steps["count"] - before])
    return records, tensors


def with_tensors(rng, records, tensors):
    """One is another one, of another shape or of nothing, under its own name or a false one."""
    name, other = rng.choice(list(tensors)), rng.choice(list(tensors))
    shapes = [(0,), (1,), (2, 1, LENGTH), (1, 2, LENGTH), (1, 1, LENGTH + 1), (5000, 1, 2), (1, 1, 1, 1), ()]
    made = torch.full(rng.choice(shapes), rng.choice([0.0, 1.0, math.nan, 1e38])).to(rng.choice(DTYPES))
    new = rng.choice([tensors[other].clone(), made])
    if rng.random() < 0.2:
        return records, tensors | {name: new}
    if rng.random() < 0.1:
        return records, {key: value for key, value in tensors.items() if key != name}
    renamed = json.loads(json.dumps(records).replace(name, hash_of(new)))
    return renamed, tensors | {hash_of(new): new}


DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool]


def with_bytes(rng, lines, tensors):
    files = [lines, tensors]
    which = rng.random() < 0.3
    content = files[which]
    at, wide = rng.randrange(len(content)), rng.choice([0, 1, 1, 1, 9, 200])
    files[which] = content[:at] + rng.randbytes(rng.choice([0, 1, 1, 3])) + content[at + wide :]
    if rng.random() < 0.1:
        files[which] = files[which][:at]
    return files


def world(model, dataset):
    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    flags = [(one.training, len(one._forward_hooks)) for one in model.modules()]
    grads = [(weight.requires_grad, weight.grad) for weight in model.parameters()]
    return str(weights), flags, grads, hash_of(dataset.x), torch.get_rng_state().tolist()[:32], random.getstate()


def test_two_thousand_spoiled_logs_are_each_replayed_or_refused_in_words(log, tmp_path):
    rng, model, dataset = random.Random(11), Level(), data()
    before = world(model, dataset)
    replayed, reasons = 0, []
    path = tmp_path / "bad.jsonl"
    for _ in range(LOGS):
        records, tensors = json.loads(json.dumps(log.records)), dict(log.tensors)
        way = rng.choice([with_json, with_json, with_lines, with_counts, with_tensors, with_bytes])
        if way is not with_bytes:
            records, tensors = way(rng, records, tensors)
        records = records if isinstance(records, list) else [records]
        lines, packed = "".join(json.dumps(record) + "\n" for record in records).encode(), save(tensors)
        lines, packed = with_bytes(rng, lines, packed) if way is with_bytes else (lines, packed)
        path.write_bytes(lines)
        path.with_suffix(".safetensors").write_bytes(packed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                sd.replay(path, model, data=dataset)
                replayed += 1
            except ValueError as error:
                reasons.append(str(error))
    assert world(model, dataset) == before
    assert replayed > LOGS / 20
    assert len(reasons) > LOGS / 3
    assert all(10 < len(reason) < 3000 for reason in reasons)
    assert len({reason[:60] for reason in reasons}) > 100


def test_a_log_that_is_too_large_is_refused_before_it_is_read(log, tmp_path):
    path = tmp_path / "large.jsonl"
    log.save(path)
    good = path.read_bytes()
    path.write_bytes(good + b'{"event": "note", "text": "' + b"x" * 5 * 2**20 + b'"}\n')
    with pytest.raises(ValueError, match=r"line 18 has 5,242,909 bytes; at most 4,194,304 are allowed"):
        sd.replay(path, Level(), data=data())
    os.truncate(path, 2**30 + 1)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"has 1,073,741,825 bytes, more than 1,073,741,824"):
        sd.replay(path, Level(), data=data())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("shape", [[10**9, 10**6], [10**30], [-1], ["a"], [2]])
def test_a_tensor_that_claims_a_shape_it_does_not_have_is_refused(log, tmp_path, shape):
    log.save(tmp_path / "a.jsonl")
    header = json.dumps({"a" * 32: {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"1234")
    with pytest.raises(ValueError, match=r'"a.safetensors" holds no tensors'):
        sd.replay(tmp_path / "a.jsonl", Level(), data=data())


def test_a_start_of_a_million_dreams_and_a_billion_steps_are_refused_before_any_is_taken(log, tmp_path):
    start = torch.zeros(1_000_000, 1, 1)
    records = json.loads(json.dumps(log.records))
    records[0]["start"] = hash_of(start)
    many = Log(records, log.tensors | {hash_of(start): start})
    with pytest.raises(ValueError, match=r"line 1 of the log: .*batch_size = 1000000 is not allowed"):
        sd.replay(many, Level(), data=data())
    records = json.loads(json.dumps(log.records))
    records[1]["count"], records[-1]["taken"] = 10**9, 10**9 + records[-1]["taken"] - records[1]["count"]
    with pytest.raises(ValueError, match="the log takes 1,000,000,005 steps; at most 10,000,000 are taken again"):
        sd.replay(Log(records, log.tensors), Level(), data=data())


@pytest.mark.parametrize("name", ["os:system", "seqdream_trap:spring", "builtins:eval", "seqdream_trap"])
def test_a_log_imports_and_executes_nothing(log, tmp_path, monkeypatch, name):
    (tmp_path / "seqdream_trap.py").write_text("import pathlib\npathlib.Path(__file__ + '.sprung').touch()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for field in ("optimizer", "objective", "regularizers", "parameterization"):
        records = json.loads(json.dumps(log.records))
        described = (
            {"object": name, "kind": field.rstrip("s"), "fields": {}} if field != "optimizer" else {"object": name}
        )
        records[0][field] = [described] if field == "regularizers" else described
        Log(records, log.tensors).save(tmp_path / "trap.jsonl")
        with pytest.raises(ValueError, match="is not part of the package and is never imported; give it"):
            sd.replay(tmp_path / "trap.jsonl", Level(), data=data())
    assert "seqdream_trap" not in sys.modules
    assert not (tmp_path / "seqdream_trap.py.sprung").exists()


def test_a_note_of_any_characters_survives_the_file(tmp_path):
    s = sd.Session(Level(), sd.objectives.Logit(0), data=data())
    s.submit(sd.commands.Note("a\u2028b\x0bc\x85d\n\u00e9"))
    with pytest.raises(ValueError, match="give Unicode text"):
        sd.commands.Note("\ud83d")
    with pytest.raises(ValueError, match="unknown regularizer"):
        s.submit(sd.commands.SetRegularizer("\ud83d"))
    s.log.save(tmp_path / "a.jsonl")
    assert sd.replay(tmp_path / "a.jsonl", Level(), data=data()).log.records == s.log.records
