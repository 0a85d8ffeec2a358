"""A real marimo, used as tests use Jupyter."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.inspection import Inspection
from tests.browser.jupyter import WAIT

ROOT = Path(__file__).parents[2]
SETTINGS = """
[runtime]
auto_instantiate = true

[save]
autosave = "off"
"""


class Marimo:
    """A marimo server on a folder of its own, with settings of its own."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="seqdream-marimo-"))
        self.notebooks = self._home / "notebooks"
        self.notebooks.mkdir()
        settings = self._home / "config" / "marimo" / "marimo.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        environment = {
            **os.environ,
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "XDG_STATE_HOME": str(self._home / "state"),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "PYTHONPATH": str(ROOT),
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self._log = (self._home / "server.log").open("w")
        self._server = subprocess.Popen(
            [
                *(sys.executable, "-m", "marimo", "edit", str(self.notebooks), "--headless", "--no-token"),
                *("--skip-update-check", "--no-sandbox", f"--port={port}"),
            ],
            env=environment,
            cwd=self.notebooks,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}health", timeout=5).close()
                return
            assert self._server.poll() is None, self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.1)

    @property
    def log(self) -> str:
        """What the server has said."""
        return (self._home / "server.log").read_text()

    def write(self, name: str, *cells: str) -> None:
        """Write a notebook; its last cell shows the widget ``w``."""
        *before, last = cells
        shown = last.strip().removesuffix("\nw") + "\nmo.ui.anywidget(w)"
        asked = f"from tests.browser.inspection import answer_in\nanswer_in(globals(), {str(self._address(name))!r})"
        bodies = ["import marimo as mo", asked, *before, shown]
        parts = [f"@app.cell\ndef _():\n{textwrap.indent(body.strip(), '    ')}\n    return\n" for body in bodies]
        text = "import marimo\n\napp = marimo.App()\n\n" + "\n".join(parts)
        (self.notebooks / name).write_text(text)

    def _address(self, name: str) -> Path:
        return self._home / f"{name}.address"

    def open(self, page: Page, name: str) -> None:
        """Show a notebook in the page; its cells run by themselves."""
        page.goto(f"{self.url}?file={name}")
        page.wait_for_selector(".marimo-cell", timeout=WAIT)

    def run_all(self, page: Page) -> None:
        """Wait until the cells have run: they do so when the notebook is opened."""
        page.wait_for_selector("marimo-anywidget", state="attached", timeout=WAIT)

    def reload(self, page: Page, name: str) -> None:
        """Reload the page; the kernel goes on."""
        page.reload()
        page.wait_for_selector("marimo-anywidget", state="attached", timeout=WAIT)

    def start(self, name: str) -> Inspection:
        """Return who can be asked what Python holds, once the page is open: the kernel starts with it."""
        return Inspection(self._address(name))

    def shutdown(self, name: str) -> None:
        """Leave the kernel to the end of the server."""

    def close(self) -> None:
        """End the server and all that it has started."""
        self._server.terminate()
        try:
            self._server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._server.kill()
        self._log.close()
        shutil.rmtree(self._home, ignore_errors=True)
