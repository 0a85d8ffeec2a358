"""Ctrl-C, as the system sends it, at random moments: it stops between two steps, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.unit import interrupted


@pytest.fixture(scope="module")
def wrong():
    """What went wrong in each scene: one process for all, since it loads torch."""
    command = [sys.executable, "-m", "tests.unit.interrupted"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scene", interrupted.SCENES.values(), ids=lambda scene: scene.__doc__)
def test_ctrl_c(wrong, scene):
    assert wrong[scene.__name__] == ""
