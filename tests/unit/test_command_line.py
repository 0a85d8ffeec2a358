"""The command line: what it writes, what it says, and how it ends; in process, and as people start it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

import seqdream_widget as sd
from seqdream_widget import cli
from seqdream_widget.cli import demo
from seqdream_widget.encoding import hash_of

SEQDREAM = (sys.executable, "-m", "seqdream_widget.cli")
FILES = ("dream.csv", "dream.png", "dream.jsonl", "dream.safetensors", "dream.html")
NETWORKS = """
import torch
from torch import nn

made = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2))

def make_for(data):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(data.length, data.n_classes))

def broken():
    raise RuntimeError("no weights here")

def number():
    return 3
"""


def run(capsys, *arguments):
    """Run a command here; return its exit code, what it printed, and what it complained of."""
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        code = exit_.code
    out, err = capsys.readouterr()
    return code, out, err


def started(*arguments, **settings):
    return subprocess.run(
        [*SEQDREAM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, **settings
    )


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with networks and data of one's own."""
    (tmp_path / "mynetworks.py").write_text(NETWORKS)
    x = np.random.default_rng(0).normal(size=(40, 12)).round(3)
    labels = [3, 7] * 20
    np.savetxt(tmp_path / "Mine_TEST.tsv", np.column_stack([labels, x]), delimiter="\t")
    np.savez(tmp_path / "mine.npz", x=x, y=labels)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("mynetworks", None)


def test_a_dream_is_written_whole_and_replays_to_the_same_bits(tmp_path, capsys):
    out = tmp_path / "deep" / "abnormal"
    code, printed, complained = run(
        capsys, "dream", "--demo", "forda", "--target", "abnormal", "--steps", 20, "--out", out
    )
    assert code == 0
    assert "dreaming" in complained
    assert "100%" in complained
    assert "logit of abnormal, 20 steps: score" in printed
    assert all((out / name).stat().st_size for name in FILES)
    loaded = sd.load_demo("forda")
    expected = sd.dream(loaded.model, sd.objectives.Logit("abnormal"), data=loaded.data, steps=20, progress=False)
    held = np.genfromtxt(out / "dream.csv", delimiter=",", skip_header=1)[:, 1].astype(np.float32)
    assert (held == expected.sequence[0, 0].numpy()).all()
    code, printed, complained = run(capsys, "replay", out / "dream.jsonl", "--out", tmp_path / "again", "--json")
    assert (code, complained) == (0, "")
    told = json.loads(printed)
    assert told["same_bits"] is True
    assert told["steps"] == 20
    assert [Path(path).name for path in told["files"]] == ["dream.csv", "dream.png", "dream.jsonl", "dream.html"]
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name


def test_json_says_what_the_words_say(tmp_path, capsys):
    arguments = ("dream", "--demo", "forda", "--target", "0", "--steps", 3, "--quiet", "--json", "--out", tmp_path)
    code, printed, complained = run(capsys, *arguments)
    assert (code, complained) == (0, "")
    told = json.loads(printed)
    assert told["objective"] == "logit of normal"
    assert (told["steps"], told["interrupted"], told["verdict"]) == (3, False, "outside")
    assert set(told["probabilities"]) == {"normal", "abnormal"}
    assert sum(told["probabilities"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "objective"),
    [
        (("--objective", "margin", "--target", "abnormal"), "margin of abnormal"),
        (("--objective", "extreme", "--target", "abnormal"), "logit of abnormal"),
        (("--objective", "border", "--target", "normal", "abnormal"), "border between normal and abnormal"),
        (("--target", "1", "--start", "mean", "--optimizer", "sgd", "--regularizer", "l2=0.5"), "logit of abnormal"),
        (("--target", "1", "--start", "5", "--parameterization", "fourier", "--learning-rate", "0.1"), "logit"),
    ],
)
def test_what_is_climbed_and_how_is_said_by_options(options, objective, tmp_path, capsys):
    code, printed, _ = run(
        capsys, "dream", "--demo", "forda", "--steps", 2, "--quiet", "--json", "--out", tmp_path, *options
    )
    assert code == 0
    assert objective in json.loads(printed)["objective"]
    if "--regularizer" in options:
        assert '"type": "l2"' in (tmp_path / "dream.jsonl").read_text()


@pytest.mark.parametrize("name", ["mynetworks:make", "mynetworks:make_for", "mynetworks:made"])
@pytest.mark.parametrize("file", ["Mine_TEST.tsv", "mine.npz"])
def test_a_model_and_data_of_ones_own(name, file, mine, capsys):
    own = ("--model", name, "--data", file)
    code, printed, complained = run(
        *(capsys, "dream", *own, "--classes", "calm", "wild", "--target", "wild"),
        *("--steps", 3, "--quiet", "--json", "--out", "out"),
    )
    assert (code, complained) == (0, "")
    assert set(json.loads(printed)["probabilities"]) == {"calm", "wild"}
    code, printed, _ = run(capsys, "replay", "out/dream.jsonl", *own, "--classes", "calm", "wild")
    assert code == 0
    assert printed.startswith("the same bits\n")


DREAM = ("dream", "--steps", "2", "--out", "out")
OWN = (*DREAM, "--target", "3", "--data", "mine.npz")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "COMMAND"),
        (("drem",), "invalid choice: 'drem'"),
        ((*DREAM, "--demo", "forda"), "--target"),
        ((*DREAM, "--demo", "forda", "--target", "abnrmal"), 'did you mean "abnormal"?'),
        ((*DREAM, "--demo", "fordb", "--target", "0"), 'did you mean "forda"?'),
        ((*DREAM, "--target", "0"), "which model?"),
        ((*DREAM, "--demo", "forda", "--data", "mine.npz", "--target", "0"), "either --demo or --model"),
        ((*DREAM, "--demo", "forda", "--target", "0", "--objective", "logits"), 'did you mean "logit"?'),
        ((*DREAM, "--demo", "forda", "--target", "0", "--objective", "border"), "about 2 class(es)"),
        ((*DREAM, "--demo", "forda", "--target", "0", "--regularizer", "l3=1"), 'unknown regularizer "l3"'),
        ((*DREAM, "--demo", "forda", "--target", "0", "--regularizer", "l2=much"), '"much" is no number'),
        (("dream", "--steps", "-1", "--out", "out", "--demo", "forda", "--target", "0"), "steps = -1"),
        (("dream", "--steps", "2", "--out", "mine.npz", "--demo", "forda", "--target", "0"), "mine.npz"),
        ((*OWN, "--model", "mynetworks"), "give MODULE:NAME"),
        ((*OWN, "--model", "nowhere:make"), "No module named 'nowhere'"),
        ((*OWN, "--model", "mynetworks:mak"), "no attribute 'mak'"),
        ((*OWN, "--model", "mynetworks:broken"), "RuntimeError: no weights here"),
        ((*OWN, "--model", "mynetworks:number"), "gives a int"),
        ((*DREAM, "--target", "3", "--model", "mynetworks:make", "--data", "no.npz"), 'there is no file "no.npz"'),
        ((*DREAM, "--target", "3", "--model", "mynetworks:make", "--data", "mynetworks.py"), "is not read; give .npz"),
        (("replay", "no.jsonl"), "no.jsonl"),
        (("replay", "mine.npz"), "is no log"),
        (("demo", "fordb", "--json"), 'did you mean "forda"?'),
        (("workshop",), "FOLDER"),
        (("workshop", "mine.npz"), "mine.npz"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, said, mine, capsys):
    code, printed, complained = run(capsys, *arguments)
    assert (code, printed) == (2, "")
    *bars, line = complained.strip().split("\n")
    assert said in line
    assert line.startswith("seqdream")
    assert not [bar for bar in bars if "dreaming" not in bar]
    assert "Traceback" not in complained


def test_a_replay_that_comes_to_other_numbers_ends_with_one(tmp_path, capsys):
    loaded = sd.load_demo("forda")
    log = sd.dream(loaded.model, sd.objectives.Logit(1), data=loaded.data, steps=4, progress=False).log
    score = log.tensors[log.records[-1]["score"]].clone()
    score[2] += 1
    log.tensors[hash_of(score)] = score
    log.records[-1] |= {"score": hash_of(score)}
    log.save(tmp_path / "dream.jsonl")
    code, printed, complained = run(capsys, "replay", tmp_path / "dream.jsonl")
    assert (code, complained) == (1, "")
    assert printed.startswith("other numbers: the first step that differs is 3,")
    code, printed, _ = run(capsys, "replay", tmp_path / "dream.jsonl", "--json")
    assert (code, json.loads(printed)["same_bits"], json.loads(printed)["first_step"]) == (1, False, 3)


def test_a_run_that_breaks_off_leaves_what_was_done(mine, capsys):
    (mine / "mynetworks.py").write_text(
        NETWORKS
        + """
class Breaks(nn.Module):
    def forward(self, x):
        total = x.flatten(1).sum(1)
        return torch.stack([total, -total], 1) * torch.where(total > 1, torch.nan, 1.0)[:, None]
"""
    )
    code, printed, complained = run(
        *(capsys, "dream", "--model", "mynetworks:Breaks", "--data", "mine.npz", "--target", "3"),
        *("--start", "zeros", "--steps", 50, "--quiet", "--out", "out"),
    )
    assert (code, printed) == (2, "")
    assert "score" in complained
    assert all((mine / "out" / name).exists() for name in FILES)


# ---- as people start it -----------------------------------------------------------------------------------------


def test_help_is_light_everywhere_and_shows_examples():
    light = "import sys; from seqdream_widget import cli; cli.parser(); assert 'torch' not in sys.modules, 'heavy'"
    subprocess.run([sys.executable, "-c", light], check=True, timeout=60)
    for command in ((), *((module.__name__.rpartition(".")[2],) for module in cli.COMMANDS)):
        done = started(*command, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert "examples:\n  seqdream " in done.stdout
    assert started("--version").stdout.strip() == sd.__version__


def test_ctrl_c_ends_a_dream_and_keeps_what_was_done(tmp_path):
    command = [*SEQDREAM, "dream", "--demo", "forda", "--target", "abnormal", "--steps", "100000", "--json"]
    # What a shell starts in the background ignores Ctrl-C, and so would all that it starts itself.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    signal.signal(signal.SIGINT, before)
    seen = b""
    while b"step/s" not in seen:
        chunk = os.read(process.stderr.fileno(), 4096)
        assert chunk, seen
        seen += chunk
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    told = json.loads(out)
    assert told["interrupted"] is True
    assert 0 < told["steps"] < 100_000
    assert b"interrupted after step" in err
    assert b"Traceback" not in seen + err
    loaded = sd.load_demo("forda")
    again = sd.replay(tmp_path / "dream.jsonl", loaded.model, data=loaded.data)
    assert again.step_count == told["steps"]
    assert again.divergence is None


PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) for line in block.splitlines()
]


def test_every_command_of_the_page_does_as_printed(mine, capsys):
    """The first as a shell does it; the others here, since every process loads torch."""
    (mine / "Mine_TEST.tsv").rename("MyData_TEST.tsv")
    assert len(COMMANDS) >= 6
    for number, command in enumerate(COMMANDS):
        name, *arguments = shlex.split(command)
        assert name == "seqdream"
        if number == 0:
            script = Path(sys.executable).parent / name
            done = subprocess.run([script, *arguments], capture_output=True, text=True, check=False, timeout=120)
            code, printed, complained = done.returncode, done.stdout, done.stderr
        else:
            code, printed, complained = run(capsys, *arguments)
        assert code == 0, f"{command}: {complained}"
        assert "wrote" in printed or "the same bits" in printed or json.loads(printed)["same_bits"]
    for folder in ("abnormal", "border", "again", "mine"):
        assert all((mine / folder / name).stat().st_size for name in FILES)


# ---- demo -------------------------------------------------------------------------------------------------------


def test_a_demo_is_a_notebook_of_ones_own_and_what_was_changed_there_is_kept(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    code, printed, _ = run(capsys, "demo", "--json", "--folder", folder)
    path = Path(json.loads(printed)["notebook"])
    assert code == 0
    assert path == folder / "01_quickstart.ipynb"
    path.write_text("mine")
    run(capsys, "demo", "--json", "--folder", folder)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", demo.DEMOS)
def test_the_notebook_about_a_demo_runs(name, tmp_path):
    notebook = nbformat.read(demo.placed(name, tmp_path), as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    assert "nearest real sequence" in str(notebook)


def test_without_jupyterlab_the_notebook_is_there_and_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, complained = run(capsys, "demo", "--folder", tmp_path)
    assert code == 2
    assert "pip install 'seqdream_widget[demo]'" in complained
    assert (tmp_path / "01_quickstart.ipynb").exists()


@pytest.mark.parametrize("folder", ["my notebooks", "/elsewhere"])
def test_it_opens_jupyterlab_on_the_notebook_and_prints_that_address(folder, tmp_path, capsys, monkeypatch):
    called = []
    monkeypatch.setattr(
        demo.subprocess,
        "run",
        lambda command, check: called.append(command) or subprocess.CompletedProcess(command, 0),
    )
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    there = tmp_path / folder.lstrip("/") if folder.startswith("/") else Path(folder)
    code, _, _ = run(capsys, "demo", "--no-browser", "--folder", there)
    assert code == 0
    root, address = (there, "") if there.is_absolute() else (Path.cwd(), "my%20notebooks/")
    assert called[0][1:] == [
        *("-m", "jupyterlab", f"--ServerApp.root_dir={root}"),
        *(f"--LabApp.default_url=/lab/tree/{address}01_quickstart.ipynb", "--no-browser"),
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]


# ---- workshop ---------------------------------------------------------------------------------------------------


def test_the_workshop_is_copied_and_what_is_there_is_never_overwritten(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    code, printed, complained = run(capsys, "workshop", folder)
    assert (code, complained) == (0, "")
    first = folder / "01_first_dream.ipynb"
    assert printed.startswith(f"wrote {first}\n")
    assert printed.endswith(f"begin with: jupyter lab {first}\n")
    assert len([*folder.rglob("*.ipynb")]) == 6
    first.write_text("my work")
    code, printed, _ = run(capsys, "workshop", folder)
    assert (code, printed.splitlines()[0]) == (0, f"all of it is in {folder} already; nothing was written")
    code, printed, _ = run(capsys, "workshop", folder, "--solutions", "--json")
    told = json.loads(printed)
    assert (code, told["first"]) == (0, str(first))
    assert told["written"][0] == str(folder / "marking.ipynb")
    assert [Path(path).parent.name for path in told["written"][1:]] == ["solutions"] * 6
    assert first.read_text() == "my work"
