"""Where an edit reaches Python, and what an interrupt and a restart do, in real kernels of three ipykernels.

`make test-kernels` runs this. What the table here says is what `docs/streaming.md` tells people.
"""

from __future__ import annotations

import re

import pytest

from tests.kernel.environments import ROOT, VERSIONS, python_with
from tests.kernel.frontend import FrontEnd, View

SETUP = """
import asyncio, threading, time
import ipykernel, torch
import seqdream_widget as sd
from seqdream_widget import widget as widget_module
demo = sd.load_demo("ecg5000")
def make(driver="auto"):
    return sd.SeqDream(demo.model, sd.objectives.Logit(0), data=demo.data, start=3, threads=1, driver=driver)
def same_bits(session):
    "Whether the session has the bits of one that was never interrupted."
    alone = sd.Session(demo.model, sd.objectives.Logit(0), data=demo.data, start=3)
    alone.run(session.step_count)
    return torch.equal(alone.sequence, session.sequence)
"""
# In whose messages an edit is seen while the cell or the run goes on: of the main shell, of a subshell.
SEEN = {
    "thread, the cell has returned": {"6.31": (True,), "7.3": (True, True), "7.4": (True, True)},
    "asyncio, the cell has returned": {"6.31": (True,), "7.3": (True, True), "7.4": (True, True)},
    "thread, another cell is busy": {"6.31": (False,), "7.3": (False, True), "7.4": (False, True)},
    "await session.arun() in a cell": {"6.31": (False,), "7.3": (False, True), "7.4": (True, True)},
    "session.run() in a cell": {"6.31": (False,), "7.3": (False, True), "7.4": (False, True)},
    "w.step() in a cell": {"6.31": (False,), "7.3": (False, True), "7.4": (False, True)},
}
CELLS = {
    "await session.arun() in a cell": "await w.session.arun(callback=goes_on)",
    "session.run() in a cell": "w.session.run(10**6, goes_on)",
    "w.step() in a cell": "w.observe(lambda change: goes_on(w.session) or w.pause(), 'step_count'); w.step(10_000)",
}


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def kernel(version):
    kernel = FrontEnd(python_with(version))
    kernel.run(SETUP)
    yield kernel
    kernel.close()


@pytest.fixture
def clean(kernel):
    """Leave no widget behind."""
    yield
    kernel.run("import ipywidgets; ipywidgets.Widget.close_all()")


def shells(kernel, version, case):
    """Go through the main shell and, where there are such, a subshell, each with whether an edit is seen."""
    for seen, is_main in zip(SEEN[case][version], (True, False), strict=False):
        yield (None if is_main else kernel.control("create_subshell_request")["subshell_id"]), seen


def view_of(kernel, subshell, name="w"):
    view = View(kernel, name, subshell)
    before = len(view.heard("snapshot"))
    view.send(kind="hello", protocol=1)
    kernel.until(lambda: len(view.heard("snapshot")) > before, "for the snapshot")
    return view


def edit(view, number):
    return view.command(type="edit", start=number, values=[2.5])


def test_it_is_that_ipykernel(kernel, version):
    assert kernel.ask("ipykernel.__version__").startswith(f"{version}.")
    assert kernel.ask("ipykernel.__file__").startswith(str(ROOT / ".kernels" / version))


@pytest.mark.parametrize("driver", ["thread", "asyncio"])
def test_an_edit_is_seen_while_it_plays_once_the_cell_has_returned(kernel, version, clean, driver):
    for subshell, seen in shells(kernel, version, f"{driver}, the cell has returned"):
        assert seen
        kernel.run(f"w = make('{driver}'); w.play()")
        view = view_of(kernel, subshell)
        kernel.until(lambda: len(view.heard("frame")) > 3)  # noqa: B023 - waited for here
        numbers = [edit(view, k) for k in range(20)]
        answers = [kernel.until(lambda: view.answer(number), "for an answer") for number in numbers]  # noqa: B023
        steps = [answer["step"] for answer in answers]
        assert steps == sorted(steps)
        frames = len(view.heard("frame"))
        kernel.until(lambda: len(view.heard("frame")) > frames + 3)  # noqa: B023 - the run goes on
        view.set(playing=False)
        kernel.until(lambda: not view.heard("settings")[-1]["settings"]["playing"])  # noqa: B023
        assert kernel.ask("w.session.step_count") > steps[-1] > steps[0] > 1
        events = "[e.command.start for e in w.session.timeline.events() if hasattr(e, 'command')]"
        assert kernel.ask(events) == list(range(20))
        view.set(playing=True)
        kernel.until(lambda: view.heard("settings")[-1]["settings"]["playing"])  # noqa: B023
        view.send(kind="pause")
        kernel.until(lambda: view.heard("settings")[-1]["settings"]["status"].startswith("paused"))  # noqa: B023
        kernel.run("w.close()")


@pytest.mark.parametrize("case", CELLS)
def test_a_cell_that_takes_the_steps_sees_an_edit_at_once_or_when_it_has_ended(kernel, version, clean, case):
    for subshell, seen in shells(kernel, version, case):
        kernel.run("w, stop = make('asyncio'), threading.Event()")
        # The cell goes on until an edit has come or, where none can, until the test says so by another way.
        kernel.run(
            "goes_on = lambda session: False if stop.is_set() or session.step_count > at_least and edited() else None\n"
            "edited = lambda: any(hasattr(e, 'command') for e in w.session.timeline.events())\n"
            f"at_least = {20 if seen else 300}"
        )
        if not seen:
            kernel.run("edited = lambda: True")
        view = view_of(kernel, subshell)
        cell = kernel.start(CELLS[case])
        kernel.until(lambda: kernel.is_busy_with(cell))  # noqa: B023 - waited for here
        numbers = [edit(view, k) for k in range(10)]
        answers = [kernel.until(lambda: view.answer(number), "for an answer") for number in numbers]  # noqa: B023
        kernel.finish(cell)
        steps = kernel.ask("w.session.step_count")
        where = [answer["step"] for answer in answers]
        if seen:
            assert where[0] <= steps
        else:
            assert where == [steps + 1] * 10
        assert kernel.ask("w.sequence[0, 0, 9].item()") == 2.5 or seen
        kernel.run("w.close()")


def test_while_another_cell_is_busy_a_run_on_a_thread_goes_on_and_hears_what_comes_by_a_subshell(
    kernel, version, clean
):
    for subshell, seen in shells(kernel, version, "thread, another cell is busy"):
        kernel.run("w = make('thread'); w.play()")
        view = view_of(kernel, subshell)
        busy = "applied = lambda: any(hasattr(e, 'command') for e in w.session.timeline.events())\n"
        if seen:
            busy += "while not applied(): time.sleep(0.01)"
        else:
            busy += (
                "at = w.session.step_count\nwhile w.session.step_count < at + 300: time.sleep(0.01)\nprint(applied())"
            )
        cell = kernel.start(busy)
        kernel.until(lambda: kernel.is_busy_with(cell))  # noqa: B023 - waited for here
        number = edit(view, 0)
        printed = kernel.finish(cell)
        assert printed == ("" if seen else "False\n")
        kernel.until(lambda: view.answer(number))  # noqa: B023 - waited for here
        kernel.run("w.close()")


def test_a_subshell_that_is_gone_takes_nothing_with_it(kernel, version, clean):
    if version == "6.31":
        pytest.skip("it has no subshells")
    kernel.run("w = make()")
    subshell = kernel.control("create_subshell_request")["subshell_id"]
    view_of(kernel, subshell)
    kernel.control("delete_subshell_request", subshell_id=subshell)
    view_of(kernel, kernel.control("create_subshell_request")["subshell_id"])


# ---- interrupt and restart ------------------------------------------------------------------------------------------


def interrupt_until(kernel, condition):
    """Press ■, as often as it takes: an idle kernel ignores it for about a twentieth of the time."""
    for _ in range(20):
        kernel.manager.interrupt_kernel()
        try:
            return kernel.until(condition, seconds=2)
        except AssertionError:
            continue
    raise AssertionError("never interrupted")


def test_an_interrupt_leaves_a_run_on_a_thread_alone(kernel, clean):
    kernel.run("w = make('thread'); w.play()")
    view = view_of(kernel, None)
    kernel.until(lambda: len(view.heard("frame")) > 3)
    kernel.manager.interrupt_kernel()
    cell = kernel.start("while True: pass")
    kernel.until(lambda: kernel.is_busy_with(cell))
    interrupt_until(kernel, lambda: cell in kernel.replies)
    assert kernel.replies[cell]["ename"] == "KeyboardInterrupt"
    steps = kernel.ask("w.session.step_count")
    kernel.until(lambda: view.heard("frame")[-1]["step"] > steps + 50)
    assert kernel.ask("w.playing")
    kernel.run("w.pause()")
    assert kernel.ask("same_bits(w.session)")


def test_an_interrupt_pauses_a_run_on_the_event_loop_at_a_whole_step_and_the_kernel_goes_on(kernel, clean):
    kernel.run("w = make('asyncio'); w.play()")
    view = view_of(kernel, None)
    for _ in range(3):
        frames = len(view.heard("frame"))
        kernel.until(lambda: len(view.heard("frame")) > frames + 3)  # noqa: B023 - waited for here
        interrupt_until(kernel, lambda: not view.heard("settings")[-1]["settings"]["playing"])
        steps = kernel.ask("w.session.step_count")
        assert kernel.ask("w.status") == f"paused at step {steps:,}: interrupted"
        kernel.run("w.play()")
    kernel.run("w.pause()")
    assert kernel.ask("same_bits(w.session)")


@pytest.mark.parametrize("code", ["w.session.run(10**6)", "w.step(10_000)"])
def test_an_interrupted_cell_that_takes_steps_returns_and_says_so(kernel, clean, code):
    kernel.run("w = make()")
    cell = kernel.start(f"{code}\nprint('went on')")
    kernel.until(lambda: kernel.is_busy_with(cell))
    interrupt_until(kernel, lambda: cell in kernel.replies)
    printed = kernel.finish(cell)
    steps = kernel.ask("w.session.step_count")
    assert "went on\n" in printed
    said = printed if "run" in code else kernel.ask("w.status")
    assert re.search(rf"interrupted after step {steps:,}|paused at step {steps:,}: interrupted", said)
    kernel.run("w.step(5)")
    assert kernel.ask("same_bits(w.session)")


def test_an_interrupted_cell_that_awaits_arun_is_cancelled_between_two_steps(kernel, clean):
    kernel.run("w = make()")
    cell = kernel.start("await w.session.arun()")
    kernel.until(lambda: kernel.is_busy_with(cell))
    interrupt_until(kernel, lambda: cell in kernel.replies)
    assert kernel.replies[cell]["status"] == "error"
    assert kernel.replies[cell]["ename"] in ("CancelledError", "KeyboardInterrupt")
    kernel.run("await w.session.arun(5)")
    assert kernel.ask("same_bits(w.session)")


@pytest.mark.parametrize("driver", ["thread", "asyncio"])
def test_a_cell_run_again_while_it_plays_makes_a_second_widget_and_the_first_waits_for_a_view(kernel, clean, driver):
    kernel.run(f"widget_module.PATIENCE = 1.0; first = w = make('{driver}'); w.play()")
    left = view_of(kernel, None)
    kernel.until(lambda: len(left.heard("frame")) > 3)
    kernel.run(f"w = make('{driver}'); w.play()")
    looked_at = view_of(kernel, None)
    reported = [0]

    def first_waits():
        frames = len(looked_at.heard("frame"))
        if frames > reported[0]:  # a page reports what it has painted, the page that was left does not
            reported[0] = frames
            looked_at.send(kind="receipt", number=looked_at.heard("frame")[-1]["number"])
        return "goes on when a view of it opens again" in left.heard("settings")[-1]["settings"]["status"]

    kernel.until(first_waits)
    assert kernel.ask("(first.playing, w.playing)") == (False, True)
    left.send(kind="hello", protocol=1)
    kernel.until(lambda: left.heard("settings")[-1]["settings"]["playing"])
    kernel.run("widget_module.PATIENCE = 10.0")


@pytest.mark.parametrize("driver", ["thread", "asyncio"])
def test_a_kernel_shut_down_while_it_plays_ends_by_itself_and_well(version, driver):
    kernel = FrontEnd(python_with(version))
    kernel.run(SETUP)
    kernel.run(f"w = make('{driver}'); w.play()")
    view = view_of(kernel, None)
    kernel.until(lambda: len(view.heard("frame")) > 3)
    assert kernel.shut_down() == 0


def test_a_kernel_restarted_while_it_plays_plays_again(version):
    kernel = FrontEnd(python_with(version))
    for _ in range(2):
        kernel.run(SETUP)
        kernel.run("w = make(); w.play()")
        view = view_of(kernel, None)
        kernel.until(lambda: len(view.heard("frame")) > 3)  # noqa: B023 - waited for here
        kernel.restart()
    kernel.close()
