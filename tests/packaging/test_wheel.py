"""What people install: a wheel that carries the front end, the demos and nothing of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = "Scripts" if os.name == "nt" else "bin"
NEEDED = {
    "seqdream_widget/static/widget.js",
    "seqdream_widget/static/widget.css",
    "seqdream_widget/static/replay.js",
    "seqdream_widget/static/replay.css",
    *(
        f"seqdream_widget/demos/{demo}/{file}"
        for demo in ("forda", "ecg5000", "shortcut")
        for file in ("model.safetensors", "data.safetensors", "card.json", "README.md")
    ),
    "seqdream_widget/demos/shortcut/twin.safetensors",
    "seqdream_widget/py.typed",
}
TRY_IT = """
import sys
import seqdream_widget as sd
assert "torch" not in sys.modules and "ipywidgets" not in sys.modules, "importing is light"
demo, *_ = [sd.load_demo(name) for name in ("forda", "ecg5000", "shortcut")]
result = sd.dream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, steps=5, progress=False)
w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
w.step(3)
print(sd.__version__, result.sequence.shape, w.step_count, len(w._esm), sd.__file__)
w.close()
"""


def run(*command: object, **settings):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", target, ROOT, timeout=280)
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_holds_front_end_demos_and_types_and_no_tests(built):
    names = set(zipfile.ZipFile(built[0]).namelist())
    assert names >= NEEDED
    notebooks = {path.relative_to(ROOT / "notebooks").as_posix() for path in (ROOT / "notebooks").rglob("0*.ipynb")}
    assert names >= {f"seqdream_widget/notebooks/{name}" for name in {*notebooks, "workshop/marking.ipynb"}}
    assert not [
        name for name in names if name.startswith(("tests/", "js/", "benchmarks/")) or ".ipynb_checkpoints" in name
    ]
    demos = sum(info.file_size for info in zipfile.ZipFile(built[0]).infolist() if "/demos/" in info.filename)
    assert demos < 3 * 2**20


def test_the_sdist_holds_the_built_front_end_and_its_sources(built):
    with tarfile.open(built[1]) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert names >= NEEDED | {"js/src/index.ts", "js/package-lock.json", "notebooks/01_quickstart.ipynb", "LICENSE"}
    assert not [name for name in names if "node_modules" in name]


def test_the_wheel_works_in_an_empty_environment(built, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / BIN / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", built[0], timeout=280)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = run(python, "-c", TRY_IT, cwd=tmp_path, env=environment)
    assert "torch.Size([1, 1, 500]) 3" in told
    seqdream = tmp_path / "env" / BIN / "seqdream"
    dream = ("--demo", "forda", "--target", "abnormal", "--steps", 5, "--quiet", "--out", "out")
    run(seqdream, "dream", *dream, cwd=tmp_path, env=environment)
    assert run(seqdream, "replay", "out/dream.jsonl", cwd=tmp_path, env=environment).startswith("the same bits")
    run(seqdream, "demo", "--json", cwd=tmp_path, env=environment)
    assert (tmp_path / "seqdream" / "01_quickstart.ipynb").is_file()
    run(seqdream, "workshop", "mine", "--solutions", cwd=tmp_path, env=environment)
    assert (tmp_path / "mine" / "solutions" / "06_the_border_of_two_faults.ipynb").is_file()
    assert str(tmp_path) in told
