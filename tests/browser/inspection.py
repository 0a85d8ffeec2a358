"""Asks Python what it holds, where no Jupyter kernel can be asked: a thread in the process that runs the notebook."""

from __future__ import annotations

import functools
import json
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


def answer_in(names: dict[str, Any], file: str) -> None:
    """Answer questions about these names from now on; the address is written to the file."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                exec(asked["setup"], names)
                told = {"value": eval(asked["expression"], names)}
                content = json.dumps(told)
            except Exception as error:  # noqa: BLE001 - told to whoever asked
                content = json.dumps({"error": f"{type(error).__name__}: {error}"})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, name="inspection", daemon=True).start()
    Path(file).write_text(f"http://127.0.0.1:{server.server_port}")


class Inspection:
    """Asks; used like `tests.browser.jupyter.Kernel`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @functools.cached_property
    def _address(self) -> str:
        end = time.monotonic() + 60
        while not self._file.exists() or not self._file.read_text():
            assert time.monotonic() < end, "the notebook never answered"
            time.sleep(0.05)
        return self._file.read_text()

    def __call__(self, expression: str, setup: str = "") -> Any:
        """Evaluate an expression and return it through JSON."""
        asked = json.dumps({"expression": expression, "setup": setup}).encode()
        with urllib.request.urlopen(self._address, asked, timeout=60) as reply:
            told = json.load(reply)
        assert "error" not in told, told["error"]
        return told["value"]

    def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Ask until the answer is true."""
        end = time.monotonic() + seconds
        while not (value := self(expression)):
            assert time.monotonic() < end, f"never became true: {expression}"
            time.sleep(0.05)
        return value

    def close(self) -> None:
        """Let go; the thread ends with its process."""
