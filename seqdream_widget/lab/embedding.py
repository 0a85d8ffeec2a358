"""Where the dream is: real sequences on a map of what the network makes of them, and the dream's way among them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seqdream_widget.commands import SetObjective, SetStart
from seqdream_widget.lab.concepts import direction_to
from seqdream_widget.lab.controls import button, choice, row, words
from seqdream_widget.lab.figures import DREAM, INK, axis, class_color, class_shape, figure, linear, short, update
from seqdream_widget.lab.landscape import Landscape, missing_for_a_map
from seqdream_widget.lab.regions import together
from seqdream_widget.lab.sketch import sketch
from seqdream_widget.lab.track import Track
from seqdream_widget.lab.untyped import Part, bqplot, ipywidgets
from seqdream_widget.lab.view import View
from seqdream_widget.objectives import Prototype
from seqdream_widget.parameters import whole
from seqdream_widget.population import distances
from seqdream_widget.widget import SeqDream

ASPECT = 1.5
"""Width of the map over its height, as in lab.css."""
MODES = {"Begin at a sample": "a click begins the dream there", "Select with a lasso": "draw around some samples"}


class EmbeddingMap(View):
    """The penultimate features of real sequences on a map, by class, and the way of the dream.

    Hovering over a sample shows it; a click begins the next dream there, at exactly that sample. Samples in a lasso can
    be made the target: their centre, or the direction that leads to them.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to; it needs data, and a model with penultimate features.
    projection : str
        ``"pca"``, or ``"umap"`` where umap-learn is installed.

    Raises
    ------
    ValueError
        If the projection is unknown.
    ImportError
        If umap-learn is needed and missing.

    Attributes
    ----------
    selected : tuple of int
        Indices of the selected samples, into the data.
    points : array of shape (point, 2)
        The dream's way on the map, from its start to now.
    centroids : dict of int to array of shape (2,)
        The middle of the real members of each class.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.EmbeddingMap(w)
    >>> view.select(range(5))
    >>> view.aim_at_centre()
    >>> w.session.objective.members
    (0, 1, 2, 3, 4)
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Where the dream is"

    def __init__(self, widget: SeqDream, projection: str = "pca") -> None:
        self.selected: tuple[int, ...] = ()
        self._projection = projection
        super().__init__(widget)

    def build(self) -> Sequence[Part]:
        """Make the map, or nothing where there can be none."""
        session = self.session
        self._missing = missing_for_a_map(session.scene)
        self._land = session.turn.ask(lambda: Landscape(session.scene, self._projection)) if not self._missing else None
        if self._land is None:
            return ()
        self._make_marks(self._land, session.classes.names)
        self._track = Track(session, self._land.place)
        return self._controls(), self._figure

    # ---- what people do -----------------------------------------------------------------------------------------

    def begin_at(self, index: int) -> None:
        """Begin the next dream at a real sequence, by its index into the data."""
        self.submit(SetStart(index))

    def select(self, indices: Iterable[int]) -> None:
        """Select samples by their indices into the data.

        Raises
        ------
        ValueError
            If there is no such sample.
        """
        count = 0 if self.session.data is None else len(self.session.data)
        self.selected = tuple(sorted({whole("index", index, 0, count - 1) for index in indices}))
        names = self.session.classes.names
        data = self.session.data
        labels = [] if data is None else [int(data.y[index]) for index in self.selected]
        counted = ", ".join(f"{labels.count(one)} {short(names[one])}" for one in sorted(set(labels)))
        self._chosen.value = html.escape(f"{len(self.selected)} selected: {counted}" if labels else "none selected")
        for aim in self._aims:
            aim.disabled = not labels

    def aim_at_centre(self) -> None:
        """Climb towards the centre of the selected samples."""
        self.submit(SetObjective(Prototype(members=self.selected)))

    def aim_along(self) -> None:
        """Climb along the direction that leads from the mean of all real sequences to that of the selected samples."""
        land = self._land
        if land is not None and self.selected:
            scene, selected = self.session.scene, self.selected

            def aim() -> None:
                direction = self.session.turn.ask(lambda: direction_to(scene, land.population, selected))
                self.widget.submit(SetObjective(direction))

            self.attempt(aim)

    # ---- what it is made of -------------------------------------------------------------------------------------

    @property
    def points(self) -> NDArray[np.float64]:
        """The dream's way on the map."""
        return self._track.points if self._land is not None else np.empty((0, 2))

    @property
    def centroids(self) -> dict[int, NDArray[np.float64]]:
        """The middle of each class."""
        return self._land.centroids if self._land is not None else {}

    def _controls(self) -> Part:
        self._mode = choice(list(MODES))
        self._mode.tooltips = list(MODES.values())
        self._mode.observe(self._change_mode, "value")
        self._chosen = words("none selected")
        self._aims = (
            button("Aim at their centre", "objective: Prototype of these samples", self.aim_at_centre),
            button("Aim along their direction", "objective: Direction, from all to these", self.aim_along),
        )
        for aim in self._aims:
            aim.disabled = True
        self._lasso_bar = row(self._chosen, *self._aims)
        self._lasso_bar.layout.display = "none"
        return row(self._mode, self._lasso_bar)

    def _make_marks(self, land: Landscape, names: tuple[str, ...]) -> None:
        self._scales = {"x": linear(0.0, 1.0), "y": linear(0.0, 1.0)}
        scales = self._scales
        self._tooltip = ipywidgets.HTML()
        self._tooltip.add_class("seqdream-lab-tip")
        self._rows = [(land.sample.data.y == index).nonzero()[:, 0] for index in range(len(names))]
        self._real = [self._cloud(land, index, name) for index, name in enumerate(names)]
        self._regions = bqplot.Lines(
            x=[0.0, 0.0], y=[0.0, 0.0], scales=scales, close_path=True, fill="inside", stroke_width=0, interactions={}
        )
        self._border = bqplot.Lines(
            x=[0.0, 0.0],
            y=[0.0, 0.0],
            scales=scales,
            close_path=True,
            fill="inside",
            stroke_width=0,
            interactions={},
            colors=[INK],
            fill_colors=[INK],
            fill_opacities=[0.16] * 64,
            visible=False,
        )
        middle = np.array(list(land.centroids.values())).reshape(-1, 2)
        self._middles = bqplot.Scatter(
            x=middle[:, 0],
            y=middle[:, 1],
            scales=scales,
            colors=[class_color(index) for index in land.centroids],
            marker="crosshair",
            default_size=260,
            stroke=INK,
            stroke_width=2.0,
            interactions={},
        )
        self._way = bqplot.Lines(x=[0.0], y=[0.0], scales=scales, colors=[DREAM], stroke_width=2.0, interactions={})
        self._begin = bqplot.Scatter(
            x=[0.0],
            y=[0.0],
            scales=scales,
            colors=[DREAM],
            fill=False,
            stroke=DREAM,
            stroke_width=2.0,
            default_size=70,
            interactions={},
        )
        self._now = bqplot.Scatter(
            x=[0.0],
            y=[0.0],
            scales=scales,
            colors=[DREAM],
            stroke=INK,
            stroke_width=1.5,
            default_size=150,
            interactions={},
        )
        self._lasso = bqplot.interacts.LassoSelector(marks=self._real)
        marks = [self._regions, self._border, *self._real, self._middles, self._way, self._begin, self._now]
        axes = [
            axis(scales["x"], "first direction of the features"),
            axis(scales["y"], "second direction", vertical=True),
        ]
        self._figure = figure(marks, axes, padding_y=0.0, legend_location="top-right")
        self._figure.add_class("seqdream-lab-map")
        self._figure.layout.height = None
        self._box: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def _cloud(self, land: Landscape, index: int, name: str) -> Part:
        at = land.points[self._rows[index].numpy()]
        cloud = bqplot.Scatter(
            x=at[:, 0],
            y=at[:, 1],
            scales=self._scales,
            colors=[class_color(index)],
            marker=class_shape(index),
            default_size=26,
            opacities=[0.7],
            display_legend=True,
            labels=[short(name)],
            tooltip=self._tooltip,
            interactions={"hover": "tooltip", "legend_hover": "highlight_axes"},
            selected_style={"stroke": INK, "stroke-width": "1"},
            unselected_style={"opacity": "0.35"},
        )

        def hovered(_: object, content: dict[str, Any]) -> None:
            self._show(index, content)

        def clicked(_: object, content: dict[str, Any]) -> None:
            self._clicked(index, content)

        cloud.on_hover(hovered)
        cloud.on_element_click(clicked)
        cloud.observe(self._take_lasso, "selected")
        return cloud

    # ---- events from the front end ------------------------------------------------------------------------------

    def _index_of(self, class_index: int, content: dict[str, Any]) -> int | None:
        """Return which sample an event is about, as an index into the data."""
        place, rows = content.get("data", {}).get("index"), self._rows[class_index]
        if self._land is None or not isinstance(place, int) or not 0 <= place < len(rows):
            return None
        return int(self._land.sample.index[rows[place]])

    def _show(self, class_index: int, content: dict[str, Any]) -> None:
        index, data = self._index_of(class_index, content), self.session.data
        if index is None or data is None or self._land is None:
            return
        place = int((self._land.sample.index == index).nonzero()[0])
        probabilities = self._land.population.probabilities[place]
        best = int(probabilities.argmax())
        names = self.session.classes.names
        said = f"sample {index}, {names[class_index]} (the model: {names[best]}, {float(probabilities[best]):.2f})"
        color = class_color(class_index)
        self._tooltip.value = f'<div style="color:{color}">{sketch(data.x[index])}</div>{html.escape(said)}'

    def _clicked(self, class_index: int, content: dict[str, Any]) -> None:
        index = self._index_of(class_index, content)
        if index is not None:
            self.begin_at(index)

    def _change_mode(self, change: dict[str, Any]) -> None:
        lasso = change["new"] == list(MODES)[1]
        self._figure.interaction = self._lasso if lasso else None
        self._lasso_bar.layout.display = "flex" if lasso else "none"

    def _take_lasso(self, _: object) -> None:
        if self._land is None:
            return
        index, chosen = self._land.sample.index, list[int]()
        for rows, cloud in zip(self._rows, self._real, strict=True):
            within = [int(place) for place in (() if cloud.selected is None else cloud.selected)]
            chosen.extend(int(index[rows[place]]) for place in within if 0 <= place < len(rows))
        self.select(chosen)

    # ---- what is now --------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw the dream's way, and say where it is."""
        land = self._land
        if land is None:
            self.tell(self._missing)
            return
        self._track.follow()
        way = self._track.points
        self._fit(land, way)
        update(self._way, x=way[:, 0], y=way[:, 1])
        update(self._begin, x=way[:1, 0], y=way[:1, 1])
        update(self._now, x=way[-1:, 0], y=way[-1:, 1])
        self.tell(f"{self._place(land)} {land.words}")

    def _fit(self, land: Landscape, way: NDArray[np.float64]) -> None:
        """Show all of the way: the map grows by halves, so that it seldom has to."""
        low, high = land.box
        middle, half = (low + high) / 2, (high - low) / 2
        half = np.maximum(half, half[::-1] * np.array([ASPECT, 1 / ASPECT]))
        reach = float((np.abs(way - middle) / half).max()) * 1.05
        half = half * 1.5 ** max(0, int(np.ceil(np.log(max(reach, 1.0)) / np.log(1.5))))
        box = middle - half, middle + half
        if self._box is not None and np.array_equal(box, self._box):
            return
        self._box = box
        for scale, a, b in zip((self._scales["x"], self._scales["y"]), *box, strict=True):
            update(scale, min=float(a), max=float(b))
        regions, borders = land.regions(*box)
        if regions:
            x, y = together(list(regions.values()))
            colors = [class_color(index) for index in regions]
            update(self._regions, x=x, y=y, colors=colors, fill_colors=colors, fill_opacities=[0.1] * len(colors))
        self._regions.visible = bool(regions)
        if borders:
            x, y = together(borders)
            update(self._border, x=x, y=y)
        self._border.visible = bool(borders)

    def _place(self, land: Landscape) -> str:
        """Say how far the dream is from the middle of its class, beside what real members are."""
        targets = self.session.objective.targets
        here = self._track.features[None]
        said: list[str] = []
        for target in targets or tuple(land.centroids):
            members = land.population.members(target)
            if len(members):
                away = float(distances(here, members.centroid[None]))
                usual = float(members.distances.median())
                name = self.session.classes.said(target)
                said.append(f"{away:.3g} from the centre of {name} (its real members: {usual:.3g} in the middle)")
        where = "; ".join(said[:2])
        return f"Step {self.session.step_count:,}: {where}." if where else ""
