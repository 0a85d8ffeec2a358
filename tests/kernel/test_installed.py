"""A real kernel with the ipykernel that is installed: an edit of a front end reaches Python while it plays."""

from __future__ import annotations

import sys

from tests.kernel.frontend import ROOT, SETUP, FrontEnd, View
from tests.kernel.test_versions import SEEN


def test_an_edit_reaches_python_while_it_plays_and_is_answered_with_a_step_of_the_run():
    kernel = FrontEnd(sys.executable)
    try:
        kernel.run(SETUP)
        for driver in ("thread", "asyncio"):
            kernel.run(f"w = make('{driver}'); w.play()")
            view = View(kernel, "w")
            view.see()
            steps = view.answers([view.edit(k) for k in range(10)])
            view.see()
            view.send(kind="pause")
            kernel.until(lambda: not view.settings["playing"])  # noqa: B023 - waited for here
            assert 1 < steps[0] <= steps[-1] < kernel.ask("w.session.step_count")
            assert kernel.ask("len([e for e in w.session.timeline.events() if hasattr(e, 'command')])") == 10
            kernel.run("w.close()")
    finally:
        kernel.close()


def test_the_table_for_people_says_what_the_kernels_are_tested_for():
    page = (ROOT / "docs" / "streaming.md").read_text("utf-8")
    for case, versions in SEEN.items():
        cells = ["yes" if seen else "after" for shells in versions.values() for seen in shells]
        assert f"| {case} | {' | '.join(cells)} |\n" in page
