"""The whole path, on real data: what the user sees, and what Python holds."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.bench import IMPORTS, Bench
from tests.browser.hand import take


def test_play_is_seen_to_dream_and_pause_stops_it(bench):
    before = bench.picture()
    bench.play.click()
    bench.run(100)
    expect(bench.root.locator(".seqdream-step")).not_to_have_text(re.compile(r"\b0\b"))
    assert bench.picture() != before
    bench.halt()
    expect(bench.play).to_be_visible()
    assert bench.python("[t.name for t in threading.enumerate() if t.name == 'seqdream']") == []


def test_step_and_reset(bench):
    start = bench.python("w.sequence.tolist()")
    bench.root.get_by_role("button", name="Step", exact=True).click()
    expect(bench.root).to_have_attribute("data-painted-step", "1")
    assert bench.python("w.sequence.tolist()") != start
    bench.root.get_by_role("button", name="Reset", exact=True).click()
    expect(bench.root).to_have_attribute("data-painted-step", "0")
    assert bench.python("w.sequence.tolist()") == start


def test_a_control_point_dragged_while_it_runs_holds_its_value_at_the_acknowledged_step(bench):
    record = """
if not hasattr(w, 'acks'):
    w.acks, _send = [], w.send
    def _recording(message, buffers=None):
        if message['kind'] == 'acknowledgement':
            w.acks.append(message['step'])
        return _send(message, buffers)
    w.send = _recording
    w.moves, _apply = [], w.session.apply
    def _noting(command):
        step = _apply(command)
        w.moves.append((type(command).__name__, getattr(command, 'index', -1), getattr(command, 'value', 0.0), step))
        return step
    w.session.apply = _noting
"""
    bench.python("1", setup=record)
    bench.play.click()
    bench.run(50)
    handle = bench.handle(5)
    index = int(handle.get_attribute("data-index"))
    x, y = bench.middle(handle)
    bench.page.mouse.move(x, y)
    bench.page.mouse.down()
    for k in range(12):
        bench.page.mouse.move(x, y - 5 * k)
        time.sleep(0.03)
    is_held = f"abs(float(w.sequence[0, 0, {index}]) - w.moves[-1][2]) < 1e-6"
    bench.python.until(is_held)  # on a slow machine the last moves are still on their way
    bench.run(20)
    assert bench.python(is_held)
    bench.page.mouse.up()
    bench.python.until("w.moves[-1][0] == 'Release'")
    bench.run(20)
    bench.halt()
    moves = [move for move in bench.python("w.moves") if move[0] == "MovePoint"]
    assert len(moves) > 3
    assert {move[1] for move in moves} == {index}
    last_of_step = {step: value for _, _, value, step in moves}
    for step, value in last_of_step.items():
        held = bench.python(f"float(w.session.sequence_at({step})[0, 0, {index}])")
        assert held == pytest.approx(value, abs=1e-6)
    assert set(last_of_step) <= set(bench.python("w.acks"))
    assert abs(moves[-1][2] - bench.python(f"float(w.session.sequence_at({moves[0][3] - 1})[0, 0, {index}])")) > 0.2
    released = bench.python("w.moves[-1][3]")
    assert bench.python(f"float(w.session.sequence_at({released + 1})[0, 0, {index}])") != moves[-1][2]


def test_a_brushed_segment_is_frozen_to_the_bit_while_others_move_and_can_be_unfrozen(bench):
    bench.play.click()
    bench.run(20)
    take(bench, "Freeze")
    bench.brush(0.3, 0.45)
    bench.python.until("len(w.session.frozen) == 1")
    start, stop, channel, dream = bench.python("w.session.frozen[0]")
    assert (channel, dream) == (None, 0)
    assert start == pytest.approx(150, abs=5)
    assert stop == pytest.approx(225, abs=5)
    lock = bench.root.get_by_role("button", name=f"Unfreeze samples {start} to {stop - 1}")
    expect(lock).to_be_visible()
    first = bench.python("w.session.step_count")
    bench.run(150)
    same = f"(w.session.sequence_at({first}) == w.session.sequence_at({first} + 100))[0, 0]"
    assert bench.python(f"bool({same}[{start}:{stop}].all())")
    assert not bench.python(f"bool({same}[:{start}].any())")
    lock.click()
    bench.python.until("w.session.frozen == []")
    expect(lock).to_have_count(0)


def test_total_variation_switched_on_mid_run_shows_its_value_and_brings_it_down(bench):
    bench.play.click()
    bench.run(100)
    value = bench.root.locator(".seqdream-term-value[data-name='total_variation']")
    expect(value).to_have_count(0)
    bench.add("penalty", "Total variation")
    expect(bench.root.get_by_role("switch", name="Total variation")).to_be_focused()
    bench.root.get_by_role("slider", name="Total variation weight").fill("0.75")
    expect(value).to_have_text(re.compile(r"\d"))
    bench.run(200)
    bench.halt()
    term = bench.python("[v for v in w.session.history['total_variation'].tolist() if v == v]")
    bench.python.until("[r.weight for r in w.session.regularizers if r.name == 'total_variation'] != [1e-2]")
    weight = bench.python("[r.weight for r in w.session.regularizers if r.name == 'total_variation'][0]")
    assert weight != 1e-2
    assert len(term) >= 200
    assert term[-1] < 0.8 * max(term)
    assert float(value.inner_text().replace(",", "")) == pytest.approx(term[-1], rel=0.02)


def test_a_new_target_takes_effect(bench):
    bench.play.click()
    bench.run(60)
    bench.choose("Target class", "normal")
    bench.python.until("w.session.objective == sd.objectives.Logit(0)")
    bench.run(150)
    assert bench.python("w.session.history['probabilities'][-1].tolist()")[0] > 0.9
    bench.root.get_by_role("radio", name="margin").click()
    bench.python.until("w.session.objective == sd.objectives.Margin(0)")


def test_a_preset_pressed_mid_run_brings_its_objective_and_what_keeps_it_plausible_and_the_dream_goes_on(bench):
    bench.python("w.session.submit(sd.commands.SetLearningRate(0.02))")
    bench.play.click()
    bench.run(60)
    centered = bench.root.get_by_role("button", name="centered", exact=True)
    expect(centered).to_have_attribute("aria-pressed", "false")
    bench.choose("Target class", "normal")
    centered.click()
    expect(centered).to_have_attribute("aria-pressed", "true")
    # The first preset has the network look at all real sequences, while it dreams.
    expect(bench.root.get_by_role("radio", name="prototype")).to_be_checked(timeout=30_000)
    for label in ("Spectral prior", "Roughness", "Data envelope", "Standardize"):
        expect(bench.root.get_by_role("switch", name=label)).to_be_checked()
    expect(bench.root.locator(".seqdream-status")).to_contain_text("dreaming: centre of normal, kept plausible by")
    bench.python.until("w.session.objective == sd.objectives.Prototype(0)")
    assert bench.python("w.session.learning_rate") == 0.05
    kept = ["l2", "spectral_prior", "roughness", "data_envelope", "standardize"]
    assert bench.python("[r.name for r in w.session.regularizers if r.enabled]") == kept
    bench.run(60)
    steps = bench.halt()
    assert bench.python("len(w.session.history['score'])") == steps
    assert bench.python("bool(np.isfinite(w.session.history['score']).all())")
    value = bench.root.locator(".seqdream-term-value[data-name='spectral_prior']")
    expect(value).to_have_text(re.compile(r"\d"))
    bench.root.get_by_role("button", name="extreme", exact=True).click()
    bench.python.until("w.session.objective == sd.objectives.Logit(0)")
    expect(bench.root.get_by_role("switch", name="Roughness")).not_to_be_checked()
    expect(bench.root.locator(".seqdream-status")).to_contain_text("extreme of normal")


def test_a_reloaded_page_shows_the_same_sequence_step_and_settings(bench):
    bench.play.click()
    bench.run(50)
    bench.add("projection", "Gaussian blur")
    bench.python("w.session.submit(sd.commands.Freeze(40, 90))")
    bench.run(20)
    steps = bench.halt()
    before = bench.agrees()
    bench.save()
    bench.lab.open(bench.page, bench.name)
    expect(bench.root).to_have_attribute("data-painted-step", str(steps), timeout=60_000)
    expect(bench.root.get_by_role("switch", name="Gaussian blur")).to_be_checked()
    expect(bench.root.get_by_role("button", name="Unfreeze samples 40 to 89")).to_be_visible()
    bench.counts(steps)
    assert bench.agrees() == before
    bench.play.click()
    bench.run(20)


def test_a_run_goes_on_through_a_reload(bench):
    bench.save()
    bench.play.click()
    bench.run(30)
    bench.add("projection", "Gaussian blur")
    bench.python.until("any(r.name == 'gaussian_blur' for r in w.session.regularizers)")
    before = bench.drawn_step
    bench.lab.open(bench.page, bench.name)
    expect(bench.pause).to_be_visible(timeout=60_000)
    bench.page.wait_for_selector(".seqdream[data-painted-step]")
    assert bench.drawn_step >= before
    expect(bench.root.get_by_role("switch", name="Gaussian blur")).to_be_checked()
    expect(bench.button("Undo")).to_have_attribute("title", "Undo: change of gaussian blur (Ctrl/Cmd+Z)")
    bench.run(30)
    assert bench.python("w.session.run_id") == 1


def test_a_run_whose_page_is_closed_waits_leaves_no_thread_and_goes_on_when_it_is_opened_again(bench):
    bench.save()
    bench.play.click()
    bench.run(30)
    before = bench.drawn_step
    bench.page.goto("about:blank")
    bench.python.until("not [t for t in threading.enumerate() if t.name == 'seqdream']", seconds=40)
    assert "goes on when a view of it opens again" in bench.python("w.status")
    waits_at = bench.python("w.session.step_count")
    assert waits_at >= before
    bench.lab.open(bench.page, bench.name)
    expect(bench.pause).to_be_visible(timeout=60_000)
    bench.page.wait_for_selector(".seqdream[data-painted-step]")
    assert bench.drawn_step >= waits_at
    bench.run(10)
    steps = bench.halt()
    assert bench.python("w.session.history['step'].tolist()") == list(range(1, steps + 1))
    bench.agrees()


def test_a_refused_command_is_said_in_words_and_the_widget_goes_on(bench):
    bench.python("w.session.submit(sd.commands.Freeze(0, 500))")
    before = bench.python("w.sequence.tolist()")
    bad = "w._handle_custom_msg({'kind': 'command', 'id': None, 'command': {'type': 'freeze', 'start': 3}}, [])"
    bench.python(bad)
    expect(bench.root).to_contain_text("id = None is not allowed")
    assert bench.python("w.sequence.tolist()") == before
    bench.python("w.session.submit(sd.commands.Unfreeze(0, 500))")
    bench.play.click()
    bench.run(10)


def test_a_model_that_raises_is_reported_in_the_widget(lab, page):
    failing = """
import torch
class Failing(torch.nn.Module):
    calls = 0
    def forward(self, x):
        Failing.calls += 1
        if Failing.calls > 100:
            raise RuntimeError("<b>sensor unplugged</b>")
        return torch.cat([x.sum(dim=2), -x.sum(dim=2)], dim=1)
w = sd.SeqDream(Failing(), sd.objectives.Logit(0), length=50)
w
"""
    bench = Bench(lab, page, "failing.ipynb", IMPORTS, failing)
    bench.play.click()
    alert = bench.root.get_by_role("alert")
    expect(alert).to_contain_text("the model raised RuntimeError: <b>sensor unplugged</b>")
    expect(bench.play).to_be_visible()
    bench.python("setattr(Failing, 'calls', -1000)")
    bench.play.click()
    bench.run(10)
    bench.close()
