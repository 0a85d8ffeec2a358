"""One profile for every property test, and what this machine cannot be asked."""

from __future__ import annotations

import pytest
from hypothesis import settings

from seqdream_widget.devices import accelerator

# No deadline: a busy machine says nothing of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "accelerator: is asked only where there is one")


def pytest_report_header() -> str:
    return f"accelerator: {accelerator() or 'none here, so the tests of dreams on one are not asked for'}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if accelerator() is None:
        left_out = [item for item in items if item.get_closest_marker("accelerator")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
