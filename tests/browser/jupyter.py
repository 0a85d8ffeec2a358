"""A real JupyterLab or Notebook 7, a real Chromium in front of it, a real kernel behind: for tests and benchmarks."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import zmq
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
WAIT = 60_000  # milliseconds


def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise FileNotFoundError("no Chromium on the PATH; run tests/browser/ensure-chromium")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


class Kernel:
    """A second client of a notebook's kernel: asks Python what it holds."""

    def __init__(self, connection_file: Path) -> None:
        # One context for all: one of its own would wait, when it is collected, for sockets that nobody closes any more.
        self._client = BlockingKernelClient(connection_file=str(connection_file), context=zmq.Context.instance())
        self._client.load_connection_file()
        # No heartbeat: a busy machine misses a beat, and the kernel counts as dead.
        self._client.start_channels(iopub=False, stdin=False, hb=False, control=False)

    def __call__(self, expression: str, setup: str = "") -> Any:
        """Evaluate an expression in the kernel and return it through JSON."""
        wrapped = {"value": f"__import__('json').dumps({expression})"}
        message = self._client.execute(setup, user_expressions=wrapped, store_history=False)
        reply = self._client.get_shell_msg(timeout=60)
        while reply["parent_header"].get("msg_id") != message:
            reply = self._client.get_shell_msg(timeout=60)
        content = reply["content"]
        assert content["status"] == "ok", content
        value = content["user_expressions"]["value"]
        assert value["status"] == "ok", value
        return json.loads(eval(value["data"]["text/plain"]))

    def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Ask until the answer is true."""
        end = time.monotonic() + seconds
        while not (value := self(expression)):
            assert time.monotonic() < end, f"never became true: {expression}"
            time.sleep(0.05)
        return value

    def begin(self, statement: str) -> None:
        """Have a statement executed, and wait for nothing."""
        self._client.execute(statement, silent=True)

    def close(self) -> None:
        self._client.shell_channel.stop()


class Jupyter:
    """A Jupyter server on a folder of its own, with settings of its own."""

    command: tuple[str, ...]
    """After ``jupyter``; it has to put the application where the page's scripts find it."""
    page = ""
    """Where a notebook is, with ``{name}``."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="seqdream-lab-"))
        self.notebooks = self._home / "notebooks"
        self.notebooks.mkdir()
        self._runtime = self._home / "runtime"
        for name, settings in SETTINGS.items():
            target = self._home / "settings" / f"{name}.jupyterlab-settings"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(settings))
        self._token = secrets.token_hex(8)
        environment = {
            **os.environ,
            "JUPYTER_RUNTIME_DIR": str(self._runtime),
            "JUPYTER_CONFIG_DIR": str(self._home / "config"),
            "JUPYTER_DATA_DIR": str(self._home / "data"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._home / "workspaces"),
        }
        self._log = (self._home / "server.log").open("w")
        self._server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter", *self.command, "--no-browser", "--allow-root", "--port=0"),
                f"--ServerApp.root_dir={self.notebooks}",
                f"--IdentityProvider.token={self._token}",
                "--KernelManager.shutdown_wait_time=0",  # else a kernel frees all of torch before it ends
            ],
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = self._wait_for_server()

    def _wait_for_server(self) -> str:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for file in self._runtime.glob("jpserver-*.json"):
                with contextlib.suppress(OSError, ValueError):
                    url = json.loads(file.read_text())["url"]
                    urllib.request.urlopen(f"{url}api?token={self._token}", timeout=5)
                    return url
            assert self._server.poll() is None, (self._home / "server.log").read_text()
            time.sleep(0.1)
        raise TimeoutError((self._home / "server.log").read_text())

    def write(self, name: str, *cells: str) -> None:
        """Write a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        nbformat.write(notebook, self.notebooks / name)

    def read(self, name: str) -> dict[str, Any]:
        """Return a notebook as it is on disk."""
        return json.loads((self.notebooks / name).read_text())

    def save_widget_state(self, page: Page, *, on: bool) -> None:
        """Set JupyterLab's "Save Widget State Automatically"."""
        command = "'@jupyter-widgets/jupyterlab-manager:saveWidgetState'"
        if page.evaluate(f"() => window.jupyterapp.commands.isToggled({command})") != on:
            page.evaluate(f"() => window.jupyterapp.commands.execute({command})")
        page.wait_for_function(f"on => window.jupyterapp.commands.isToggled({command}) === on", arg=on)

    def restart(self, page: Page) -> None:
        """Restart the kernel of the notebook that is shown."""
        page.evaluate("() => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")

    def open(self, page: Page, name: str, *, dark: bool = False) -> None:
        """Show a notebook in the page."""
        page.goto(f"{self.url}{self.page.format(name=name)}?token={self._token}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=WAIT)
        self.theme(page, dark=dark)
        self.wait_for_kernel(page)

    def wait_for_kernel(self, page: Page) -> None:
        """Wait until the notebook has a kernel that has answered; the indicator says idle before that."""
        status = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        page.wait_for_function(f"{status} === 'idle'", timeout=WAIT)

    def theme(self, page: Page, *, dark: bool) -> None:
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached", timeout=WAIT)

    def reload(self, page: Page, name: str) -> None:
        """Save the notebook, and open it again in the page."""
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.open(page, name)

    def run_all(self, page: Page) -> None:
        page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def start(self, name: str) -> Kernel:
        """Give a notebook its kernel, which imports what takes long while the page is opened."""
        wanted = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        request = urllib.request.Request(f"{self.url}api/sessions?token={self._token}", json.dumps(wanted).encode())
        urllib.request.urlopen(request, timeout=30).close()
        kernel = self.kernel(name)
        kernel.begin("__import__('seqdream_widget').SeqDream")
        return kernel

    def kernel(self, name: str) -> Kernel:
        """Connect to the kernel of a notebook."""
        return Kernel(self._runtime / f"kernel-{self._session(name)['kernel']['id']}.json")

    def shutdown(self, name: str) -> None:
        """End the kernel of a notebook."""
        url = f"{self.url}api/sessions/{self._session(name)['id']}?token={self._token}"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30).close()

    def is_running(self, name: str) -> bool:
        """Tell whether a notebook has a kernel."""
        return bool(self._sessions(name))

    def _session(self, name: str) -> dict[str, Any]:
        (session,) = self._sessions(name)
        return session

    def _sessions(self, name: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}api/sessions?token={self._token}", timeout=10) as answer:
            return [session for session in json.load(answer) if session["path"] == name]

    def close(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._server.kill()
        self._log.close()
        shutil.rmtree(self._home, ignore_errors=True)


class Lab(Jupyter):
    """JupyterLab."""

    command = ("lab", "--LabApp.expose_app_in_browser=True")
    page = "lab/tree/{name}"


class Notebook(Jupyter):
    """Notebook 7."""

    command = ("notebook", "--JupyterNotebookApp.expose_app_in_browser=True")
    page = "notebooks/{name}"
