"""Where the next dream begins: chosen by name, among real samples, pasted, or drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from seqdream_widget.commands import SetStart
from seqdream_widget.errors import shown
from seqdream_widget.lab.figures import DREAM, axis, figure, linear, short
from seqdream_widget.lab.sketch import sketch
from seqdream_widget.lab.untyped import Part, bqplot, ipywidgets
from seqdream_widget.lab.view import View

PAGE = 8
KNOTS = 100
LONGEST = 4_000_000
"""Characters that are read of what was pasted."""


class StartPicker(View):
    """Begins the next dream at noise, at zeros, at a mean, at a real sample, at pasted numbers, or at a drawn curve.

    Whatever is chosen is one command, `SetStart`: logged in numbers, and undone as any.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to; means and samples need data.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.StartPicker(w)
    >>> view.begin_at_class_mean("normal")
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Begin somewhere else"

    def build(self) -> Sequence[Part]:
        """Make a page for each kind of start."""
        self._data = self.session.data
        self._told = 0
        pages: dict[str, Callable[[], Part]] = {"noise or zeros": self._plain}
        if self._data is not None:
            pages["a mean"] = self._means
            pages["a real sample"] = self._browser
        pages["pasted numbers"] = self._pasting
        pages["a drawn curve"] = self._drawing
        self._pages = {name: make() for name, make in pages.items()}
        self._kind = ipywidgets.ToggleButtons(options=list(pages))
        self._kind.style.button_width = "auto"
        self._kind.observe(lambda _: self._turn_over(), "value")
        self._place = ipywidgets.VBox([self._pages[self._kind.value]])
        return self._kind, self._place

    def _turn_over(self) -> None:
        self._place.children = (self._pages[self._kind.value],)

    # ---- what people do -----------------------------------------------------------------------------------------

    def begin_at(self, start: Any, seed: int = 0) -> None:
        """Begin the next dream at a start, as `sd.commands.SetStart` takes it; what is refused is said in words."""
        self.attempt(lambda: self.widget.submit(SetStart(start, seed=seed)))

    def begin_at_class_mean(self, target: int | str) -> None:
        """Begin at the mean of the real sequences of a class.

        Raises
        ------
        ValueError
            If there is no such class, or it has no sequences, or there is no data.
        """
        reference = self.session.reference
        if reference is None:
            raise ValueError("the mean of a class needs real sequences, and this run has none: give data=")
        self.begin_at(reference.members(target).x.mean(dim=0))

    # ---- noise and zeros, means -----------------------------------------------------------------------------

    def _plain(self) -> Part:
        seed = ipywidgets.BoundedIntText(value=0, min=0, max=2**31, description="seed")
        seed.layout.width = "160px"
        noise = _button("Begin at noise", "of the data's mean and deviation, where there is data")
        noise.on_click(lambda _: self.begin_at("noise", int(seed.value)))
        zeros = _button("Begin at zeros", "then draw with the widget's own tools, if you like")
        zeros.on_click(lambda _: self.begin_at("zeros"))
        return _row(noise, seed, zeros)

    def _means(self) -> Part:
        everyone = _button("Mean of all", "of all real sequences, at each sample")
        everyone.on_click(lambda _: self.begin_at("mean"))
        menu = ipywidgets.Dropdown(options=self._classes_there(), description="class")
        one = _button("Mean of the class", "of its real sequences, at each sample")
        one.on_click(lambda _: self.begin_at_class_mean(int(menu.value)))
        return _row(everyone, menu, one)

    def _classes_there(self) -> list[tuple[str, int]]:
        """List the classes that have real sequences, by name and index."""
        if self._data is None:
            return []
        there = self._data.y.unique().tolist()
        return [(short(name, 40), index) for index, name in enumerate(self._data.class_names) if index in there]

    # ---- real samples -------------------------------------------------------------------------------------------

    def _browser(self) -> Part:
        assert self._data is not None, "there is something to browse"
        self._filter = ipywidgets.Dropdown(options=[("all classes", -1), *self._classes_there()], value=-1)
        self._filter.observe(lambda _: self._browse(0), "value")
        number = ipywidgets.BoundedIntText(value=0, min=0, max=len(self._data) - 1, description="sample")
        number.layout.width = "160px"
        there = _button("Begin there", "at exactly this sample")
        there.on_click(lambda _: self.begin_at(int(number.value)))
        back, on = _button("◀", "previous samples"), _button("▶", "next samples")
        back.on_click(lambda _: self._browse(self._page - 1))
        on.on_click(lambda _: self._browse(self._page + 1))
        self._where = ipywidgets.HTML()
        self._where.add_class("seqdream-lab-words")
        self._pictures = [ipywidgets.HTML() for _ in range(PAGE)]
        self._buttons = [_button("", "begin at exactly this sample") for _ in range(PAGE)]
        for place, button in enumerate(self._buttons):
            button.on_click(lambda _, place=place: self.begin_at(self._listed[place]))
        cells = [ipywidgets.VBox([a, b]) for a, b in zip(self._pictures, self._buttons, strict=True)]
        grid = ipywidgets.GridBox(cells)
        grid.layout.grid_template_columns = "repeat(auto-fill, minmax(190px, 1fr))"
        grid.layout.grid_gap = "8px"
        self._browse(0)
        return ipywidgets.VBox([_row(number, there), _row(self._filter, back, on, self._where), grid])

    def _browse(self, page: int) -> None:
        data, wanted = self._data, int(self._filter.value)
        assert data is not None, "there is something to browse"
        every = torch.arange(len(data)) if wanted < 0 else (data.y == wanted).nonzero()[:, 0]
        pages = max(1, -(-len(every) // PAGE))
        self._page = page % pages
        self._listed: list[int] = every[self._page * PAGE : (self._page + 1) * PAGE].tolist()
        self._where.value = f"page {self._page + 1} of {pages}"
        for place, (picture, button) in enumerate(zip(self._pictures, self._buttons, strict=True)):
            is_there = place < len(self._listed)
            button.layout.visibility = picture.layout.visibility = "visible" if is_there else "hidden"
            if is_there:
                index = self._listed[place]
                picture.value = sketch(data.x[index])
                button.description = f"{index}: {short(data.class_names[int(data.y[index])], 14)}"

    # ---- pasted and drawn ---------------------------------------------------------------------------------------

    def _pasting(self) -> Part:
        text = ipywidgets.Textarea(placeholder="1.5, 0.2, −0.3, … or, with several channels, [[…], […]]", rows=3)
        text.layout.width = "min(100%, 560px)"
        begin = _button("Begin at these numbers", "as many as the sequence has samples")
        begin.on_click(lambda _: self.attempt(lambda: self.begin_at(numbers_in(str(text.value)))))
        return _row(text, begin)

    def _drawing(self) -> Part:
        channels, length = self.session.scene.shape
        reference = self.session.reference
        spread = 1.0 if reference is None else float(reference.deviation.amax())
        middle = 0.0 if reference is None else float(reference.mean.mean())
        scales = {"x": linear(0.0, float(length - 1)), "y": linear(middle - 4 * spread, middle + 4 * spread)}
        knots = np.linspace(0, length - 1, min(KNOTS, length))
        self._curve = bqplot.Lines(
            x=knots, y=np.full(len(knots), middle), scales=scales, colors=[DREAM], stroke_width=2.0
        )
        self._pen = bqplot.interacts.HandDraw(lines=self._curve)
        chart = figure(
            [self._curve],
            [axis(scales["x"], "sample"), axis(scales["y"], "value", vertical=True)],
            200,
            interaction=self._pen,
        )
        begin = _button("Begin at this curve", "draw it with the pointer first")
        begin.on_click(lambda _: self._begin_at_curve(channels, length))
        return ipywidgets.VBox([chart, begin])

    def _begin_at_curve(self, channels: int, length: int) -> None:
        drawn = np.interp(np.arange(length), np.asarray(self._curve.x), np.asarray(self._curve.y, dtype=np.float64))
        self.begin_at(np.tile(drawn, (channels, 1)))

    # ---- what is now --------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Say where this dream began."""
        if self._told == self.session.run_id:
            return
        self._told = self.session.run_id
        start, data = self.session.start[0], self.session.data
        same = [] if data is None else (data.x == start).flatten(1).all(dim=1).nonzero()[:, 0].tolist()
        if same and data is not None:
            self.tell(f"This dream began at real sample {same[0]}, {data.class_names[int(data.y[same[0]])]}.")
        else:
            mean, deviation = float(start.mean()), float(start.std())
            self.tell(f"This dream began at a sequence with mean {mean:.3g} and standard deviation {deviation:.3g}.")


def numbers_in(text: str) -> Any:
    r"""Read numbers that were pasted: JSON, or numbers with anything usual between them.

    Raises
    ------
    ValueError
        If there is something else.

    Examples
    --------
    >>> numbers_in("1.5; 2,\n-3e-1")
    [1.5, 2.0, -0.3]
    >>> numbers_in("[[1, 2], [3, 4]]")
    [[1, 2], [3, 4]]
    """
    if len(text) > LONGEST:
        raise ValueError(f"{len(text):,} characters were pasted; at most {LONGEST:,} are read")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list):
        return found
    words = [word for word in re.split(r"[\s,;\[\]()]+", text.replace("−", "-")) if word]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        wrong = next(
            word for word in words if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", word, re.IGNORECASE)
        )
        raise ValueError(
            f"{shown(wrong)} is no number; paste numbers with commas, spaces or line ends between"
        ) from None
    if not numbers:
        raise ValueError("nothing was pasted; paste as many numbers as the sequence has samples")
    return numbers


def _button(description: str, tooltip: str) -> Part:
    button = ipywidgets.Button(description=description, tooltip=tooltip)
    button.layout.width = "auto"
    return button


def _row(*parts: Part) -> Part:
    row = ipywidgets.HBox(list(parts))
    row.layout.flex_flow = "row wrap"
    row.layout.align_items = "center"
    return row
