"""What a layer does with the dream: its activations, channel by channel, along the sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqdream_widget.commands import SetObjective
from seqdream_widget.errors import unknown
from seqdream_widget.lab.controls import button, number_box, row, when_changed
from seqdream_widget.lab.figures import axis, figure, linear, update
from seqdream_widget.lab.untyped import Part, bqplot, ipywidgets
from seqdream_widget.lab.view import View
from seqdream_widget.objectives import Channel
from seqdream_widget.widget import SeqDream

CHANNELS, TIMES = 64, 100
"""What is drawn at most; of more channels the first, of more times neighbours are averaged."""


class LayerActivations(View):
    """The activations of a layer as a heat map, a row a channel. A click on a row makes that channel the objective.

    Parameters
    ----------
    widget : SeqDream
        What it is linked to.
    layer : str, optional
        Dotted name, one of `sd.layers`; the last one with a time axis unless given.

    Raises
    ------
    ValueError
        If there is no such layer.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> w = sd.SeqDream(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
    >>> view = sd.lab.LayerActivations(w, "block2")
    >>> view.aim_at(3)
    >>> w.session.objective
    Channel(layer='block2', channel=3)
    >>> w.close()
    """

    TITLE: ClassVar[str] = "Activations"

    def __init__(self, widget: SeqDream, layer: str | None = None) -> None:
        self._chosen = layer
        super().__init__(widget)

    def build(self) -> Sequence[Part]:
        """Make the menu of layers and the chart.

        Raises
        ------
        ValueError
            If there is no layer of the name that was asked for.
        """
        every = self.session.scene.probe.layers
        self._layers = layers = {name: shape for name, shape in every.items() if shape and not shape[2:]}
        if self._chosen is not None and self._chosen not in layers:
            raise ValueError(unknown("layer", self._chosen, layers))
        if not layers:
            return ()
        timed = [name for name, shape in layers.items() if len(shape) > 1 and shape[1] > 1]
        self._menu = ipywidgets.Dropdown(
            options=[(f"{name}  {' × '.join(map(str, shape))}", name) for name, shape in layers.items()],
            value=self._chosen or (timed or list(layers))[-1],
            description="layer",
        )
        when_changed(self._menu, self.redraw)
        self._number = number_box("channel", 0)
        aim = button(
            "Dream this channel", "objective: the mean of the channel", lambda: self.aim_at(int(self._number.value))
        )
        self._shown = ""
        return row(self._menu, self._number, aim), self._chart()

    def _chart(self) -> Part:
        self._scales = {"x": linear(0.0, 1.0), "y": linear(0.0, 1.0), "color": bqplot.ColorScale(scheme="viridis")}
        self._map = bqplot.HeatMap(color=np.zeros((2, 2)), scales=self._scales, interactions={})
        # A heat map does not say where it was clicked: rows that are not to be seen lie on top of it.
        self._order = bqplot.OrdinalScale(domain=[0])
        self._rows = bqplot.Bars(
            x=[0],
            y=[1.0],
            scales={"x": self._order, "y": linear(0.0, 1.0)},
            orientation="horizontal",
            padding=0.0,
            opacities=[0.0],
            tooltip=bqplot.Tooltip(fields=["x"], labels=["channel"]),
            interactions={"hover": "tooltip"},
            stroke=None,
        )
        self._rows.on_element_click(self._clicked)
        axes = [
            axis(self._scales["x"], "sample", grid=False),
            axis(self._scales["y"], "channel", vertical=True, grid=False),
            bqplot.ColorAxis(scale=self._scales["color"], side="right", orientation="vertical", num_ticks=3),
        ]
        return figure([self._map, self._rows], axes, 300, margin={"right": 64})

    # ---- what people do -----------------------------------------------------------------------------------------

    def aim_at(self, channel: int) -> None:
        """Make a channel of the layer the objective."""
        self.submit(SetObjective(Channel(self._menu.value, channel)))

    @property
    def layer(self) -> str:
        """The layer that is shown; it may be set."""
        return str(self._menu.value)

    @layer.setter
    def layer(self, name: str) -> None:
        if name not in self._layers:
            raise ValueError(unknown("layer", name, self._layers))
        self._menu.value = name

    def _clicked(self, _: object, content: dict[str, Any]) -> None:
        place = content.get("data", {}).get("index")
        if isinstance(place, int):
            self.aim_at(place)

    # ---- what is now --------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Run the dream through the network and draw what the layer does."""
        if not self._layers:
            self.tell("The model has no layers to look into: TorchScript hides them.")
            return
        session, layer = self.session, self.layer
        probe = session.scene.probe
        with torch.no_grad():
            output = probe(session.sequence[:1], (layer,)).layers[layer]
        values = _drawn(output[0].float().cpu())
        if layer != self._shown:
            self._lay_out(layer, *values.shape)
        self._map.color = values
        channels = self._layers[layer][0]
        strongest = int(np.argmax(values.mean(axis=1)))
        more = f" The first {CHANNELS} of {channels} channels are drawn." if channels > CHANNELS else ""
        self.tell(f"Most active is channel {strongest}. Click a row to dream that channel.{more}")

    def _lay_out(self, layer: str, channels: int, times: int) -> None:
        self._shown = layer
        length = self.session.scene.shape[1]
        for scale, high in ((self._scales["x"], length), (self._scales["y"], channels)):
            update(scale, min=0.0, max=float(high))
        middles = (np.arange(times) + 0.5) * length / times
        update(self._map, x=middles, y=np.arange(channels) + 0.5, color=np.zeros((channels, times)))
        self._order.domain = list(range(channels))
        update(self._rows, x=np.arange(channels), y=np.ones(channels))
        self._number.max = self._layers[layer][0] - 1


def _drawn(output: Float[Tensor, "channel ..."]) -> NDArray[np.float64]:
    """Return what is drawn of an output: (channel, time), at least two of each."""
    rows = output[:CHANNELS].reshape(len(output[:CHANNELS]), -1)
    if rows.shape[1] > TIMES:
        rows = torch.nn.functional.adaptive_avg_pool1d(rows[None], TIMES)[0]
    repeats = [2 if size == 1 else 1 for size in rows.shape]
    return rows.repeat(repeats).double().numpy()
