"""Where an edit reaches Python, and what an interrupt and a restart do, in real kernels of three ipykernels.

`make test-kernels` runs this. What `SEEN` says is what `docs/streaming.md` tells people.
"""

from __future__ import annotations

import pytest

from tests.kernel.environments import ROOT, VERSIONS, python_with
from tests.kernel.frontend import SETUP, FrontEnd, View

# Whether an edit is seen while the steps are taken: sent to the main shell and, where there are any, to a subshell.
SEEN = {
    "thread, the cell has returned": {"6.31": (True,), "7.3": (True, True), "7.4": (True, True)},
    "asyncio, the cell has returned": {"6.31": (True,), "7.3": (True, True), "7.4": (True, True)},
    "thread, another cell is busy": {"6.31": (False,), "7.3": (False, True), "7.4": (False, True)},
    "await session.arun() in a cell": {"6.31": (False,), "7.3": (False, True), "7.4": (True, True)},
    "session.run() in a cell": {"6.31": (False,), "7.3": (False, True), "7.4": (False, True)},
    "w.step() in a cell": {"6.31": (False,), "7.3": (False, True), "7.4": (False, True)},
}
# Each takes steps until an edit has come or, where none can, for a while.
CELLS = {
    "thread, another cell is busy": "w.play()\nwhile goes_on(w.session) is None: time.sleep(0.01)",
    "await session.arun() in a cell": "await w.session.arun(callback=goes_on)",
    "session.run() in a cell": "w.session.run(10**6, goes_on)",
    "w.step() in a cell": """
w.observe(lambda change: w.pause() if goes_on(w.session) is False else None, "step_count")
w.step(10_000)
""",
}
DRIVERS = pytest.mark.parametrize("driver", ["thread", "asyncio"])


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
    """Go through the main shell and a subshell, where there are such, each with whether an edit is seen."""
    for seen, is_main in zip(SEEN[case][version], (True, False), strict=False):
        yield (None if is_main else kernel.control("create_subshell_request")["subshell_id"]), seen


def test_it_is_that_ipykernel(kernel, version):
    assert kernel.ask("ipykernel.__version__").startswith(f"{version}.")
    assert kernel.ask("ipykernel.__file__").startswith(str(ROOT / ".kernels" / version))


@DRIVERS
def test_once_the_cell_has_returned_an_edit_is_seen_while_it_plays(kernel, version, clean, driver):
    for subshell, seen in shells(kernel, version, f"{driver}, the cell has returned"):
        assert seen
        kernel.run(f"w = make('{driver}'); w.play()")
        view = View(kernel, "w", subshell)
        view.see()
        steps = view.answers([view.edit(k) for k in range(20)])
        assert steps == sorted(steps)
        view.see()  # the run goes on
        view.set(playing=False)
        kernel.until(lambda: not view.settings["playing"])  # noqa: B023 - waited for here
        assert kernel.ask("w.session.step_count") > steps[-1] >= steps[0] > 1
        starts = "[event.command.start for event in w.session.timeline.events() if hasattr(event, 'command')]"
        assert kernel.ask(starts) == list(range(20))
        view.set(playing=True)
        kernel.until(lambda: view.settings["playing"])  # noqa: B023 - waited for here
        view.send(kind="pause")
        kernel.until(lambda: view.settings["status"].startswith("paused"))  # noqa: B023 - waited for here
        kernel.run("w.close()")


@pytest.mark.parametrize("case", CELLS)
def test_an_edit_is_seen_while_a_cell_is_busy_or_when_it_has_ended_and_none_is_lost(kernel, version, clean, case):
    for subshell, seen in shells(kernel, version, case):
        enough = "edited(w)" if seen else "session.step_count >= 300"
        kernel.run(f"w = make('thread')\ndef goes_on(session): return False if {enough} else None")
        view = View(kernel, "w", subshell)
        cell = kernel.begun(kernel.start(f"{CELLS[case]}\nat_the_end = w.session.step_count, edited(w)"))
        steps = view.answers([view.edit(k) for k in range(10)])
        kernel.finish(cell)
        at_the_end, was_edited = kernel.ask("at_the_end")
        assert was_edited == seen
        assert steps == sorted(steps)
        assert (steps[0] <= at_the_end + 1) if seen else (steps[0] > at_the_end)
        starts = "[event.command.start for event in w.session.timeline.events() if hasattr(event, 'command')]"
        assert kernel.ask(starts) == list(range(10))
        kernel.run("w.close()")


@pytest.mark.parametrize("version", VERSIONS[1:], indirect=True)  # 6.31 has no subshells
def test_a_subshell_that_is_gone_takes_nothing_with_it(kernel, version, clean):
    kernel.run("w = make()")
    subshell = kernel.control("create_subshell_request")["subshell_id"]
    View(kernel, "w", subshell)
    kernel.control("delete_subshell_request", subshell_id=subshell)
    view = View(kernel, "w", kernel.control("create_subshell_request")["subshell_id"])
    assert view.answers([view.edit(0)]) == [1]


def test_several_widgets_play_at_once(kernel, clean):
    kernel.run("all_of_them = [make(driver) for driver in ('thread', 'asyncio', 'thread', 'asyncio')]")
    kernel.run("for w in all_of_them: w.play()")
    views = [View(kernel, f"all_of_them[{k}]") for k in range(4)]
    for view in views:
        view.see()
    assert min(steps for view in views for steps in view.answers([view.edit(0)])) > 1
    kernel.run("for w in all_of_them: w.pause()")
    assert kernel.ask("[w.error for w in all_of_them]") == [""] * 4


@DRIVERS
def test_a_cell_run_again_while_it_plays_makes_a_second_widget_and_the_first_waits_for_a_view(kernel, clean, driver):
    kernel.run(f"pages.PATIENCE = 1.0; first = w = make('{driver}'); w.play()")
    left = View(kernel, "first")
    left.see()
    kernel.run(f"w = make('{driver}'); w.play()")
    looked_at = View(kernel, "w")
    reported = [0]

    def first_waits():
        frames = looked_at.heard("frame")
        if len(frames) > reported[0]:  # a page reports what it has painted, the page that was left does not
            reported[0] = len(frames)
            looked_at.send(kind="receipt", number=frames[-1]["number"])
        return "goes on when a view of it opens again" in left.settings["status"]

    kernel.until(first_waits)
    assert kernel.ask("(first.playing, w.playing)") == (False, True)
    left.send(kind="hello", protocol=1)
    kernel.until(lambda: left.settings["playing"])
    kernel.run("pages.PATIENCE = 10.0")


# ---- interrupt and restart -------------------------------------------------------------------------------------------


def interrupt_until(kernel, condition):
    """Press ■, as often as it takes: an idle kernel ignores it between two slices of a run."""
    for _ in range(20):
        kernel.manager.interrupt_kernel()
        try:
            return kernel.until(condition, seconds=2)
        except AssertionError:
            continue
    raise AssertionError("never interrupted")


def test_an_interrupt_stops_a_busy_cell_and_leaves_a_run_on_a_thread_alone(kernel, clean):
    kernel.run("w = make('thread'); w.play()")
    view = View(kernel, "w")
    view.see()
    kernel.manager.interrupt_kernel()
    cell = kernel.begun(kernel.start("while True: pass"))
    interrupt_until(kernel, lambda: cell in kernel.replies)
    assert kernel.replies[cell]["ename"] == "KeyboardInterrupt"
    view.see()
    assert kernel.ask("w.playing")
    kernel.run("w.pause()")
    assert kernel.ask("same_bits(w.session)")


def test_an_interrupt_pauses_a_run_on_the_event_loop_at_a_whole_step_and_the_kernel_goes_on(kernel, clean):
    kernel.run("w = make('asyncio')")
    view = View(kernel, "w")
    for _ in range(3):
        kernel.run("w.play()")
        view.see()
        interrupt_until(kernel, lambda: not view.settings["playing"])
        assert kernel.ask("w.status == f'paused at step {w.session.step_count:,}: interrupted'")
    assert kernel.ask("same_bits(w.session)")


@pytest.mark.parametrize("code", ["w.session.run(10**6)", "w.step(10_000)"])
def test_an_interrupted_cell_that_takes_steps_returns_and_says_so(kernel, clean, code):
    kernel.run("w = make()")
    cell = kernel.begun(kernel.start(f"{code}\nprint('went on')"))
    interrupt_until(kernel, lambda: cell in kernel.replies)
    printed = kernel.finish(cell)
    steps = kernel.ask("w.session.step_count")
    assert "went on" in printed
    if "run" in code:
        assert f"UserWarning: interrupted after step {steps:,}; everything up to there is kept" in printed
    else:
        assert kernel.ask("w.status") == f"paused at step {steps:,}: interrupted"
    kernel.run("w.step(5)")
    assert kernel.ask("same_bits(w.session)")


def test_an_interrupted_cell_that_awaits_arun_is_cancelled_between_two_steps(kernel, clean):
    kernel.run("w = make()")
    cell = kernel.begun(kernel.start("await w.session.arun()"))
    interrupt_until(kernel, lambda: cell in kernel.replies)
    assert kernel.replies[cell]["ename"] in ("CancelledError", "KeyboardInterrupt")
    kernel.run("await w.session.arun(5)")
    assert kernel.ask("same_bits(w.session)")


@DRIVERS
def test_a_kernel_shut_down_while_it_plays_ends_by_itself_and_well(version, driver):
    kernel = FrontEnd(python_with(version))
    kernel.run(SETUP)
    kernel.run(f"w = make('{driver}'); w.play()")
    View(kernel, "w").see()
    assert kernel.shut_down() == 0


def test_a_kernel_restarted_while_it_plays_plays_again(version):
    kernel = FrontEnd(python_with(version))
    for _ in range(2):
        kernel.run(SETUP)
        kernel.run("w = make(); w.play()")
        View(kernel, "w").see()
        kernel.restart()
    kernel.close()
