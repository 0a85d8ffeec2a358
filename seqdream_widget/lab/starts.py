"""Where the next dream begins: chosen by name, among real samples, pasted, or drawn."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

import numpy as np

from seqdream_widget.commands import SetStart
from seqdream_widget.errors import shown
from seqdream_widget.lab.controls import button, choice, number_box, row, when_changed, words
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
        self._kind = choice(list(pages))
        when_changed(self._kind, self._turn_over)
        self._place = ipywidgets.VBox([self._pages[self._kind.value]])
        return self._kind, self._place

    def _turn_over(self) -> None:
        self._place.children = (self._pages[self._kind.value],)

    # ---- what people do -----------------------------------------------------------------------------------------

    def begin_at(self, start: Any, seed: int = 0) -> None:
        """Begin the next dream at a start; what is refused is said below the chart.

        Parameters
        ----------
        start
            As `sd.commands.SetStart` takes it: an index into the data, a sequence (channel, time), or a name.
        seed : int
            For noise, 0 to 2⁵³.
        """
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
        seed = number_box("seed", 2**31)
        noise = "of the data's mean and standard deviation, where there is data"
        return row(
            button("Begin at noise", noise, lambda: self.begin_at("noise", int(seed.value))),
            seed,
            button("Begin at zeros", "then draw with the widget's tools", lambda: self.begin_at("zeros")),
        )

    def _means(self) -> Part:
        menu = ipywidgets.Dropdown(options=self._classes_there(), description="class")
        of_class = "of its real sequences, at each sample"
        return row(
            button("Mean of all", "of all real sequences, at each sample", lambda: self.begin_at("mean")),
            menu,
            button("Mean of the class", of_class, lambda: self.begin_at_class_mean(int(menu.value))),
        )

    def _classes_there(self) -> list[tuple[str, int]]:
        """List the classes that have real sequences, by name and index."""
        if self._data is None:
            return []
        there = set(map(int, self._data.y))
        return [(short(name, 40), index) for index, name in enumerate(self._data.class_names) if index in there]

    # ---- real samples -------------------------------------------------------------------------------------------

    def _browser(self) -> Part:
        assert self._data is not None, "there is something to browse"
        self._filter = ipywidgets.Dropdown(options=[("all classes", -1), *self._classes_there()], value=-1)
        when_changed(self._filter, lambda: self._browse(0))
        number = number_box("sample", len(self._data) - 1)
        there = button("Begin there", "at exactly this sample", lambda: self.begin_at(int(number.value)))
        back = button("◀", "previous samples", lambda: self._browse(self._page - 1))
        on = button("▶", "next samples", lambda: self._browse(self._page + 1))
        self._where = words()
        self._pictures = [ipywidgets.HTML() for _ in range(PAGE)]
        self._buttons = [
            button("", "begin at exactly this sample", functools.partial(self._begin_at_listed, place))
            for place in range(PAGE)
        ]
        cells = [ipywidgets.VBox([a, b]) for a, b in zip(self._pictures, self._buttons, strict=True)]
        grid = ipywidgets.GridBox(cells)
        grid.layout.grid_template_columns = "repeat(auto-fill, minmax(190px, 1fr))"
        grid.layout.grid_gap = "8px"
        self._browse(0)
        return ipywidgets.VBox([row(number, there), row(self._filter, back, on, self._where), grid])

    def _begin_at_listed(self, place: int) -> None:
        self.begin_at(self._listed[place])

    def _browse(self, page: int) -> None:
        data, wanted = self._data, int(self._filter.value)
        assert data is not None, "there is something to browse"
        every = [index for index, label in enumerate(map(int, data.y)) if wanted in (-1, label)]
        pages = max(1, -(-len(every) // PAGE))
        self._page = page % pages
        self._listed = every[self._page * PAGE : (self._page + 1) * PAGE]
        self._where.value = f"page {self._page + 1} of {pages}"
        for place, (picture, begin) in enumerate(zip(self._pictures, self._buttons, strict=True)):
            is_there = place < len(self._listed)
            begin.layout.visibility = picture.layout.visibility = "visible" if is_there else "hidden"
            if is_there:
                index = self._listed[place]
                picture.value = sketch(data.x[index])
                begin.description = f"{index}: {short(data.class_names[int(data.y[index])], 14)}"

    # ---- pasted and drawn ---------------------------------------------------------------------------------------

    def _pasting(self) -> Part:
        text = ipywidgets.Textarea(placeholder="1.5, 0.2, −0.3, … or, with several channels, [[…], […]]", rows=3)
        text.layout.width = "min(100%, 560px)"

        def begin() -> None:
            self.attempt(lambda: self.begin_at(numbers_in(str(text.value))))

        return row(text, button("Begin at these numbers", "as many as the sequence has samples", begin))

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

        def begin() -> None:
            self._begin_at_curve(channels, length)

        return ipywidgets.VBox([chart, button("Begin at this curve", "draw it with the pointer first", begin)])

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
        same = None if data is None else (data.x == start).flatten(1).all(dim=1)
        if data is not None and same is not None and same.any():
            index = int(same.int().argmax())
            self.tell(f"This dream began at real sample {index}, {data.class_names[int(data.y[index])]}.")
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
        return cast("list[Any]", found)
    pieces = [word for word in re.split(r"[\s,;\[\]()]+", text.replace("−", "-")) if word]
    try:
        numbers = [float(word) for word in pieces]
    except ValueError:
        wrong = next(
            word for word in pieces if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", word, re.IGNORECASE)
        )
        raise ValueError(
            f"{shown(wrong)} is no number; paste numbers with commas, spaces or line ends between"
        ) from None
    if not numbers:
        raise ValueError("nothing was pasted; paste as many numbers as the sequence has samples")
    return numbers
