"""One JupyterLab and one Chromium for all browser tests; a page of its own for each."""

from __future__ import annotations

import pytest

from tests.browser.bench import IMPORTS, WIDGET, Bench
from tests.browser.hand import WATCH
from tests.browser.jupyter import Lab, chromium


@pytest.fixture(scope="session")
def lab():
    lab = Lab()
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(f"{error}\n{error.stack}"))
    yield page
    page.close()


@pytest.fixture
def bench(lab, page, request):
    bench = Bench(lab, page, f"{request.node.name}.ipynb", IMPORTS, WIDGET)
    yield bench
    bench.close()
    assert page.errors == []


@pytest.fixture
def hand(bench):
    bench.python("1", setup=WATCH)
    # A hand aims at what it sees, and the browser of a busy machine sees little.
    bench.python("w.session.submit(sd.commands.SetLearningRate(0.01))")
    return bench
