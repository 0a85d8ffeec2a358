"""The page of a run, from a file, with the network off: it scrubs, and shows what happened to the bit."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from playwright.sync_api import expect

import seqdream_widget as sd

EVIL = "</script><img src=x onerror=alert(1)>"
STEPS = 2000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """2,000 steps with edits of every kind, and their page."""
    demo = sd.load_demo("forda")
    data = sd.SequenceDataset(demo.data.x, demo.data.y, class_names=("normal", EVIL))
    session = sd.Session(
        demo.model,
        sd.objectives.Logit(EVIL),
        data=data,
        start=3,
        seed=1,
        learning_rate=0.02,
        regularizers=[sd.regularizers.L2(1e-3), sd.regularizers.TotalVariation(0.02)],
    )
    session.run(300)
    session.submit(sd.commands.Freeze(100, 160))
    session.run(200)
    for value in (1.0, 1.5, 2.0):
        session.submit(sd.commands.MovePoint(index=250, value=value, radius=24, gesture=4))
        session.run(3)
    session.submit(sd.commands.Release(4))
    session.submit(sd.commands.Note("I hold <b>the peak</b>"))
    session.run(291)
    session.submit(sd.commands.SetRegularizer("total_variation", enabled=False))
    session.submit(sd.commands.SetObjective(sd.objectives.Margin(0)))
    session.run(STEPS - session.step_count)
    session.submit(sd.commands.Edit(300, [0.25, 0.5, 0.125]))
    return session, session.to_html(tmp_path_factory.mktemp("page") / "dream.html")


class Opened:
    """The page as a reader has it: from a file, offline, everything it asks for written down."""

    def __init__(self, browser, path, **context):
        self.context = browser.new_context(offline=True, **context)
        self.page = self.context.new_page()
        self.asked, self.troubles = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("dialog", lambda dialog: self.troubles.append(dialog.message))
        self.page.goto(path.as_uri())
        self.root = self.page.locator("#replay")
        self.slider = self.page.get_by_role("slider", name="Step", exact=True)
        self.shows(STEPS)
        assert self.asked == [path.as_uri()]

    def shows(self, step):
        expect(self.root).to_have_attribute("data-painted-step", str(step))
        expect(self.slider).to_have_value(str(step))

    def goes_to(self, step):
        self.slider.fill(str(step))
        self.shows(step)

    def saved(self, button):
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=button).click()
        return list(csv.reader(io.StringIO(download.value.path().read_text("utf-8"))))

    def sequence(self):
        _, *rows = self.saved("save sequence as CSV")
        return np.float32([value for _, value in rows])

    def term(self, name):
        return self.root.locator(f".replay-terms [data-name={name}]").inner_text()

    def close(self):
        assert self.troubles == []
        assert len(self.asked) == 1
        self.context.close()


@pytest.fixture
def opened(browser, run):
    opened = Opened(browser, run[1], viewport={"width": 1400, "height": 1000})
    yield opened
    opened.close()


def test_the_page_of_2000_steps_with_edits_is_small_and_ends_exactly(opened, run):
    session, path = run
    root = opened.root
    assert path.stat().st_size <= 5_000_000
    assert (opened.sequence() == session.sequence[0, 0].numpy()).all()
    expect(root).to_contain_text("the sequences of 1\N{THIN SPACE}001 of them, evenly, and the last exactly")
    expect(root.locator(".replay-target .seqdream-objective")).to_have_text("margin of normal")
    expect(root.locator(".replay-settings")).to_contain_text("samples 100–159")
    verdict = root.locator(".replay-verdict")
    for name in ("probability", "embedding distance", "noise stability"):
        expect(verdict).to_contain_text(name)
    origin = root.locator(".replay-origin")
    header = session.log.records[0]
    for fact in (header["model"], header["data"], f"torch {header['versions']['torch']}"):
        expect(origin).to_contain_text(fact)


def test_it_goes_to_any_step_by_slider_key_pointer_and_by_what_was_done(opened, run):
    session, page, root = run[0], opened.page, opened.root
    for step in (0, 2, 300, 506, 1998):
        opened.goes_to(step)
        assert (opened.sequence() == session.sequence_at(step)[0, 0].numpy()).all(), step
    opened.goes_to(301)
    expect(root.locator(".seqdream-main .seqdream-legend").first).to_contain_text("sequence after step 300")
    page.keyboard.press("Home")
    opened.shows(0)
    expect(root.locator(".replay-settings")).to_contain_text("nothing")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    opened.shows(11)
    page.keyboard.press("]")
    opened.shows(301)
    box = root.locator(".seqdream-timeline .seqdream-area").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    opened.shows(STEPS // 2)
    words = root.locator(".replay-words")
    assert words.all_inner_texts() == [
        "freeze of samples 100 to 159",
        "move of sample 250, 3 moves",
        "I hold <b>the peak</b>",
        "Total variation: off",
        "objective: margin of normal",
        "edit of samples 300 to 302",
    ]
    assert root.locator(".replay-marks .replay-mark").count() == 5  # the two settings fall on one step
    words.nth(1).click()
    opened.shows(501)
    expect(root.locator(".replay-touched")).to_be_visible()
    expect(root.locator(".replay-target .seqdream-objective")).to_have_text(f"logit of {EVIL}")


def test_every_term_of_every_step_is_read_as_a_figure_a_line_a_row_and_a_file(opened, run):
    session, root = run[0], opened.root
    opened.goes_to(507)
    row = int(np.flatnonzero(session.history["step"] == 507)[0])
    assert float(opened.term("score")) == pytest.approx(session.history["score"][row], rel=0.01)
    assert float(opened.term("l2")) == pytest.approx(session.history["l2"][row], rel=0.01)
    current = root.locator(".replay-scroll [aria-current=step]")
    assert current.locator("th").inner_text() == "507"
    root.get_by_role("button", name="Total variation", exact=True).click()
    expect(root.locator(".is-timeline li")).to_have_text(["Total variation"])
    root.get_by_role("button", name="show all terms").click()
    heads, *rows = opened.saved("save as CSV")
    assert heads == ["step", "score", "grad_norm", "l2", "total_variation", "p(normal)", f"p({EVIL})"]
    told = np.float32(rows)
    assert told[:, 0].tolist() == list(range(1, STEPS + 1))
    assert (told[:, 1] == session.history["score"].astype(np.float32)).all()
    assert np.array_equal(told[:, 4], session.history["total_variation"].astype(np.float32), equal_nan=True)


def test_it_plays_and_stops_where_the_run_does(opened):
    root = opened.root
    opened.goes_to(1700)
    root.get_by_label("Speed").select_option("4")
    root.get_by_role("button", name="Play", exact=True).click()
    root.get_by_role("button", name="Pause", exact=True).wait_for()
    opened.shows(STEPS)
    root.get_by_role("button", name="Play", exact=True).wait_for()


def test_names_are_text_and_nothing_can_be_fetched_even_where_there_is_a_network(opened):
    page = opened.page
    assert page.locator("img").count() == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    blocked = page.evaluate(
        """async () => {
            const seen = [];
            document.addEventListener("securitypolicyviolation", (event) => seen.push(event.violatedDirective));
            await fetch("https://example.org/").catch(() => {});
            const image = new Image();
            image.src = "https://example.org/x.png";
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            await new Promise((settle) => setTimeout(settle, 100));
            return [seen.sort(), window.ran === true];
        }"""
    )
    assert blocked == [["connect-src", "img-src", "script-src-elem"], False]
    opened.troubles.clear()  # what the policy said of these three
    opened.asked = opened.asked[:1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_on_a_narrow_page_in_both_schemes(browser, run, scheme):
    opened = Opened(browser, run[1], viewport={"width": 480, "height": 900}, color_scheme=scheme)
    expect(opened.root).to_have_attribute("data-theme", scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 480
    opened.goes_to(700)
    opened.close()
