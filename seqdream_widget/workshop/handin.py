"""What a student hands in: one file with the logs of the runs and the answers. A zip archive, and nothing to execute.

Members are ``about.json``, and of each exercise ``N/answers.json``, ``N/run.jsonl`` with ``N/run.safetensors``, and
the same of ``N/control`` where there is one. What is read is bounded before anything is made of it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import tempfile
import zipfile
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, cast

from seqdream_widget.bounds import Bounds
from seqdream_widget.encoding import Json
from seqdream_widget.errors import shown
from seqdream_widget.headless import Result
from seqdream_widget.log import Log
from seqdream_widget.session import Session
from seqdream_widget.widget import SeqDream
from seqdream_widget.workshop.exercises import EXERCISES, exercise, known_answers

VERSION = 1
SUFFIX = ".dream"
ABOUT = "about.json"
ROLES = ("run", "control")
MEMBER = re.compile(rf"([1-{len(EXERCISES)}])/(?:answers\.json|(?:{'|'.join(ROLES)})\.(?:jsonl|safetensors))")
MOST_BYTES = 32 * 2**20
"""Of a file, and of all that is in it, unpacked."""
ANSWERS = Bounds(items=200, depth=4, characters=2_000)
BLOCK = 2**16


@dataclasses.dataclass(frozen=True)
class Work:
    """What a student handed in for one exercise.

    Attributes
    ----------
    answers : dict
    logs : dict of str to Log
        ``"run"``, and ``"control"`` where there is one.
    """

    answers: Json
    logs: Mapping[str, Log]


def export(
    run: SeqDream | Session | Result,
    path: str | Path,
    number: int,
    *,
    control: SeqDream | Session | Result | None = None,
    **answers: Any,
) -> Path:
    """Write the run of an exercise into the file that a student hands in; the other exercises in it stay.

    Parameters
    ----------
    run : SeqDream, Session or Result
    path : str or Path
        The file, one for all exercises: ``"anna.dream"``. Its name is the name that the teacher sees.
    number : int
        Of the exercise, 1 … 6.
    control : as run, optional
    **answers
        As for `check`: text, numbers, lists of them.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ValueError
        If there is no such exercise, the file there is none of these, or an answer is no text and no number.
    TypeError
        If the exercise does not ask for such an answer.

    Examples
    --------
    >>> import tempfile
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
    >>> session.run(3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sd.workshop.export(session, f"{folder}/anna.dream", 1, start_class="normal").name
    'anna.dream'
    """
    one = exercise(number)
    plain = _plain_answers(known_answers(one, answers))
    path = Path(path)
    path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
    members = (
        {name: content for name, content in _members(path).items() if not name.startswith((f"{number}/", ABOUT))}
        if path.exists()
        else {}
    )
    members[ABOUT] = json.dumps({"seqdream_workshop": VERSION}).encode()
    members[f"{number}/answers.json"] = json.dumps(plain, ensure_ascii=False).encode()
    with tempfile.TemporaryDirectory() as folder:
        for role, shown_run in (("run", run), ("control", control)):
            if shown_run is not None:
                session = shown_run if isinstance(shown_run, Session) else shown_run.session
                session.log.save(Path(folder) / f"{role}.jsonl")
        for file in sorted(Path(folder).iterdir()):
            members[f"{number}/{file.name}"] = file.read_bytes()
    _write(path, members)
    return path


def _plain_answers(answers: Mapping[str, Any]) -> Json:
    try:
        plain = json.loads(json.dumps(dict(answers), allow_nan=False))
    except (TypeError, ValueError):
        raise ValueError(f"answers are text, numbers and lists of them, not {shown(dict(answers))}") from None
    ANSWERS.check("the answers", plain)
    return plain


def _write(path: Path, members: Mapping[str, bytes]) -> None:
    """Write all at once: whoever is interrupted keeps what was there."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(members):
                archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: str | Path) -> dict[int, Work]:
    """Read what was handed in. Nothing in it is executed, and nothing lands outside a temporary folder.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict of int to Work
        By the number of the exercise.

    Raises
    ------
    ValueError
        If it is no such file, or larger than one may be; the message says how.
    FileNotFoundError
        If there is none.
    """
    path = Path(path)
    members = _members(path)
    found: dict[int, Work] = {}
    for number in sorted({int(name[0]) for name in members if name != ABOUT}):
        with _saying(path, number), tempfile.TemporaryDirectory() as folder:
            found[number] = _work(members, number, Path(folder))
    return found


def _work(members: Mapping[str, bytes], number: int, folder: Path) -> Work:
    answers = cast("object", json.loads(members.get(f"{number}/answers.json", b"{}").decode()))
    ANSWERS.check("the answers", answers)
    if not isinstance(answers, dict):
        raise ValueError(f"the answers are {shown(answers)} instead of an object")
    for name, content in members.items():
        if name.startswith(f"{number}/") and not name.endswith("answers.json"):
            (folder / name[2:]).write_bytes(content)
    logs = {role: Log.load(folder / f"{role}.jsonl") for role in ROLES if (folder / f"{role}.jsonl").exists()}
    if "run" not in logs:
        raise ValueError("the log of the run is missing")
    return Work(cast("Json", answers), logs)


@contextlib.contextmanager
def _saying(path: Path, number: int) -> Generator[None]:
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise ValueError(f'"{path.name}", exercise {number}: {error}') from None


def _members(path: Path) -> dict[str, bytes]:
    """Read the members of an archive that are to be there, as far as they are as large as they say."""
    name = path.name
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f'"{name}" has {size:,} bytes; what is handed in has at most {MOST_BYTES:,}')
    try:
        with zipfile.ZipFile(path) as archive:
            return _checked(name, archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ValueError(f'"{name}" is not what sd.workshop.export writes ({error})') from None


def _checked(name: str, archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    for info in infos:
        if info.filename != ABOUT and not MEMBER.fullmatch(info.filename):
            raise ValueError(f'"{name}" holds {shown(info.filename)}, which sd.workshop.export does not write')
    if len({info.filename for info in infos}) < len(infos):
        raise ValueError(f'"{name}" holds a member twice')
    members: dict[str, bytes] = {}
    left = MOST_BYTES
    for info in infos:
        members[info.filename] = content = _bounded(name, archive, info, left)
        left -= len(content)
    try:
        about = cast("object", json.loads(members.get(ABOUT, b"null").decode()))
    except ValueError:
        about = None
    if about != {"seqdream_workshop": VERSION}:
        raise ValueError(f'"{name}" is not what version {VERSION} of sd.workshop.export writes')
    return members


def _bounded(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """Unpack a member block by block: an archive may say that it is smaller than it is."""
    content = bytearray()
    with archive.open(info) as file:
        while block := file.read(BLOCK):
            content += block
            if len(content) > most:
                raise ValueError(f'"{name}" unpacks to more than {MOST_BYTES:,} bytes')
    return bytes(content)
