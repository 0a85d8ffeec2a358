"""When the next frame is due."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class Pacer:
    """Decides when the next frame is due.

    At most `rate` a second. The front end reports which frame it painted last, twice a second and rarer at full pace;
    where that is long ago the pace is halved, down to `slowest`, and doubled again where it keeps up. A silent front
    end costs little and never stalls the run.

    Parameters
    ----------
    rate, slowest : float
        Frames a second.
    clock : callable
        Seconds, monotonic.
    """

    LATE = 1.0  # seconds from sending a frame to hearing that it was painted
    SILENCE = 3.0  # seconds without a report after which nobody seems to be looking

    def __init__(self, rate: float = 30.0, slowest: float = 2.0, clock: Clock = time.monotonic) -> None:
        self._shortest, self._longest = 1 / rate, 1 / slowest
        self._clock = clock
        self._interval = self._shortest
        self._sent: deque[tuple[int, float]] = deque(maxlen=256)
        self._last_frame = -1e9
        self._waiting_since: float | None = None

    @property
    def interval(self) -> float:
        """Seconds between two frames at the present pace."""
        return self._longest if self.silence > self.SILENCE else self._interval

    @property
    def silence(self) -> float:
        """Seconds for which frames were sent and no report came; 0 where none is awaited."""
        since = self._waiting_since  # read once: the front end may be heard on another thread meanwhile
        return 0.0 if since is None else self._clock() - since

    def due(self) -> bool:
        """Tell whether a frame may be sent now."""
        return self._clock() - self._last_frame >= self.interval

    def sent(self, number: int) -> None:
        """Note that frame `number` was sent."""
        now = self._clock()
        # Kept on the beat, so that a step that comes a little late does not slow the rhythm down.
        self._last_frame = max(now - self.interval / 2, self._last_frame + self.interval)
        self._sent.append((number, now))
        if self._waiting_since is None:
            self._waiting_since = now

    def heard(self) -> None:
        """Note that the front end has said something: it is there."""
        self._waiting_since = None

    def reported(self, number: int) -> None:
        """Note that the front end has painted frame `number`."""
        now = self._clock()
        self.heard()
        painted = next((when for sent, when in list(self._sent) if sent >= number), now)
        late = now - painted > self.LATE
        slower, faster = self._interval * 2, self._interval / 2
        self._interval = min(slower, self._longest) if late else max(faster, self._shortest)
