"""The pages in `docs`: their examples run, nothing that is registered is missing, and what they say is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import seqdream_widget as sd
from docs.pictures import IMAGES, called, pictures
from seqdream_widget.objectives import Objective, Scaled, Sum
from seqdream_widget.parameterizations import Parameterization, Samples
from seqdream_widget.parameters import Parameter, parameters_of
from seqdream_widget.regularizers import Regularizer

DOCS = Path(__file__).parents[2] / "docs"
EVERY = [DOCS.parent / "README.md", *sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)]
PAGES = [page for page in EVERY if "```python" in page.read_text("utf-8")]
PAGE_OF_GROUP = {group: DOCS / f"{group}s.md" for group in ("gradient", "projection", "transform")}
PAGE_OF_GROUP["penalty"] = DOCS / "penalties.md"
COMPOSED = {Scaled, Sum}  # made with + - *, described where objectives are
WITHOUT_FORMULA = {*COMPOSED, Samples}


def ours(types: dict[str, type]) -> dict[str, type]:
    """Leave out what other tests make up."""
    return {name: kind for name, kind in types.items() if kind.__module__.startswith("seqdream_widget.")}


BY_NAME = pytest.mark.parametrize("name", ours(Regularizer.types))


def section(page: Path, heading: str) -> str:
    """Return what a page says under a heading."""
    found = re.search(rf"^### {heading}\n(.*?)(?=^##|\Z)", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"{page.name} has no section {heading}"
    return found[1]


def of_regularizer(name: str) -> str:
    kind = Regularizer.types[name]
    return section(PAGE_OF_GROUP[kind.group], kind.__name__)


def said(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else re.sub(r"e([+-])0*", r"e\1", f"{value:g}").replace("e+", "e")


def bounds(parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"`{parameter.name}` {said(parameter.low)} … {said(parameter.high)}{unit}"


def hand_in(folder: Path):
    """Be a student, for the page that tells teachers how to mark."""
    demo = sd.load_demo("forda")
    run = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data, start=5)
    run.run(2)
    folder.mkdir()
    sd.workshop.export(run, folder / "anna.dream", 1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path / "handed-in")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        exec(compile(block, page.name, "exec"), names)


def test_every_family_has_an_example_to_run():
    assert {*PAGE_OF_GROUP.values(), DOCS / "objectives.md", DOCS / "parameterizations.md"} <= set(PAGES)


@BY_NAME
def test_a_registered_regularizer_is_on_its_familys_page_with_its_picture(name: str):
    assert f"(images/dreams/{name}.svg)" in of_regularizer(name)


@BY_NAME
def test_a_page_gives_the_bounds_units_and_defaults_of_the_code(name: str):
    text, kind = of_regularizer(name), Regularizer.types[name]
    for parameter in parameters_of(kind):
        assert bounds(parameter) in text
        default = getattr(kind(), parameter.name)
        if default is not None:
            assert f"{bounds(parameter)} ({said(default)})" in text


@pytest.mark.parametrize("name", pictures())
def test_a_picture_shows_the_setting_that_the_script_has(name: str):
    caption = called(pictures()[name]).replace("&", "&amp;")
    assert f">{caption}</text>" in (IMAGES / f"{name}.svg").read_text("utf-8"), "run `make pictures`"


def test_every_objective_and_parameterization_is_on_its_page():
    for kind in set(ours(Objective.types).values()) - COMPOSED:
        assert section(DOCS / "objectives.md", kind.__name__)
    for name, kind in ours(Parameterization.types).items():
        assert f"(images/dreams/{name}.svg)" in section(DOCS / "parameterizations.md", kind.__name__)


def test_no_link_of_a_page_leads_nowhere():
    for page in EVERY:
        for link, anchor in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", page.read_text("utf-8")):
            target = page.parent / link if link else page
            assert target.exists(), f"{page.name}: {link}"
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE) if anchor else []
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert not anchor or anchor in anchors, f"{page.name}: {link}#{anchor}"


def test_the_docstring_of_every_formula_names_its_source():
    kinds = {kind for base in (Regularizer, Objective, Parameterization) for kind in ours(base.types).values()}
    for kind in kinds - WITHOUT_FORMULA:
        notes = inspect.getdoc(kind).partition("Notes\n-----\n")[2]
        assert re.search(r"\b(1[89]|20)\d\d\b|package's own", notes), kind.__name__
