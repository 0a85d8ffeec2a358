"""What a data set promises: shapes, dtypes and classes are checked once, here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.errors import ShapeError

ARCHIVE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SHAPES = {
    ("FordA", "train"): (3601, 1, 500),
    ("FordA", "test"): (1320, 1, 500),
    ("ECG5000", "train"): (500, 1, 140),
    ("ECG5000", "test"): (4500, 1, 140),
}
PRESENT = [key for key in SHAPES if (ARCHIVE / f"{key[0]}_{key[1].upper()}.npz").is_file()]

distinct_names = st.lists(st.text(min_size=1), min_size=1, max_size=6, unique=True)


def noise(n: int, channels: int = 1, length: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, channels, length))


# Sequences


@pytest.mark.parametrize(
    "x",
    [
        [[1, 2, 3], [4, 5, 6]],
        np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint16),
        np.array([[1.0, 2, 3], [4, 5, 6]], order="F"),
        np.array([[3.0, 2, 1], [6, 5, 4]])[:, ::-1],
        torch.tensor([[1, 2, 3], [4, 5, 6]]),
        torch.tensor([[1.0, 2, 3], [4, 5, 6]], dtype=torch.bfloat16),
        torch.tensor([[1.0, 4], [2, 5], [3, 6]], dtype=torch.float64, requires_grad=True).T,
    ],
    ids=["lists", "uint16", "fortran", "reversed", "int64", "bfloat16", "transposed"],
)
def test_numbers_of_any_kind_become_one_contiguous_float32_channel(x):
    data = SequenceDataset(x, [0, 1])
    assert data.x.tolist() == [[[1, 2, 3]], [[4, 5, 6]]]
    assert data.x.dtype == torch.float32
    assert data.x.is_contiguous()
    assert not data.x.requires_grad
    assert data.y.dtype == torch.int64


def test_channels_stay_where_they_are():
    x = noise(3, channels=2, length=5)
    data = SequenceDataset(x, [0, 1, 0])
    assert (len(data), data.n_channels, data.length) == (3, 2, 5)
    assert torch.equal(data.x, torch.tensor(x, dtype=torch.float32))


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_the_data_set_keeps_its_own_copy(kind):
    x = kind(noise(2).astype(np.float32))
    data = SequenceDataset(x, [0, 1])
    before = data.x.clone()
    x[:] = 0
    assert torch.equal(data.x, before)


def test_values_that_are_not_finite_are_counted_and_located():
    x = noise(4, channels=2, length=6)
    x[2, 1, 3] = np.nan
    x[3, 0, 0] = np.inf
    with pytest.raises(ValueError, match=r"2 value.*nan.*sequence 2, channel 1, sample 3"):
        SequenceDataset(x, [0, 1, 0, 1])


def test_a_value_beyond_float32_is_not_finite():
    with pytest.raises(ValueError, match="not finite float32"):
        SequenceDataset([[1e300, 0.0]], [0])


@pytest.mark.parametrize("x", [[], [[]], 3.0, [1.0, 2.0], np.zeros((2, 0, 5)), np.zeros((1, 1, 1, 1)), [[1], [1, 2]]])
def test_a_shape_that_holds_no_sequences_is_refused(x):
    with pytest.raises(ShapeError, match="x has"):
        SequenceDataset(x, [0])


@pytest.mark.parametrize("x", [[["a", "b"]], np.zeros((1, 2), dtype=complex), torch.zeros(1, 2) * 1j])
def test_values_that_are_no_real_numbers_are_refused(x):
    with pytest.raises(ValueError, match="give real numbers"):
        SequenceDataset(x, [0])


def test_every_sequence_needs_one_label():
    with pytest.raises(ShapeError, match="3 sequences but y holds 2 labels"):
        SequenceDataset(noise(3), [0, 1])
    with pytest.raises(ShapeError, match=r"y has shape \(3, 1\)"):
        SequenceDataset(noise(3), [[0], [1], [0]])


# Classes


@given(st.lists(st.integers(-(2**31), 2**31), min_size=1, max_size=20))
def test_without_names_the_classes_are_the_sorted_labels_as_text(labels):
    data = SequenceDataset(np.zeros((len(labels), 2)), labels)
    assert [int(name) for name in data.class_names] == sorted(set(labels))
    assert [int(data.class_names[index]) for index in data.y] == labels


@given(st.lists(st.text(), min_size=1, max_size=20))
def test_text_labels_come_back_as_they_went_in(labels):
    data = SequenceDataset(np.zeros((len(labels), 2)), np.array(labels, dtype=object))
    assert list(data.class_names) == sorted(set(labels))
    assert [data.class_names[index] for index in data.y] == labels


@given(distinct_names, st.data())
def test_integers_within_the_names_are_indices(names, draw):
    indices = draw.draw(st.lists(st.integers(0, len(names) - 1), min_size=1))
    data = SequenceDataset(np.zeros((len(indices), 2)), torch.tensor(indices), names)
    assert data.y.tolist() == indices
    assert data.class_names == tuple(names)


@given(distinct_names, st.data())
def test_labels_that_are_names_are_matched_by_name(names, draw):
    labels = draw.draw(st.lists(st.sampled_from(names), min_size=1))
    data = SequenceDataset(np.zeros((len(labels), 2)), np.array(labels, dtype=object), names)
    assert [names[index] for index in data.y] == labels


@given(st.sets(st.integers(-100, -1), min_size=1, max_size=6), st.data())
def test_other_labels_are_matched_with_the_names_in_sorted_order(distinct, draw):
    labels = draw.draw(st.permutations(sorted(distinct)))
    names = [f"class {label}" for label in sorted(distinct)]
    data = SequenceDataset(np.zeros((len(labels), 2)), labels, names)
    assert [data.class_names[index] for index in data.y] == [f"class {n}" for n in labels]


def test_minus_one_and_one_take_the_first_and_the_second_name():
    data = SequenceDataset(noise(3), np.array([1.0, -1.0, 1.0]), ["normal", "abnormal"])
    assert data.y.tolist() == [1, 0, 1]


def test_a_class_may_have_no_member():
    data = SequenceDataset(noise(2), [2, 0], ["a", "b", "c"])
    assert data.n_classes == 3
    assert data.members(1).shape == (0, 1, 8)


@pytest.mark.parametrize(
    ("labels", "names"),
    [([0, 1, 2], ["a", "b"]), (["a", "b", "x"], ["a", "b"]), ([-1, -1, -1], ["a", "b"])],
)
def test_labels_that_do_not_fit_the_names_are_refused_with_the_way_out(labels, names):
    with pytest.raises(ValueError, match=r"labels .* do not fit the 2 class names a, b; give"):
        SequenceDataset(noise(3), labels, names)


@pytest.mark.parametrize("labels", [[0.0, np.nan], [b"a", b"b"], [None, None]])
def test_labels_of_another_kind_are_refused(labels):
    with pytest.raises(ValueError, match="y holds"):
        SequenceDataset(noise(2), labels)


@pytest.mark.parametrize("names", ["ab", [], [0, 1], ["a", "b", "a"]])
def test_class_names_are_distinct_strings(names):
    with pytest.raises(ValueError, match="class_names"):
        SequenceDataset(noise(2), [0, 1], names)


def test_members_are_the_sequences_of_one_class():
    data = SequenceDataset(noise(4), ["b", "a", "b", "a"])
    assert torch.equal(data.members(0), data.x[[1, 3]])
    with pytest.raises(ValueError, match="class index 2 is not allowed; give one from 0 to 1"):
        data.members(2)


# Metadata


def test_metadata_is_kept_as_plain_values():
    data = SequenceDataset(
        noise(2, channels=2),
        [0, 1],
        channel_names=["pressure", "voltage"],
        sample_rate=100,
        unit=["bar", "V"],
        scale=(np.array([1.0, 2.0]), torch.tensor([0.5, 4.0])),
    )
    assert data.channel_names == ("pressure", "voltage")
    assert data.sample_rate == 100.0
    assert data.unit == ("bar", "V")
    assert data.scale == ((1.0, 2.0), (0.5, 4.0))


def test_one_channel_takes_one_number_each_as_scale():
    assert SequenceDataset(noise(1), [0], scale=(3, 2)).scale == ((3.0,), (2.0,))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"channel_names": ["a"]}, "channel_names has 1 entries but x has 2"),
        ({"channel_names": ["a", "a"]}, "channel_names repeats a"),
        ({"unit": ["bar"]}, "unit has 1 entries"),
        ({"sample_rate": 0}, "sample_rate = 0 is not allowed"),
        ({"sample_rate": float("nan")}, "sample_rate = nan"),
        ({"scale": ([0, 0], [1, 0])}, "stds finite and above 0"),
        ({"scale": ([0, np.inf], [1, 1])}, "means must be finite"),
        ({"scale": ([0], [1])}, "2 number"),
        ({"scale": ([0, 0],)}, "not a pair"),
        ({"scale": 3}, "not a pair"),
    ],
)
def test_metadata_out_of_bounds_is_refused(metadata, message):
    with pytest.raises(ValueError, match=message):
        SequenceDataset(noise(2, channels=2), [0, 1], **metadata)


def test_the_repr_is_one_short_line():
    data = SequenceDataset(noise(3), [-1, 1, 1], ["normal", "abnormal"])
    assert repr(data) == "SequenceDataset(3 × 1 × 8, classes: normal (1), abnormal (2))"
    many = SequenceDataset(noise(60), range(60))
    assert "(60 in all)" in repr(many)
    assert len(repr(many)) < 150


# Archive files


def test_npz_files_are_read_from_the_root_or_from_a_directory_of_their_name(tmp_path):
    x = noise(4, channels=3).astype(np.float32)
    (tmp_path / "Toy").mkdir()
    np.savez(tmp_path / "Toy_TRAIN.npz", x=x, y=np.array([3, 1, 3, 1]))
    np.savez(tmp_path / "Toy" / "Toy_TEST.npz", x=x[:2], y=np.array([3, 1]))
    train = SequenceDataset.from_ucr("Toy", "Train", tmp_path)
    test = SequenceDataset.from_ucr("Toy", "TEST", str(tmp_path), class_names=["low", "high"])
    assert torch.equal(train.x, torch.as_tensor(x))
    assert train.class_names == ("1", "3")
    assert train.y.tolist() == [1, 0, 1, 0]
    assert test.class_names == ("low", "high")
    assert test.y.tolist() == [1, 0]


def test_tsv_files_have_the_label_first(tmp_path):
    (tmp_path / "Toy_TEST.tsv").write_text("1.0\t0.5\t0.25\n-1.0\t1.5\t2.5\n")
    data = SequenceDataset.from_ucr("Toy", "test", tmp_path)
    assert data.x.tolist() == [[[0.5, 0.25]], [[1.5, 2.5]]]
    assert data.class_names == ("-1", "1")
    assert data.y.tolist() == [1, 0]


def test_numbers_written_as_text_sort_as_numbers(tmp_path):
    np.savez(tmp_path / "Toy_TEST.npz", x=noise(3), y=np.array(["10", "9", "1"]))
    assert SequenceDataset.from_ucr("Toy", "test", tmp_path).class_names == ("1", "9", "10")


def test_labels_that_are_text_stay_text(tmp_path):
    np.savez(tmp_path / "Toy_TEST.npz", x=noise(2), y=np.array(["good", "bad"]))
    assert SequenceDataset.from_ucr("Toy", "test", tmp_path).class_names == ("bad", "good")


def test_a_missing_file_is_named_with_everything_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        SequenceDataset.from_ucr("Toy", "test", tmp_path)
    for name in ("Toy_TEST.npz", "Toy_TEST.tsv", "Toy_TEST.ts", str(Path("Toy") / "Toy_TEST.npz")):
        assert name in str(raised.value)


def test_another_split_is_refused(tmp_path):
    with pytest.raises(ValueError, match="split = 'validation' is not allowed; give \"train\" or"):
        SequenceDataset.from_ucr("Toy", "validation", tmp_path)


def test_an_npz_file_of_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "Toy_TEST.npz", images=noise(2))
    with pytest.raises(ValueError, match='holds the arrays images; it needs "x" and "y"'):
        SequenceDataset.from_ucr("Toy", "test", tmp_path)


def test_a_pickle_inside_a_file_is_never_loaded(tmp_path):
    np.savez(tmp_path / "Toy_TEST.npz", x=noise(2), y=np.array([0, None], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        SequenceDataset.from_ucr("Toy", "test", tmp_path)


@pytest.mark.parametrize("rooted", [True, False])
def test_without_aeon_the_remedy_is_named(monkeypatch, tmp_path, rooted):
    (tmp_path / "Toy_TEST.ts").write_text("@data\n")
    monkeypatch.setitem(sys.modules, "aeon.datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'seqdream_widget\[data\]'"):
        SequenceDataset.from_ucr("Toy", "test", tmp_path if rooted else None)


# Defined only where there is something to test: a test that does not apply is not collected.

if importlib.util.find_spec("aeon"):

    def test_ts_files_are_read_through_aeon(tmp_path):
        (tmp_path / "Toy_TEST.ts").write_text(
            "@problemName Toy\n@timeStamps false\n@univariate false\n@dimensions 2\n"
            "@equalLength true\n@seriesLength 3\n@classLabel true 2 10\n@data\n"
            "1,2,3:4,5,6:10\n7,8,9:0,1,2:2\n"
        )
        data = SequenceDataset.from_ucr("Toy", "test", tmp_path)
        assert data.x.tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [0, 1, 2]]]
        assert data.class_names == ("2", "10")
        assert data.y.tolist() == [1, 0]


if PRESENT:

    @pytest.mark.parametrize(("name", "split"), PRESENT)
    def test_the_archive_is_read_as_it_is(name, split):
        data = SequenceDataset.from_ucr(name, split, ARCHIVE)
        assert data.x.shape == SHAPES[name, split]
        with np.load(ARCHIVE / f"{name}_{split.upper()}.npz") as arrays:
            assert [int(data.class_names[index]) for index in data.y] == arrays["y"].tolist()
