"""What can be read of a session, at any time and from any thread."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from seqdream_widget.dreamer import Dreamer
from seqdream_widget.history import History, Trajectory
from seqdream_widget.objectives import Objective
from seqdream_widget.optimizers import OptimizerFactory
from seqdream_widget.parameterizations import Parameterization
from seqdream_widget.regularizers import Regularizer
from seqdream_widget.scene import Scene
from seqdream_widget.segments import segments
from seqdream_widget.timeline import Run


class Readings:
    """What a session tells; sequences are copies of what was last published."""

    _dreamer: Dreamer
    _now: Float[Tensor, "batch channel time"]
    _run: Run
    _step_count: int
    _gradient: Float[Tensor, "batch channel time"] | None  # the last step's, of the loss

    @property
    def step_count(self) -> int:
        """How many steps were taken; 0 is the start."""
        return self._step_count

    @property
    def sequence(self) -> Float[Tensor, "batch channel time"]:
        """The sequence now: float32, on the CPU, a copy."""
        return self._now.clone()

    @property
    def start(self) -> Float[Tensor, "batch channel time"]:
        """The sequence before the first step."""
        return self._dreamer.start.float().cpu().clone()

    @property
    def push(self) -> Float[Tensor, "batch channel time"] | None:
        """Where the last step's gradient pushed each sample, up or down: masked and shaped, at the sequence before it.

        ``None`` before the first step and after a return to the past.
        """
        gradient = self._gradient
        return None if gradient is None else -gradient.float().cpu()

    @property
    def history(self) -> History:
        """What every step measured; see `History`."""
        return self._run.history

    @property
    def trajectory(self) -> Trajectory:
        """The sequences that are kept; see `Trajectory`."""
        return self._run.trajectory

    @property
    def objective(self) -> Objective:
        """What is climbed, with classes as indices."""
        return self._dreamer.objective

    @property
    def scene(self) -> Scene:
        """The model, its classes and the real data."""
        return self._dreamer.scene

    @property
    def regularizers(self) -> tuple[Regularizer, ...]:
        """The regularizers of the run, enabled or not."""
        return self._dreamer.regularizers

    @property
    def stopped(self) -> dict[int, str]:
        """The dreams of a batch that have stopped because something was not finite, and why.

        A stopped dream stays as it was before that step, its rows of the history are NaN from then on, and the others
        go on as if nothing had happened. `Reset` starts all again.
        """
        return dict(self._dreamer.stopped)

    @property
    def learning_rate(self) -> float:
        """The size of an update."""
        return self._dreamer.learning_rate

    @property
    def optimizer(self) -> str | OptimizerFactory:
        """What moves the sequence: a name, or a factory."""
        return self._dreamer.optimizer

    @property
    def parameterization(self) -> Parameterization:
        """What the optimizer owns."""
        return self._dreamer.parameterization

    @property
    def residual(self) -> Float[Tensor, "batch channel time"]:
        """What the parameterization could not express of the sequence when it was last set; zero for samples."""
        return self._dreamer.iterate.residual.float().cpu()

    @property
    def layout(self) -> str:
        """How the model takes its input, e.g. ``"(N, C, T)"``."""
        return self._dreamer.scene.probe.layout

    @property
    def frozen(self) -> list[list[int | None]]:
        """The frozen segments: entries ``[start, stop, channel or None, dream]``."""
        return segments(self._dreamer.frozen.cpu().numpy())

    @property
    def gestures(self) -> tuple[int, ...]:
        """The pointer gestures that hold samples now."""
        return self._dreamer.gestures

    def __repr__(self) -> str:
        """Tell where it is; never print arrays."""
        shape = tuple(self._now.shape)
        return f"{type(self).__name__}(step={self.step_count}, objective={self.objective!r}, shape={shape})"
