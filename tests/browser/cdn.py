"""What pages without a kernel load from elsewhere, served from here: scripts of Jupyter's widgets and of anywidget."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import anywidget
from playwright.sync_api import Page, Route

FOLDER = Path(__file__).parents[2] / ".cdn"
PACKED = {
    "html-manager": ("@jupyter-widgets/html-manager@1.0.15", "package/dist/embed-amd.js"),
    "require": ("requirejs@2.3.7", "package/require.js"),
}
ANYWIDGET = Path(anywidget.__file__).parent / "nbextension" / "index.js"
ANYWHERE = re.compile("^https?://")


def script(name: str) -> Path:
    """Return a script of a package of npm, which is fetched once."""
    package, member = PACKED[name]
    path = FOLDER / f"{name}.js"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        npm = shutil.which("npm")
        assert npm, "npm is missing"
        command = [npm, "pack", "--silent", package, "--pack-destination", str(FOLDER)]
        packed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.split()[-1]
        with tarfile.open(FOLDER / packed) as archive:
            content = archive.extractfile(member)
            assert content
            path.write_bytes(content.read())
    return path


def serve(page: Page) -> list[str]:
    """Answer what the page asks of a network; return the addresses that were asked for, as they come."""
    scripts = {"html-manager": script("html-manager"), "require": script("require"), "anywidget": ANYWIDGET}
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        path = next((path for name, path in scripts.items() if name in route.request.url), None)
        if path is None:
            route.abort()
        else:
            route.fulfill(path=path, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})

    page.route(ANYWHERE, answer)
    return asked


def without_network(page: Page) -> None:
    """Let the page have nothing but itself."""
    page.route(ANYWHERE, lambda route: route.abort())
