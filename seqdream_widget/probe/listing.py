"""The layers of a model, for people to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from seqdream_widget.probe.network import Call, kind_of


class Layers(dict[str, tuple[int, ...]]):
    """Dotted layer names with the shapes of their outputs, without the batch, in the order in which they end.

    The first number is the channel, the second the time; one number alone is the channel.

    Parameters
    ----------
    calls : iterable of Call
        What was called when the model was run.
    batch : int
        Of how many sequences; a layer whose output does not have these first is left out.
    """

    def __init__(self, calls: Iterable[Call], batch: int) -> None:
        super().__init__()
        self.kinds: dict[str, str] = {}
        for call in calls:
            output = call.output
            if output is not None and output.is_floating_point() and output.ndim > 1 and len(output) == batch:
                self[call.name] = tuple(output.shape[1:])
                self.kinds[call.name] = kind_of(call.module)

    def __repr__(self) -> str:
        """List them as a table: name, kind, shape."""
        name_width = max(map(len, self), default=0)
        kind_width = max(map(len, self.kinds.values()), default=0)
        return "\n".join(
            f"{name:{name_width}}  {self.kinds[name]:{kind_width}}  {' × '.join(map(str, shape))}"
            for name, shape in self.items()
        )
