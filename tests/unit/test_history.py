"""What a run has measured is exact up to a point, then thinned evenly, and never grows beyond its bounds."""

from __future__ import annotations

import contextlib
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqdream_widget import history as history_module
from seqdream_widget import protocol, record
from seqdream_widget.dreamer import Measurement
from seqdream_widget.history import EXACT, History, Trajectory
from tests.unit.test_commands import C, session

TERMS = ("l2", "noise", "blur")


def measured(step, terms=(), batch=1):
    values = {
        name: np.full(batch, step + place, np.float32) for place, name in enumerate(("score", *terms, "grad_norm"))
    }
    return Measurement(values, np.array([[step, -step]] * batch, np.float32), after=None, gradient=None)


@pytest.fixture
def small(monkeypatch):
    """Thin from 40 rows on, in stretches of 4."""
    monkeypatch.setattr(history_module, "EXACT", 40)
    monkeypatch.setattr(record, "ROWS", 4)


class Plain:
    """The same as a list: for each step the measurement."""

    def __init__(self, rows=()):
        self.rows = list(rows)

    def columns(self):
        return tuple(dict.fromkeys(("score", "grad_norm", *(name for row in self.rows for name in row.values))))

    def check(self, kept):
        assert kept["step"].tolist() == list(range(1, len(self.rows) + 1))
        assert kept.columns == self.columns()
        for name in self.columns():
            expected = [row.values[name][0] if name in row.values else np.nan for row in self.rows]
            np.testing.assert_array_equal(kept[name], expected)
        np.testing.assert_array_equal(
            kept["probabilities"], np.array([row.probabilities[0] for row in self.rows]).reshape(-1, 2)
        )
        assert kept.latest_score() == (self.rows[-1].values["score"][0] if self.rows else None)


OPERATIONS = st.lists(
    st.tuples(st.just("append"), st.sets(st.sampled_from(TERMS)), st.integers(1, 9))
    | st.tuples(st.just("upto"), st.floats(0, 1), st.integers(0, 5)),
    max_size=25,
)


@settings(max_examples=300)
@given(OPERATIONS)
def test_histories_that_share_a_past_are_each_what_a_list_of_their_own_would_be(operations):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(record, "ROWS", 4)
        lives = [(History(1, 2), Plain())]
        for name, given_, number in operations:
            kept, plain = lives[number % len(lives) if name == "upto" else -1]
            if name == "upto":
                step = round(given_ * len(plain.rows))
                lives.append((kept.upto(step), Plain(plain.rows[:step])))
            else:
                for _ in range(number):
                    row = measured(len(plain.rows) + 100 * len(lives), sorted(given_))
                    kept.append(row)
                    plain.rows.append(row)
        for kept, plain in lives:
            plain.check(kept)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 150), st.floats(0, 1)), max_size=5), st.integers(0, 150))
def test_beyond_the_exact_steps_it_is_thinned_evenly_and_a_return_in_between_works(runs, more):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(history_module, "EXACT", 40)
        patched.setattr(record, "ROWS", 4)
        kept, step, coarsest = History(1, 2), 0, {}
        for count, back in [*runs, (more, 1.0)]:
            for _ in range(count):
                step += 1
                kept.append(measured(step))
                coarsest[step] = 1
                stride = kept._record.stride(step)
                coarsest = {one: max(before, stride) for one, before in coarsest.items()}
            steps = kept["step"].astype(int)
            stride = kept._record.stride(step)
            assert stride == 1 if step <= 40 else 20 < step / stride <= 40
            assert set(steps) >= {one for one, most in coarsest.items() if one % most == 0}
            assert all(one % stride == 0 for one in steps[:-1])
            assert (np.diff(steps) > 0).all()
            assert kept["score"].tolist() == steps.tolist()
            assert kept["probabilities"][:, 1].tolist() == (-steps).tolist()
            if count and step:
                assert steps[-1] == kept.latest_score() == step
            step = round(back * step)
            kept = kept.upto(step)
            coarsest = {one: most for one, most in coarsest.items() if one <= step}


def kept_in(sequences):
    return sequences.between(0, 10**9, 10**9).steps.tolist()


def held(kept):
    stretches = kept._record._now[0]
    return sum(one.steps.nbytes + one.values.nbytes + 500 for one in stretches)


def test_a_million_steps_take_no_more_memory_than_the_exact_ones():
    kept, row, most = History(1, 2), measured(1, TERMS), 0
    for step in range(1, 1_000_001):
        kept.append(row)
        if step % 1000 == 0:
            most = max(most, held(kept))
        if step == EXACT:
            exact = held(kept)
    assert most < 1.2 * exact
    assert kept["step"].tolist() == list(range(16, 1_000_001, 16))
    assert len(kept["score"]) == 62_500


def test_a_hundred_thousand_steps_are_all_there():
    kept = History(2, 3)
    row = measured(1, batch=2)
    row.probabilities = np.zeros((2, 3), np.float32)
    for _ in range(EXACT):
        kept.append(row)
    assert kept["step"].tolist() == list(range(1, EXACT + 1))
    assert kept["score"].shape == (2, EXACT)
    assert kept["probabilities"].shape == (2, EXACT, 3)


def test_a_thousand_returns_in_a_long_run_cost_little_memory():
    kept, row = History(1, 2), measured(1, TERMS)
    sequences = Trajectory()
    for step in range(50_000):
        kept.append(row)
        sequences.append(step, np.zeros((1, 1, 64), np.float32))
    tracemalloc.start()
    returns = []
    for number in range(1000):
        back = kept.upto(49_000 - number), sequences.upto(49_000 - number)
        back[0].append(row)
        back[1].append(50_000, np.zeros((1, 1, 64), np.float32))
        returns.append(back)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 100 * 2**20
    assert len(returns[-1][0]["score"]) == 48_002


def test_the_latest_steps_have_all_their_rows_in_a_frame_also_where_the_run_is_thinned(small, monkeypatch):
    s = session()
    s.run(500)
    header, arrays = protocol.frame(s, after=497, steps_per_second=1.0)
    assert arrays["steps"].tolist() == [498, 499, 500]
    assert np.isfinite(arrays["scalars"]).all()
    assert header["sequence_steps"] == [498, 499, 500]
    assert s.history["step"].tolist() == [*range(16, 500, 16), 500]
    _, arrays = protocol.snapshot(s, {}, 1.0)
    assert arrays["steps"][-1] == 500
    assert len(arrays["steps"]) < 60
    monkeypatch.setattr(protocol, "FRAME_ROWS", 10)
    _, arrays = protocol.frame(s, after=0, steps_per_second=1.0)
    assert len(arrays["steps"]) <= 10
    assert arrays["steps"][-1] == 500


@pytest.mark.parametrize("step", [1, 8, 101, 150, 151, 299])
def test_a_session_goes_back_to_a_step_whose_row_was_thinned_out_and_has_it_again(small, step):
    s, scores = session(), []
    s.run(150, lambda session: scores.append(session.history.latest_score()))
    s.submit(C.Edit(3, [1.0]))
    s.run(150, lambda session: scores.append(session.history.latest_score()))
    sequence = s.sequence_at(step)
    s.restore(step)
    assert (s.sequence == sequence).all()
    assert s.history["step"].tolist() == [*range(8, step, 8), step]
    assert s.history["score"].tolist() == [scores[at - 1] for at in (*range(8, step, 8), step)]
    s.undo()
    assert s.history["step"].tolist() == [*range(8, 300, 8), 300]
    assert s.history.latest_score() == scores[-1]


def test_after_a_return_in_a_thinned_run_the_rows_go_on(small):
    s = session()
    s.run(300)
    s.restore(101)
    s.run(20)
    assert s.history["step"].tolist() == [*range(8, 101, 8), *range(104, 121, 4), 121]
    assert s.history.latest_score() == s.history["score"][-1]


def test_a_reader_on_another_thread_always_finds_a_whole_one(small):
    kept, sequences = History(1, 2), Trajectory(budget=4000)
    wrong, over = [], threading.Event()

    def read():
        while not over.is_set():
            probabilities, steps = kept["probabilities"], kept["step"]
            rows = kept.rows(1, 10**9, ("score",), 10**9)
            if not np.array_equal(probabilities[:, 0], -probabilities[:, 1]) or (np.diff(steps) <= 0).any():
                wrong.append("history")
            if not np.array_equal(rows.scalars[:, 0], rows.steps):
                wrong.append("rows")
            for step in kept_in(sequences):
                with contextlib.suppress(LookupError):  # thinned out meanwhile
                    if sequences.at(step)[0, 0, 0] != step:
                        wrong.append("sequences")

    thread = threading.Thread(target=read)
    thread.start()
    for step in range(1, 20_000):
        kept.append(measured(step))
        sequences.append(step, np.full((1, 1, 3), step, np.float32))
    over.set()
    thread.join()
    assert not wrong


@pytest.mark.parametrize("length", [2, 500])
def test_the_sequences_of_a_run_stay_within_their_budget_however_small_each_is(length):
    budget = 2**20
    sequences = Trajectory(budget)
    tracemalloc.start()
    for step in range(200_000):
        sequences.append(step, np.full((1, 1, length), step, np.float32))
    grown, peak = tracemalloc.get_traced_memory()
    back = [sequences.upto(step) for step in range(100_000, 200_000, 1000)]
    returned, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert budget / 4 < grown < peak < 1.25 * budget
    assert returned - grown < budget / 4
    assert [one.at(0)[0, 0, 0] for one in back] == [0] * len(back)


def test_of_the_sequences_the_latest_are_all_there_and_of_the_others_every_so_manieth():
    sequences = Trajectory(budget=100_000)
    for step in range(10_000):
        sequences.append(step, np.full((1, 1, 500), step, np.float32))
    kept = kept_in(sequences)
    assert kept[-1] == 9999
    assert set(np.diff(kept)) == {1, 256}
    assert all(sequences.at(step)[0, 0, -1] == step for step in kept)
    with pytest.raises(
        LookupError, match="no sequence for step 9; there are steps 0 to 9999, of the older ones every 256th"
    ):
        sequences.at(9)
    for nothing in (-1, 10_000, 10**30, "3", None):
        with pytest.raises(LookupError, match="there are steps 0 to 9999"):
            sequences.at(nothing)
    back = sequences.upto(700)
    back.append(701, np.full((1, 1, 500), -1, np.float32))
    assert kept_in(back)[-1] == 701
    assert len(sequences.between(690, 710, 99)) == 0
    assert len(sequences.between(0, 10_000, 0)) == 0
    few = sequences.between(0, 10_000, 7)
    assert 4 <= len(few) <= 7
    assert few.values[:, 0, 0, 0].tolist() == few.steps.tolist()
    assert set(np.diff([kept.index(step) for step in few.steps])) == {-(-len(kept) // 7)}
