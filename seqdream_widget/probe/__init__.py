"""The user's model, as the engine sees it: sequences ``(batch, channel, time)`` in, logits and activations out.

`probe.py` is what the engine holds; `custody.py` keeps the user's own model as it was, `network.py` catches what layers
do, `inputs.py` and `outputs.py` find out what the model takes and returns, `listing.py` tells people.
"""

from seqdream_widget.probe.activity import Activity
from seqdream_widget.probe.listing import Layers
from seqdream_widget.probe.probe import Probe, layers

__all__ = ["Activity", "Layers", "Probe", "layers"]
