"""Read and steer in a real notebook: what is drawn, and what Python holds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.bench import Bench, painted

MANY = """
import numpy as np
import torch
import seqdream_widget as sd
rng = np.random.default_rng(0)
names = [f"{i:02d} a rather long name of a state of the machine, bearing {i}, load {i % 4}" for i in range(60)]
y = np.repeat(np.arange(60), 4)
x = np.sin(2 * np.pi * np.arange(120) * (1 + y[:, None]) / 120) + 0.3 * rng.normal(size=(240, 120))
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(120, 60))
means = x.reshape(60, 4, 120).mean(1)
model[1].load_state_dict({"weight": torch.tensor(means / 10).float(), "bias": torch.zeros(60)})
data = sd.SequenceDataset(x.astype(np.float32), [names[i] for i in y])
"""
WIDGET = """
w = sd.SeqDream(model, sd.objectives.Logit(3), data=data, start=5)
w
"""


def judged(bench):
    """Wait until what the page says of the dream is what `sd.plausibility` says of it in Python, and return that."""
    bench.python.until(
        "(lambda told, now: told is not None and told[2].judged is not None and bool((told[0] == now).all()))"
        "(w._verdicts._last, w.sequence)"
    )
    said = bench.python(
        "(lambda p: [p.verdict, p.reason, list(p.failing), p.nearest.index])"
        "(sd.plausibility(demo.model, demo.data, w.sequence, w.session.objective.targets))"
    )
    expect(bench.root.locator(".seqdream-badge")).to_have_text(said[0])
    shown = bench.root.locator(".seqdream-failing")
    expect(shown).to_have_count(len(said[2]))
    assert {one.get_attribute("data-figure") for one in shown.all()} == set(said[2])
    return said


def test_a_person_reads_steers_scrubs_branches_and_returns(bench):
    python, root = bench.python, bench.root
    # The verdict stands before the first step; the nearest real sequence is Python's.
    _, reason, _, nearest = judged(bench)
    expect(root.locator(".seqdream-verdict-line")).to_have_attribute("title", reason)
    expect(root.get_by_role("button", name=re.compile(rf"nearest real \(no\. {nearest},"))).to_be_visible()
    push = root.locator(".seqdream-push canvas")
    assert painted(push, "up") == painted(push, "down") == 0

    # Step size mid-run.
    bench.play.click()
    bench.run(30)
    assert painted(push, "up") > 0
    assert painted(push, "down") > 0
    root.get_by_role("slider", name="Step size").fill("-2")
    python.until("abs(w.session.learning_rate - 0.01) < 1e-9")
    assert python("w.playing")
    bench.run(20)

    # Looking back pauses nothing, and shows that step's sequence.
    timeline = root.get_by_role("slider", name="Steps: look back")
    timeline.focus()
    moment = root.locator(".seqdream-moment")
    words = ""
    for _ in range(3):  # each from where the one before has led
        timeline.press("Shift+ArrowLeft")
        expect(moment.get_by_role("button", name="Branch here")).to_be_visible()
        expect(moment.locator("b")).not_to_have_text(words)
        words = moment.locator("b").inner_text()
    looked = int(re.sub(r"\D", "", words))
    assert python("w.playing")
    expect(timeline).to_have_attribute("aria-valuenow", str(looked))
    expect(root.get_by_role("button", name="now", exact=True)).to_be_visible()
    moment.get_by_role("button", name="Branch here").click()
    python.until(f"[one.step for one in w.snapshots] == [{looked}]")
    assert python("bool((w.snapshots[0].sequence == w.session.sequence_at(w.snapshots[0].step)).all())")
    timeline.focus()
    timeline.press("Enter")
    python.until(f"not w.playing and w.session.step_count == {looked}")
    assert python("bool((w.sequence == w.snapshots[0].sequence).all())")
    expect(moment).to_have_count(0)
    bench.agrees()
    judged(bench)

    # The ghost of an edit.
    before = python("w.sequence.sum().item()")
    bench.drag(5, by=60)
    python.until("not w.session.gestures and w.session.before_edit is not None")
    assert python("w.session.before_edit.sum().item()") == before
    expect(root.get_by_role("button", name="before edit")).to_be_visible()
    judged(bench)
    keep_compare_return_and_undo(bench)
    assert python("sd.replay(w.session.log, demo.model, data=demo.data).divergence is None")


def keep_compare_return_and_undo(bench):
    python, root = bench.python, bench.root
    root.focus()
    bench.page.keyboard.press("c")
    python.until("len(w.snapshots) == 2")
    kept = python("w.snapshots[1].sequence[0, 0].tolist()")
    bench.play.click()
    bench.run(30)
    left = bench.halt()
    card = root.locator(".seqdream-card").nth(1)
    expect(card).to_contain_text(re.compile("outside|rim|centered|border"))
    card.locator("button").first.click()
    expect(card).to_have_attribute("data-chosen", "true")
    expect(root.get_by_role("button", name=re.compile("^snapshot at step"))).to_be_visible()
    card.get_by_role("button", name="Return").click()
    python.until("w.session.step_count == w.snapshots[1].step")
    assert python("w.sequence[0, 0].tolist()") == kept
    bench.agrees()
    bench.button("Undo").click()
    python.until(f"w.session.step_count == {left}")
    assert python("[one.kind for one in w.snapshots]") == ["branch", "snapshot", "left"]
    expect(root.locator(".seqdream-card")).to_have_count(3)


@pytest.fixture
def many(lab, page):
    bench = Bench(lab, page, "many.ipynb", MANY, WIDGET)
    yield bench
    bench.close()
    assert page.errors == []


def test_one_of_sixty_classes_with_long_names_is_found_by_typing(many):
    bench, root = many, many.root
    box = root.get_by_role("combobox", name="Target class")
    expect(box).to_have_value(re.compile("^03 a rather long name"))
    box.click()
    expect(root.get_by_role("option")).to_have_count(60)
    first, last = (root.get_by_role("option").nth(at).bounding_box() for at in (0, 59))
    assert (first["x"], first["width"]) == (last["x"], last["width"]), "one below the other"
    box.press_sequentially("bearing 4 load 2")
    options = root.get_by_role("option")
    found = bench.python("[i for i in range(60) if all(t in names[i] for t in ('bearing', '4', 'load', '2'))]")
    expect(options).to_have_count(len(found))
    box.press("ArrowDown")
    box.press("Enter")
    bench.python.until(f"w.session.objective.targets == ({found[1]},)")
    expect(root.get_by_role("option")).to_have_count(0)
    expect(box).to_have_value(bench.python(f"names[{found[1]}]"))
    box.click()
    box.press("Escape")
    expect(root.get_by_role("listbox")).to_have_count(0)
    assert bench.python("w.session.objective.targets[0]") == found[1]

    root.get_by_role("button", name="border", exact=True).click()
    bench.python.until("len(w.session.objective.targets) == 2")
    second = root.get_by_role("combobox", name="Second class")
    second.click()
    second.press_sequentially("17 a rather")
    second.press("Enter")
    bench.python.until("17 in w.session.objective.targets")
    expect(second).to_have_value(re.compile("^17 a rather"))
    assert root.evaluate("root => root.scrollWidth <= root.clientWidth")
