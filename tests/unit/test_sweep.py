"""Many dreams at once are each what it would be alone."""

from __future__ import annotations

import dataclasses
import errno
import json

import numpy as np
import pandas as pd
import pytest
import torch

import seqdream_widget as sd
from seqdream_widget.objectives import ClassObjective
from seqdream_widget.parameters import described, parameters_of
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.scene import Scene
from seqdream_widget.sweeps import shelf, studio
from seqdream_widget.sweeps.grid import Grid

G, R = sd.objectives, sd.regularizers


@pytest.fixture(scope="module")
def demo():
    return sd.load_demo("shortcut")


BOTH = (G.Logit("plain"), G.Logit("triggered"))


def sweep(demo, objectives=BOTH, model=None, **settings):
    settings = {"data": demo.data, "steps": 6, "progress": False, "seeds": range(3), **settings}
    return sd.sweep(model or demo.model, objectives=objectives, **settings)


def everything(demo):
    """A grid that mixes all that may be mixed, and some that may not."""
    kept = [R.L2(0.05), R.SpectralPrior(0.01), R.Noise(0.1), R.GaussianBlur(1.0, every=2), R.NormalizeGradient()]
    other = [R.L2(0.01), R.SpectralPrior(0.02, target=1), R.Noise(0.2), R.GaussianBlur(2.0, every=2)]
    return {
        "objectives": [
            G.Logit("plain"),
            G.Logit(1),
            G.Margin(0) + 0.1 * G.Stay(demo.data.x[7]),
            G.Prototype(1),
            G.Channel("conv2", 3),
            sd.presets.centered(demo.data, "plain"),
            sd.presets.centered(demo.data, "triggered"),
        ],
        "regularizers": [kept, [*other, R.NormalizeGradient()], [R.Jitter(3), R.RandomReinitialization(every=2)], []],
        "starts": ["noise", 4, demo.data.x[5]],
        "seeds": [0, 3],
    }


# ---- what each dream is ----------------------------------------------------------------------------------------------


def alone(demo, model, grid, row, steps):
    names = ("objectives", "starts", "regularizers", "seeds")
    sizes = [len(grid[name]) for name in names]
    at = np.unravel_index(row, sizes)
    objective, start, regularizers, seed = (grid[name][index] for name, index in zip(names, at, strict=True))
    settings = {"start": start, "regularizers": regularizers, "seed": seed, "steps": steps}
    return sd.dream(model, objective, data=demo.data, progress=False, **settings)


@pytest.mark.parametrize(("dtype", "steps"), [(torch.float32, 1), (torch.float64, 12)])
def test_each_dream_is_what_it_is_alone(demo, dtype, steps):
    model = sd.load_demo("shortcut").model.to(dtype)
    grid = everything(demo)
    atlas = sweep(demo, model=model, steps=steps, **grid)
    assert len(atlas) == 7 * 3 * 4 * 2
    assert not atlas.table["failure"].any()
    for row in range(0, len(atlas), 5):
        result = alone(demo, model, grid, row, steps)
        assert np.abs(result.sequence[0].numpy() - atlas.sequences[row]).max() <= 1e-5, row
        assert atlas.table["target"][row] == " / ".join(
            demo.data.class_names[target] for target in result.session.objective.targets
        )
        assert atlas.table["verdict"][row] == result.plausibility.verdict
        figures = {name: figure.value for name, figure in result.plausibility.figures.items()}
        for name in ("probability", "embedding_distance", "roughness"):
            if result.session.objective.targets:
                assert atlas.table[name][row] == pytest.approx(figures[name], abs=1e-4)


def test_the_bits_of_a_dream_depend_neither_on_its_neighbours_nor_on_what_runs_beside_it(demo):
    grid = everything(demo)
    whole = sweep(demo, batch=32, workers=2, **grid)
    one_by_one = sweep(demo, batch=32, workers=1, **grid)
    pd.testing.assert_frame_equal(whole.table, one_by_one.table, check_exact=True)
    assert np.array_equal(whole.sequences, one_by_one.sequences)
    few = sweep(demo, batch=32, **{**grid, "objectives": [grid["objectives"][1]], "seeds": [3]})
    same = whole.table["objective"].eq("Logit(target=1)") & whole.table["seed"].eq(3)
    assert np.array_equal(few.sequences, whole.sequences[same])
    columns = [name for name in few.table if name != "verdict"]
    pd.testing.assert_frame_equal(
        few.table[columns], whole.table[same][columns].reset_index(drop=True), check_exact=True
    )


class Odd(torch.nn.Module):
    """Widths that are no multiples of anything, and functions that torch computes in pieces of up to 32 numbers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Conv1d(1, 5, 7, padding=3)
        self.features = torch.nn.Linear(5, 3)
        self.head = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.features(self.layer(x).sigmoid().mean(dim=2)).tanh())


def every_kind(target, share):
    """Return every regularizer there is, with a class and strength of its own."""
    made = [kind() for kind in Regularizer.types.values() if kind.__module__.startswith("seqdream_widget.")]
    for one in made:
        changed = {"target": target} if "target" in {field.name for field in dataclasses.fields(one)} else {}
        (slider,) = [parameter for parameter in parameters_of(type(one)) if parameter.name == one.slider] or [None]
        value = getattr(one, one.slider) if slider else None
        if value is not None and not slider.integer:
            changed[slider.name] = value * share
        yield dataclasses.replace(one, **changed)


def test_the_bits_of_a_dream_depend_neither_on_its_place_nor_on_what_other_dreams_of_its_batch_are_held_by():
    model, noise = Odd(), torch.randn(60, 1, 37, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        margins = model(noise).diff(dim=1)[:, 0]
        model.head.bias[0] += margins.median()
    data = sd.SequenceDataset(noise, (margins > margins.median()).long(), ["low", "high"])
    grid = {
        "objectives": [
            G.Margin(0) + 0.1 * G.Stay(noise[0]),
            G.Probability(1),
            sd.presets.centered(data, "low"),
            sd.presets.centered(data, "high"),
        ],
        "regularizers": [list(every_kind(0, 1.0)), list(every_kind(1, 0.7))],
    }
    common = {"data": data, "steps": 7, "batch": 32, "learning_rate": 0.05, "progress": False}
    whole = sd.sweep(model, seeds=range(8), **grid, **common)
    assert not whole.table["failure"].any()
    row = 0
    for objective in grid["objectives"]:
        for regularizers in grid["regularizers"]:
            alone = sd.sweep(
                model, objectives=[objective], regularizers=[regularizers], seeds=range(7, -1, -1), **common
            )
            assert np.array_equal(alone.sequences[::-1], whole.sequences[row : row + 8]), (objective, row)
            row += 8
    assert row == len(whole)
    for row in (5, 30, 63):
        assert np.array_equal(whole.again(row).sequence[0], whole.sequences[row])


@pytest.mark.parametrize("batch", [32, 64])
def test_a_dream_has_the_same_bits_at_every_place_of_its_batch(batch):
    """With batches of 24 or 31 this fails: the last numbers of a tensor get other last bits from ``sigmoid``."""

    class Saturating(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.weight = torch.nn.Parameter(torch.randn(37, 2))

        def forward(self, x):
            return (2 * x[:, 0]).sigmoid() @ self.weight

    settings = {"objectives": [G.Margin(0)], "steps": 30, "length": 37, "batch": batch, "progress": False}
    one, other = (sd.sweep(Saturating(), seeds=seeds, **settings) for seeds in (range(64), range(63, -1, -1)))
    assert np.array_equal(one.sequences, other.sequences[::-1])


def test_a_dream_dreamed_again_by_itself_comes_to_the_same_bits_and_its_log_replays(demo, tmp_path):
    atlas = sweep(demo, batch=32, **everything(demo))
    for row in range(1, len(atlas), 31):
        session = atlas.again(row)
        assert np.array_equal(session.sequence[0].numpy(), atlas.sequences[row]), row
        assert session.step_count == 6
    session.log.save(tmp_path / "dream.jsonl")
    replayed = sd.replay(tmp_path / "dream.jsonl", demo.model, data=demo.data)
    assert np.array_equal(replayed.sequence[0].numpy(), atlas.sequences[row])
    assert replayed.divergence is None


def test_one_goes_on_from_where_a_dream_has_ended(demo):
    atlas = sweep(demo, objectives=[sd.presets.centered(demo.data, 1)], regularizers=[[R.L2(0.5)]])
    session = atlas.session(2)
    assert np.array_equal(session.sequence[0].numpy(), atlas.sequences[2])
    assert [one.name for one in session.regularizers][-1] == "l2"
    before = float(session._dreamer.evaluate().values["score"][0])
    session.submit(sd.commands.Freeze(10, 20))
    session.run(40)
    assert session.history["score"][-1] > before
    assert np.array_equal(session.sequence[0, 0, 10:20].numpy(), atlas.sequences[2][0, 10:20])


# ---- few and large ---------------------------------------------------------------------------------------------------


def made(demo, objectives, regularizers=((),), starts=("noise",), *, seeds=range(2), batch=None, rate=None):
    probe_scene = sd.Session(demo.model, G.Logit(0), data=demo.data).scene
    scene = Scene(probe_scene.probe, probe_scene.classes, probe_scene.shape, probe_scene.reference)
    return Grid.of(objectives, starts, regularizers, seeds, scene, demo.data, rate, batch)


def test_dreams_that_differ_only_in_weights_targets_starts_and_seeds_share_one_batch(demo):
    settings = [[R.L2(w), R.SpectralPrior(w, target=c), R.GaussianBlur(every=5)] for w in (0.1, 0.2) for c in (0, 1)]
    grid = made(demo, [G.Logit(0), G.Logit(1)], settings, ["noise", 2])
    assert len(grid.dreams) == 32
    assert [len(batch) for batch in grid.batches()] == [32]
    presets = [sd.presets.centered(demo.data, name) for name in demo.data.class_names]
    assert len(made(demo, presets, rate=0.05, batch=32).batches()) == 1
    assert len(made(demo, presets, batch=32).batches()) == 2, (
        "their learning rates go by the amplitude of their classes"
    )


def test_other_kinds_of_regularizers_layers_or_rhythms_do_not(demo):
    settings = [[], [R.L2()], [R.L1()], [R.L2(), R.L1()], [R.GaussianBlur(every=2)], [R.GaussianBlur(every=3)]]
    assert len(made(demo, [G.Logit(0)], settings, batch=32).batches()) == 6
    assert len(made(demo, [G.Logit(0), G.Channel("conv1", 1), G.Channel("conv1", 2)], batch=32).batches()) == 2
    off = [[R.L2()], [R.L2(), R.L1(enabled=False)]]
    assert len(made(demo, [G.Logit(0)], off, batch=32).batches()) == 1


@pytest.mark.parametrize(("dreams", "batch"), [(1, 1), (12, 1), (20, 32), (64, 64), (65, 32), (512, 64), (130, 32)])
def test_batches_are_as_large_as_pays_and_little_is_filled_up(demo, dreams, batch):
    grid = made(demo, [G.Logit(0)], seeds=range(dreams))
    assert grid.batch == batch
    assert sorted(number for numbers in grid.batches() for number in numbers) == list(range(dreams))


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@described
class Fails(ClassObjective, abstract=True):
    """Raises for one class, or is not finite, or has a gradient that is not."""

    how: str = "raises"

    def score(self, activity):
        score = activity.logits[:, self.index]
        if self.index != 1:
            return score
        if self.how == "raises":
            raise ArithmeticError("no score for this class")
        return (
            score * torch.nan
            if self.how == "nan"
            else score + (-activity.logits.square()).sqrt().sum(dim=1).nan_to_num()
        )


@pytest.mark.parametrize("how", ["raises", "nan", "gradient"])
def test_a_dream_that_fails_is_a_row_with_its_reason_and_the_rest_is_as_it_would_be(demo, how):
    atlas = sweep(demo, [Fails(0, how), Fails(1, how)], seeds=range(5), batch=32)
    good = sweep(demo, [G.Logit(0), G.Logit(1)], seeds=range(5), batch=32)
    table = atlas.table
    assert list(table["failure"] == "") == [True] * 5 + [False] * 5
    assert np.array_equal(atlas.sequences[:5], good.sequences[:5])
    reason = {"raises": "ArithmeticError: no score for this class", "nan": "score is not finite at step 1"}
    assert table["failure"][7].find(reason.get(how, "the gradient of score is not finite at step 1")) >= 0
    assert (table["steps"][5:] == 0).all()
    assert table["verdict"][5:].isna().all()
    assert table["probability"][:5].between(0, 1).all()
    with pytest.raises(ValueError, match="dream 7 has no sequence" if how == "raises" else "no score|."):
        atlas.session(7) if how == "raises" else atlas.session(99)


def test_one_that_fails_among_others_of_its_recipe_is_found(demo):
    class Picky(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = demo.model

        def forward(self, x):
            if (x.abs().amax(dim=(1, 2)) > 5e3).any():
                raise OverflowError("the sensor saturates")
            return self.inner(x)

    wild = demo.data.x[3] * 1e5
    atlas = sweep(demo, [G.Logit(1)], Picky(), starts=["noise", wild, 2], seeds=range(4), batch=32)
    failed = atlas.table["failure"].str.contains("OverflowError: the sensor saturates")
    assert (failed == (atlas.table["start"] == "given 1")).all()
    assert np.isnan(atlas.sequences[failed]).all()
    assert np.isfinite(atlas.sequences[~failed]).all()


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"objectives": []}, ValueError, "objectives is empty"),
        ({"objectives": G.Logit(0)}, TypeError, "objectives = .* is no list"),
        ({"objectives": [3]}, TypeError, "3 is no objective"),
        ({"objectives": [G.Logit("palin")]}, ValueError, 'did you mean "plain"'),
        ({"objectives": [G.Logit(0) + G.Diversity()]}, ValueError, "do not know of each other"),
        ({"regularizers": [R.L2()]}, TypeError, "a list of settings"),
        ({"seeds": [-1]}, ValueError, "seed = -1"),
        ({"seeds": range(10**6)}, ValueError, "at most 1,000,000"),
        ({"starts": ["nosie"]}, ValueError, 'did you mean "noise"'),
        ({"starts": [torch.zeros(7)]}, sd.ShapeError, "samples does not agree"),
        ({"steps": -1}, ValueError, "steps = -1"),
        ({"batch": 0}, ValueError, "batch = 0"),
        ({"batch": 6}, ValueError, "batch = 6 is not allowed; give 1 or a multiple of 32"),
        ({"optimizer": "lbfgs", "batch": 32}, ValueError, "would mix the 32 dreams"),
        ({"sedes": [1]}, TypeError, 'did you mean "seeds"'),
        ({"client": "tcp://"}, TypeError, "is no distributed.Client"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_dreamed(demo, settings, error, said, monkeypatch):
    monkeypatch.setattr(studio.Studio, "dream", lambda *_: pytest.fail("it dreamed"))
    with pytest.raises(error, match=said):
        sweep(demo, **settings)


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_an_atlas_is_a_parquet_file_and_comes_back_as_it_was(demo, tmp_path):
    grid = everything(demo)
    atlas = sweep(demo, [*grid.pop("objectives"), Fails(1)], **grid)
    atlas.save(tmp_path / "atlas.parquet")
    name = f"{Fails.__module__}:Fails"
    again = sd.Atlas.load(tmp_path / "atlas.parquet", demo.model, demo.data, objects={name: Fails})
    pd.testing.assert_frame_equal(again.table, atlas.table, check_exact=True)
    assert np.array_equal(again.sequences, atlas.sequences, equal_nan=True)
    assert np.array_equal(again.seconds, atlas.seconds)
    for row in (0, 40, 100):
        assert np.array_equal(again.again(row).sequence, atlas.again(row).sequence)
    read = pd.read_parquet(tmp_path / "atlas.parquet")
    assert np.array_equal(np.stack(read["sequence"].to_numpy()), atlas.sequences[:, 0], equal_nan=True)
    with pytest.raises(ValueError, match="loaded without its model"):
        sd.Atlas.load(tmp_path / "atlas.parquet").session(0)
    (tmp_path / "no.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ValueError, match="is no atlas"):
        sd.Atlas.load(tmp_path / "no.parquet")


def test_without_data_nothing_is_judged(demo, tmp_path):
    atlas = sd.sweep(demo.model, objectives=[G.Logit(0)], length=200, steps=2, seeds=range(3), progress=False)
    assert atlas.table["verdict"].isna().all()
    assert atlas.table["nearest"].isna().all()
    assert list(atlas.table["target"]) == ["0"] * 3
    atlas.save(tmp_path / "a.parquet")
    again = sd.Atlas.load(tmp_path / "a.parquet", demo.model)
    pd.testing.assert_frame_equal(again.table, atlas.table)
    assert np.array_equal(again.again(1).sequence[0], atlas.sequences[1])


def test_a_sweep_goes_on_from_what_is_finished(demo, tmp_path, monkeypatch):
    settings = {"batch": 1, "directory": tmp_path / "s", "seeds": range(5)}
    calls = []
    dream = studio.Studio.dream

    def counted(self, grid, dreams, tick):
        calls.append(dreams)
        if len(calls) > 3 and not counted.all:
            raise KeyboardInterrupt
        return dream(self, grid, dreams, tick)

    counted.all = False
    monkeypatch.setattr(studio.Studio, "dream", counted)
    with pytest.raises(KeyboardInterrupt):
        sweep(demo, workers=1, **settings)
    kept = sorted(path.name for path in (tmp_path / "s").glob("batch-*"))
    assert kept == [f"batch-{number:06d}.safetensors" for number in range(3)]
    (tmp_path / "s" / kept[1]).write_bytes(b"torn")
    (tmp_path / "s" / ".batch-000009.safetensors.part").write_bytes(b"torn")
    counted.all = True
    calls.clear()
    with pytest.warns(UserWarning, match="dreamed again"):
        atlas = sweep(demo, **settings)
    assert sorted(calls) == [(1,), *((number,) for number in range(3, 10))]
    again = sweep(demo, **settings)
    assert len(calls) == 8
    fresh = sweep(demo, batch=1, seeds=range(5))
    for one in (atlas, again):
        pd.testing.assert_frame_equal(one.table, fresh.table, check_exact=True)
        assert np.array_equal(one.sequences, fresh.sequences)


def test_a_directory_of_another_sweep_is_refused_and_what_differs_is_named(demo, tmp_path):
    sweep(demo, directory=tmp_path / "s")
    for changed, said in (
        ({"steps": 7}, "its steps is 6 and now 7"),
        ({"seeds": range(2)}, "its dreams is 6 and now 4"),
        ({"regularizers": [[R.L2()]]}, "its regularizers is"),
        ({"model": demo.twin}, "its model is"),
        ({"batch": 32}, "its batch is 1 and now 32"),
    ):
        with pytest.raises(ValueError, match=said):
            sweep(demo, directory=tmp_path / "s", **changed)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "sweep.json").write_text("[]")
    with pytest.raises(ValueError, match="is not what says which sweep"):
        sweep(demo, directory=tmp_path / "t")


def test_what_raised_is_tried_again_and_what_was_not_finite_is_not(demo, tmp_path, monkeypatch):
    model = sd.load_demo("shortcut").model
    broken = True
    score = Fails.score
    monkeypatch.setattr(Fails, "score", lambda self, a: score(self, a) if broken else a.logits[:, self.index])
    settings = {"objectives": [Fails(0), Fails(1), Fails(1, "nan")], "directory": tmp_path / "s", "batch": 1}
    first = sweep(demo, model=model, **settings)
    assert list(first.table["failure"] == "") == [True] * 3 + [False] * 6
    broken = False
    second = sweep(demo, model=model, **settings)
    assert list(second.table["failure"] == "") == [True] * 6 + [False] * 3


def test_on_a_full_disk_the_sweep_goes_on_and_is_written_later(demo, tmp_path, monkeypatch):
    write, full = shelf.write_whole, []

    def writes(path, content):
        if path.name.startswith("batch") and len(full) < 2:
            full.append(path)
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(shelf, "write_whole", writes)
    with pytest.warns(UserWarning, match="No space left on device.*keeps what is finished in memory"):
        atlas = sweep(demo, batch=1, directory=tmp_path / "s")
    pd.testing.assert_frame_equal(atlas.table, sweep(demo, batch=1).table)
    assert len(list((tmp_path / "s").glob("batch-*"))) == 6
    assert json.loads((tmp_path / "s" / "sweep.json").read_text())["dreams"] == 6


def test_without_the_extra_the_error_says_how_to_get_it(demo, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "seqdream_widget\[sweep\]"'):
        sweep(demo)


@pytest.mark.parametrize(
    ("channels", "length", "batch"),
    [(1, 500, 64), (1, 1024, 64), (1, 2048, 32), (3, 600, 32), (3, 800, 1), (1, 100_000, 1)],
)
def test_a_batch_is_smaller_where_sequences_are_long(channels, length, batch):
    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(channels, 2))

        def forward(self, x):
            return x.mean(dim=2) @ self.weight

    atlas = sd.sweep(
        Pooled(),
        objectives=[G.Logit(0)],
        seeds=range(2 * batch),
        length=length,
        channels=channels,
        steps=0,
        progress=False,
    )
    assert set(atlas.table["batch"]) == {batch}
