"""The documentation as a visitor has it: built without a warning, each link leads somewhere, a dream plays in front."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from docs import replay

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """What a page links to and shows, and which places it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.shown: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = dict(attrs)
        if place := had.get("id"):
            self.places.add(place)
        if tag == "a" and (link := had.get("href")):
            self.links.append(link)
        elif tag == "link" and (link := had.get("href")) and had.get("rel") == "stylesheet":
            self.shown.append(link)
        elif tag in ("img", "script", "iframe") and (source := had.get("src")):
            self.shown.append(source)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build it as `make docs` does: a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "2", "-b", "html", "docs", str(out)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return out


@pytest.fixture(scope="module")
def pages(site):
    found = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return {path: Page(path) for path in found if path.name != "replay.html"}


def test_every_page_of_the_folder_is_in_it(site):
    for page in (ROOT / "docs").rglob("*.md"):
        if "_build" not in page.parts and page.name != "README.md":
            assert (site / page.relative_to(ROOT / "docs")).with_suffix(".html").is_file(), page


def test_every_link_within_leads_to_a_place_that_is_there(site, pages):
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.shown]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.is_file():
                broken.append(f"{path.relative_to(site)}: {link}: no such file")
            elif place and target in pages and place not in pages[target].places:
                broken.append(f"{path.relative_to(site)}: {link}: no such place")
    assert not broken


def test_nothing_that_is_shown_comes_from_elsewhere(pages):
    """The site works offline, and tells nobody who reads it."""
    assert {source for page in pages.values() for source in page.shown if urlsplit(source).netloc} == set()


def test_links_that_leave_it_are_safe_ones(pages):
    leaving = defaultdict(set)
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme:
                leaving[link].add(path.name)
    assert {link: names for link, names in leaving.items() if not link.startswith("https://")} == {}


def test_the_dream_in_front_is_the_same_each_time(site, tmp_path):
    replay.write(tmp_path / "again.html")
    embedded = (site / "replay.html").read_bytes()
    assert embedded == (tmp_path / "again.html").read_bytes()
    assert len(embedded) < 2**20


def test_a_visitor_plays_the_dream_in_front(site, browser):
    context = browser.new_context(offline=True, viewport={"width": 1300, "height": 900})
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto((site / "index.html").as_uri())
    dream = page.frame_locator("iframe.replay")
    dream.get_by_role("button", name="Play").click()
    expect(dream.get_by_role("slider", name="step")).not_to_have_value("0")
    assert troubles == []
    context.close()
