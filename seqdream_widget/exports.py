"""What a dream can be written to for people, with this package or without: a page, pictures, a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seqdream_widget import page, picture, raster, table
from seqdream_widget.files import write_whole
from seqdream_widget.graph import COLUMNS
from seqdream_widget.parameters import whole

if TYPE_CHECKING:
    from seqdream_widget.session import Session

MOST_EXPORTED = 2_000_000
"""Numbers that a page can have, of all channels together: some 60 MB of text."""


class Exports:
    """What has a session to write of. Of several dreams the first is written."""

    def _told(self) -> Session:
        """Return the session that is written of."""
        raise NotImplementedError

    def to_html(self, path: str | Path, title: str | None = None) -> Path:
        """Write the whole run as one page that needs no kernel, no network and no file beside it.

        The page plays it and goes to any step: the sequence with start, real range, frozen bands and edits; every term
        as a line and in a table; the settings in force; plausibility at the end; where it comes from. It is at most
        5 MB large: of the sequences of a long run as many are in it as have room, evenly, and the last one exactly.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.
        title : str, optional
            What is climbed, unless given.

        Returns
        -------
        Path
            Where it is.

        Examples
        --------
        >>> import tempfile
        >>> import seqdream_widget as sd
        >>> demo = sd.load_demo("forda")
        >>> session = sd.Session(demo.model, sd.objectives.Logit("abnormal"), data=demo.data)
        >>> session.run(5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     session.to_html(f"{folder}/dream.html").name
        'dream.html'
        """
        return _written(path, page.page(self._told(), title).encode())

    def to_csv(self, path: str | Path) -> Path:
        """Write the sequence now as a table, a row for each sample; `docs/export.md` has the columns.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.

        Returns
        -------
        Path
            Where it is.
        """
        return _written(path, exported(self._told(), "csv").encode())

    def to_svg(self, path: str | Path, channel: int = 0) -> Path:
        """Draw the sequence now for print, with axes, units, legend and title, on white.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.
        channel : int
            Which one is drawn.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        ValueError
            If there is no such channel.
        """
        return _written(path, exported(self._told(), "svg", channel).encode())

    def to_png(self, path: str | Path, channel: int = 0) -> Path:
        """Draw the same as `to_svg`, 2,400 by 1,280 pixels: 300 an inch on 20 cm.

        Letters beyond the Latin ones need the SVG: the font that is at hand everywhere has no others.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.
        channel : int
            Which one is drawn.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        ValueError
            If there is no such channel.
        """
        session = self._told()
        _check_channel(session, channel)
        shapes = session.turn.ask(lambda: picture.drawing(session, _status(session), channel, picture.FINE * COLUMNS))
        return _written(path, raster.png(shapes, picture.SIZE))


def exported(session: Session, form: str, channel: int = 0) -> str:
    """Return the sequence now as text.

    Parameters
    ----------
    session : Session
    form : {"svg", "csv", "numpy"}
    channel : int
        Which one is drawn.

    Raises
    ------
    ValueError
        If there is no such channel.
    """
    _check_channel(session, channel)
    write = {
        "svg": lambda: picture.picture(session, _status(session), channel, for_print=True),
        "csv": lambda: table.csv_text(session),
        "numpy": lambda: table.numpy_text(session),
    }[form]
    return session.turn.ask(write)  # in one go: a widget may be playing it


def sent_to_page(session: Session, form: str, channel: int) -> str:
    """Return the same for a page.

    Raises
    ------
    ValueError
        If there is no such channel, or the sequence is too long to go through a browser.
    """
    count = session.start[0].numel()
    if count > MOST_EXPORTED:
        raise ValueError(
            f"the sequence has {count:,} numbers and a page can have {MOST_EXPORTED:,}; "
            "write it from a cell, such as with w.to_csv(path)"
        )
    return exported(session, form, channel)


def _check_channel(session: Session, channel: int) -> None:
    whole("channel", channel, 0, session.start.shape[1] - 1)


def _status(session: Session) -> str:
    return f"step {session.step_count:,}"


def _written(path: str | Path, content: bytes) -> Path:
    path = Path(path)
    write_whole(path, content)
    return path
