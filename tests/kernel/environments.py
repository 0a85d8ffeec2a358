"""An environment for each ipykernel that the widget is tried with.

    python -m tests.kernel.environments [6.31 7.3 …]

Each is a virtual environment in `.kernels/` with that ipykernel; everything else, such as torch, is found in the
environment that this runs in, which stands behind it on the path.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSIONS = ("6.31", "7.3", "7.4")


def python_with(version: str) -> Path:
    """Return the interpreter that has this ipykernel; make its environment if there is none."""
    folder = ROOT / ".kernels" / version
    python = folder / "bin" / "python"
    done = folder / "made"
    if not done.exists():
        venv.create(folder, clear=True, with_pip=True)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
        install = [python, "-m", "pip", "install", "--quiet", f"ipykernel=={version}.*"]
        subprocess.run([*install, "--ignore-installed", "--no-deps"], check=True)
        subprocess.run(install, check=True)  # what it needs and is not there
        done.touch()
    return python


if __name__ == "__main__":
    for version in sys.argv[1:] or VERSIONS:
        print(python_with(version))
