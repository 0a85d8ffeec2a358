"""What learners give: each works, or says what to do, and doing that works."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import seqdream_widget as sd

O, C = sd.objectives, sd.commands  # noqa: E741 - as in api.md
Y = ["a", "b"] * 3


@pytest.fixture(scope="module")
def forda():
    return sd.load_demo("forda")


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(6, 40))


@pytest.fixture
def network():
    return nn.Sequential(nn.Flatten(), nn.Linear(40, 2))


def dreamed(network, data, steps=2, **settings):
    return sd.dream(network, O.Logit(1), data=data, steps=steps, progress=False, **settings)


# ---- data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        lambda x: x.tolist(),
        lambda x: x.astype(object),
        torch.tensor,
        pd.DataFrame,
        lambda x: pd.DataFrame(x, columns=[f"t{i}" for i in range(40)]),
        lambda x: pd.DataFrame(x).astype("Float64"),
        lambda x: [pd.Series(row) for row in x],
        lambda x: [torch.tensor(row) for row in x],
        lambda x: tuple(map(tuple, x)),
    ],
    ids=["lists", "objects", "float64 tensor", "frame", "named columns", "nullable", "series", "tensors", "tuples"],
)
def test_sequences_come_as_people_have_them(kind, x):
    given = kind(x)
    if isinstance(given, np.ndarray):  # of objects
        with pytest.raises(ValueError, match=r"x holds object values; give real .* numpy.asarray\(x, float\)"):
            sd.SequenceDataset(given, Y)
        given = np.asarray(given, float)
    data = sd.SequenceDataset(given, Y)
    assert data.x.dtype == torch.float32
    assert np.array_equal(data.x[:, 0].numpy(), x.astype(np.float32))


def test_a_frame_with_the_label_among_its_columns_names_that_column(x):
    frame = pd.DataFrame(x).assign(label=Y)
    with pytest.raises(ValueError, match=r'x has 1 column.* "label"; leave them out, x.drop\(columns=…\)'):
        sd.SequenceDataset(frame, frame["label"])
    assert len(sd.SequenceDataset(frame.drop(columns="label"), frame["label"])) == 6
    with pytest.raises(ValueError, match=r"or read them as numbers, x.astype\(float\)"):
        sd.SequenceDataset(pd.DataFrame(x).astype(str), Y)
    assert len(sd.SequenceDataset(pd.DataFrame(x).astype(str).astype(float), Y)) == 6


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, lambda x: pd.DataFrame(x).astype("Float64")])
def test_gaps_are_counted_and_located_and_the_way_to_fill_them_is_said_and_works(kind, x):
    x[2, 7] = x[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"2 value.* sequence 0, channel 0, sample 0; fill or drop") as raised:
        sd.SequenceDataset(kind(x), Y)
    filled = eval(str(raised.value).rpartition("a row a sequence: ")[2], {"DataFrame": pd.DataFrame, "x": kind(x)})
    data = sd.SequenceDataset(filled, Y)
    assert data.x[2, 0, 7] == pytest.approx((x[2, 6] + x[2, 8]) / 2)


def test_sequences_that_lie_the_other_way_are_asked_about(x):
    with pytest.raises(sd.ShapeError, match=r"\(40, 6\) and there are 6 labels: a row is a sequence; give x.T"):
        sd.SequenceDataset(x.T, Y)
    time_first = np.zeros((6, 40, 2))
    with pytest.warns(UserWarning, match=r"40 channels of 2 samples; .* give x.transpose\(0, 2, 1\)"):
        sd.SequenceDataset(time_first, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sd.SequenceDataset(time_first.transpose(0, 2, 1), Y).n_channels == 2


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (None, r"y is None; give \(n,\), one label per sequence"),
        (np.eye(2)[[0, 1] * 3], r"of one-hot rows, y.argmax\(1\)"),
        (pd.Series(["a", None] * 3), r"the first that is no text at 1 .* drop sequences without a label"),
        ("label", "y has shape"),
        (Y[:4], "6 sequences but y holds 4 labels"),
    ],
)
def test_labels_that_do_not_fit_say_what_would(y, said, x):
    with pytest.raises(ValueError, match=said):
        sd.SequenceDataset(x, y)


def test_labels_of_pandas_work(x):
    for y in (pd.Series(Y), pd.Series(Y, dtype="category"), pd.Series(Y, dtype="string"), pd.Index(Y)):
        assert sd.SequenceDataset(x, y).class_names == ("a", "b")


@pytest.mark.parametrize("give", [sd.dream, sd.SeqDream, sd.Lab, sd.Session])
@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, lambda x: (x, Y)])
def test_data_without_its_labels_is_answered_with_how_to_make_a_data_set(give, kind, network, x):
    with pytest.raises(TypeError, match=r"give sd.SequenceDataset\(x, y\)"):
        give(network, O.Logit(1), data=kind(x))


def test_the_same_holds_for_a_sweep_and_a_verdict(network, x):
    with pytest.raises(TypeError, match=r"give sd.SequenceDataset\(x, y\)"):
        sd.sweep(network, objectives=[O.Logit(1)], data=x)
    with pytest.raises(TypeError, match=r"give sd.SequenceDataset\(x, y\)"):
        sd.plausibility(network, pd.DataFrame(x), x[0])


# ---- starts -----------------------------------------------------------------------------------------------------


def test_a_dream_starts_from_a_list_doubles_a_series_or_a_row_of_a_frame_alike(network, x):
    data, frame = sd.SequenceDataset(x, Y), pd.DataFrame(x)
    starts = [4, x[4], x[4].tolist(), torch.tensor(x[4]), frame.iloc[4], frame.iloc[[4]], np.int64(4), x[4][::-1][::-1]]
    first, *others = (dreamed(network, data, start=start).sequence for start in starts)
    assert all(torch.equal(first, other) for other in others)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (lambda x: np.where(np.arange(40) == 3, np.nan, x[0]), "sample 3; fill or drop them before"),
        (lambda x: pd.Series(x[0]).mask(pd.Series(x[0]) > 0), "start holds .* not finite float32"),
        (lambda x: pd.Series(x[0]).to_frame(), r"start has time along its rows, start.T fits"),
        (lambda x: x[0][:30], r"samples does not agree \(data: 40, start: 30\)"),
        (lambda x: ["high"] * 40, "start holds <U4 values; give real numbers"),
        (lambda x: [[1.0], [1.0, 2.0]], "start has sequences of different lengths"),
        (lambda x: None, "start is a NoneType; give noise, zeros, mean"),
        (lambda x: object(), "start is an object; give noise, zeros, mean"),
        (lambda x: {"a": 1}, "start is a dict; give noise, zeros, mean"),
        (lambda x: "nois", 'did you mean "noise"'),
        (lambda x: 99, "the data has samples 0 to 5"),
    ],
)
def test_a_start_that_is_none_says_what_would_be(start, said, network, x):
    with pytest.raises(ValueError, match=said):
        dreamed(network, sd.SequenceDataset(x, Y), start=start(x))


def test_a_column_of_a_frame_fits_when_it_is_turned_as_the_message_says(network, x):
    dreamed(network, sd.SequenceDataset(x, Y), start=pd.Series(x[0]).to_frame().T)


# ---- models -----------------------------------------------------------------------------------------------------


def test_a_model_in_training_mode_is_dreamed_in_eval_mode_and_left_in_training_mode(forda):
    model = sd.load_demo("forda").model.train()
    one = sd.dream(model, O.Logit(1), data=forda.data, start=5, steps=3, progress=False)
    two = sd.dream(forda.model, O.Logit(1), data=forda.data, start=5, steps=3, progress=False)
    assert torch.equal(one.sequence, two.sequence)
    assert model.training


def test_a_double_model_dreams_in_double(network):
    result = sd.dream(network.double(), O.Logit(1), length=40, channels=1, steps=2, progress=False)
    assert result.sequence.shape == (1, 1, 40)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.Linear, r"the model is a type; make one first, Linear\(…\)"),
        (nn.Linear(3, 2).state_dict(), "weights alone are none: make the network, network.load_state_dict"),
        ("model.pt", r"torch.load\(path, weights_only=True\)"),
        (lambda x: x, "the model is a function; give a torch.nn.Module"),
        (None, "the model is a NoneType; give a torch.nn.Module"),
    ],
)
def test_what_is_no_model_says_how_to_come_to_one(model, said, x):
    with pytest.raises(TypeError, match=said):
        dreamed(model, sd.SequenceDataset(x, Y))


def test_a_model_for_another_length_names_both_and_what_was_tried(x):
    with pytest.raises(sd.ShapeError, match=r"1 channel\(s\) and 40 samples.*Tried \(N, C, T\)"):
        dreamed(nn.Sequential(nn.Flatten(), nn.Linear(50, 2)), sd.SequenceDataset(x, Y))


# ---- cells ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda d, s: sd.dream(d.model, O.Logit(1), lr=0.1),
            'dream: unknown keyword "lr".*did you mean "learning_rate"',
        ),
        (lambda d, s: sd.Lab(d.model, projecton="pca"), 'Lab: unknown keyword "projecton".*mean "projection"'),
        (lambda d, s: sd.SequenceDataset(d.data.x, d.data.y, names=()), "SequenceDataset: unknown keyword"),
        (lambda d, s: sd.SequenceDataset.from_ucr("FordA", "test", folder=""), 'known: "name", "split", "root"'),
        (lambda d, s: sd.load_demo(nam="forda"), 'load_demo: unknown keyword "nam"'),
        (lambda d, s: sd.layers(d.model, sample=d.data), 'layers: unknown keyword "sample"'),
        (lambda d, s: sd.plausibility(d.model, d.data, d.data.x[0], cls=1), 'plausibility: unknown keyword "cls"'),
        (lambda d, s: sd.presets.centered(d.data, clas=1), 'centered: unknown keyword "clas".*mean "cls"'),
        (lambda d, s: sd.replay(s.log, d.model, dat=d.data), 'replay: unknown keyword "dat".*mean "data"'),
        (lambda d, s: sd.resume("there", d.model, dat=d.data), 'resume: unknown keyword "dat".*mean "data"'),
        (lambda d, s: sd.transfer(s, other=d.model), 'transfer: unknown keyword "other"'),
        (lambda d, s: s.run(1, calback=print), 'Session.run: unknown keyword "calback".*mean "callback"'),
        (
            lambda d, s: sd.Session(d.model, O.Logit(1), steps=5),
            r"Session: steps is given elsewhere: session.run\(steps\)",
        ),
        (lambda d, s: sd.SeqDream(d.model, O.Logit(1), steps=5), "SeqDream: steps is given elsewhere"),
        (lambda d, s: s.run(1, callback=3), "callback is an int; give a function of the session"),
        (
            lambda d, s: sd.transfer(s.sequence, d.model),
            "transfer: the result is a Tensor; give what sd.dream returned",
        ),
        (lambda d, s: sd.replay(3, d.model), "replay: the log is an int; give session.log, or the path"),
        (
            lambda d, s: sd.replay(s.log, d.model, d.data, objects=[print]),
            "objects is a list; give them by their names",
        ),
        (lambda d, s: sd.layers(d.model, None), "layers: the example is a NoneType; give data, a length"),
        (lambda d, s: sd.SequenceDataset.from_ucr(3, "test"), "the name of a data set is an int; give a string"),
    ],
)
def test_a_call_that_is_none_says_what_would_be(call, said, forda):
    session = sd.Session(forda.model, O.Logit(1), data=forda.data)
    with pytest.raises(TypeError, match=said):
        call(forda, session)
    assert session.step_count == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda d, s: sd.dream(d.model, O.Logit(1), data=d.data, learning_rate=0), "^learning_rate = 0 is not allowed"),
        (
            lambda d, s: sd.Session(d.model, O.Logit(1), data=d.data, seed=-1),
            "a whole number from 0 to 9,007,199,254,740,992",
        ),
        (
            lambda d, s: s.submit(C.Freeze(3, 9, channel=1)),
            "Freeze: channel = 1 is not allowed; give 0, there is no other",
        ),
        (lambda d, s: s.sequence_at(-1), "step = -1 is not allowed"),
        (lambda d, s: s.sequence_at(True), "step = True is not allowed"),
        (lambda d, s: sd.regularizers.L2(name=3), "L2: name = 3 is not allowed; give a string"),
        (
            lambda d, s: C.Edit(start=3, values="abc"),
            "Edit: values = 'abc' are not allowed; give a flat list of numbers",
        ),
        (lambda d, s: sd.SequenceDataset(d.data.x, d.data.y, sample_rate="a"), "sample_rate = 'a' is not allowed"),
        (
            lambda d, s: sd.SequenceDataset(d.data.x, d.data.y, unit=3),
            "unit = 3 is not allowed; give a string, or one for each",
        ),
        (
            lambda d, s: sd.Session(d.model, O.Logit(9), data=d.data),
            r'class 9 is not allowed.*in quotes \("normal", "abnormal"\)',
        ),
        (lambda d, s: sd.Session(d.model, O.Logit("abnormal"), length=500), 'unknown class "abnormal".*give data='),
    ],
)
def test_a_value_that_is_not_allowed_says_which_are(call, said, forda):
    with pytest.raises(ValueError, match=said):
        call(forda, sd.Session(forda.model, O.Logit(1), data=forda.data))


def test_a_place_where_nothing_can_be_written_is_named(forda, tmp_path):
    session = sd.Session(forda.model, O.Logit(1), data=forda.data)
    for write in (session.to_csv, session.log.save):
        with pytest.raises(FileNotFoundError, match=r'there is no folder ".*nowhere"; make it first'):
            write(tmp_path / "nowhere" / "dream")
    with pytest.raises(IsADirectoryError, match="it is a folder; give the path of a file"):
        session.to_csv(tmp_path)
    session.to_csv(tmp_path / "file")
    with pytest.raises(NotADirectoryError, match=r'autosave: ".*file" is a file; give a directory'):
        sd.Session(forda.model, O.Logit(1), data=forda.data, autosave=tmp_path / "file")


def test_a_notebook_that_has_switched_gradients_off_dreams_the_same(forda):
    settings = {"data": forda.data, "steps": 3, "progress": False, "optimizer": "lbfgs"}
    usual = sd.dream(forda.model, O.Logit(1), **settings)
    with torch.no_grad():
        assert torch.equal(sd.dream(forda.model, O.Logit(1), **settings).sequence, usual.sequence)
    with torch.inference_mode():
        with pytest.raises(RuntimeError, match=r"torch.inference_mode\(\) is on.*Leave it first"):
            sd.dream(forda.model, O.Logit(1), **settings)
        with pytest.raises(RuntimeError, match=r"torch.inference_mode\(\) is on.*Leave it first"):
            usual.session.run(1)
    assert usual.session.step_count == 3


def test_a_cell_that_is_run_twice_leaves_two_runs_that_do_not_disturb_each_other(forda):
    def cell():
        return sd.SeqDream(forda.model, O.Logit("abnormal"), data=forda.data, start=5)

    first = w = cell()
    w.step(3)
    w = cell()
    assert (first.step_count, w.step_count) == (3, 0)
    w.step(3)
    assert torch.equal(first.sequence, w.sequence)
    first.close()
    w.close()


def test_cells_out_of_order_say_what_is_missing(forda):
    w = sd.SeqDream(forda.model, O.Logit("abnormal"), data=forda.data)
    assert "press play (or Space)" in repr(sd.workshop.check(1, w))  # the checker's cell before any step
    w.close()
    w.close()
    with pytest.raises(RuntimeError, match="closed"):
        w.play()
    again = sd.SeqDream(session=w.session)
    again.step(2)
    assert again.step_count == 2
    again.close()


def test_what_was_saved_before_a_restart_is_gone_on_with_after_it(forda, tmp_path):
    w = sd.SeqDream(forda.model, O.Logit("abnormal"), data=forda.data, start=5, autosave=tmp_path / "run")
    w.step(4)
    w.submit(C.Freeze(10, 20))
    w.step(4)
    kept = w.sequence
    w.close()
    back = sd.SeqDream(
        session=sd.resume(tmp_path / "run", sd.load_demo("forda").model, data=sd.load_demo("forda").data)
    )
    assert torch.equal(back.sequence, kept)
    assert len(back.frozen) == 1
    back.close()
