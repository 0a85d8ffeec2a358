"""What came of a sweep: a row and a sequence a dream, to be looked at, kept, and gone on with."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.files import write_whole
from seqdream_widget.parameters import whole
from seqdream_widget.session import Session
from seqdream_widget.sweeps.extras import needed
from seqdream_widget.sweeps.findings import Motifs, agreement_of, motifs_of
from seqdream_widget.sweeps.grid import Grid
from seqdream_widget.sweeps.motifs import ALIKE
from seqdream_widget.sweeps.origin import Origin
from seqdream_widget.sweeps.plots import plotted_motifs, plotted_verdicts
from seqdream_widget.sweeps.studio import Outcome, Studio
from seqdream_widget.sweeps.table import table_of

if TYPE_CHECKING:
    from seqdream_widget.sweeps.gallery import Explorer
    from seqdream_widget.widget import SeqDream


class Atlas:
    """The dreams of a sweep. `sd.sweep` makes it, `Atlas.load` reads it.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a dream: ``objective``, ``target`` (names of classes), ``start``, ``regularizers``, ``seed``,
        ``learning_rate``; ``verdict`` and ``reason``, ``probability`` (of the target; of the class predicted where
        there is none), the other figures of `sd.plausibility`, ``nearest`` (index of the nearest real sequence);
        ``score``, ``steps`` (taken), ``batch``, ``threads``, ``device``; ``failure`` (why it did not come to its end,
        empty where it did). Without data, and where a dream failed, verdict and figures are missing.
    sequences : array of shape (dream, channel, time)
        float32; of a dream that stopped the last finite one, NaN where something raised.
    seconds : array of shape (dream,)
        Each dream's share of the time that its batch took. It is no part of the table, which is the same each time.
    model, data
        What was dreamed on; ``None`` in an atlas that was loaded without.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> atlas = sd.sweep(
    ...     demo.model, data=demo.data, objectives=[sd.objectives.Logit(1)], seeds=range(2), steps=3, progress=False
    ... )
    >>> len(atlas.table), atlas.sequences.shape
    (2, (2, 1, 500))
    """

    def __init__(  # noqa: PLR0917 - as they are documented
        self,
        table: Any,
        sequences: Float32[NDArray[np.float32], "dream channel time"],
        seconds: NDArray[np.float64],
        origin: Origin,
        model: nn.Module | None = None,
        data: SequenceDataset | None = None,
    ) -> None:
        self.table = table
        self.sequences = sequences
        self.seconds = seconds
        self.origin = origin
        self.model = model
        self.data = data

    @staticmethod
    def of(
        model: nn.Module, data: SequenceDataset | None, studio: Studio, grid: Grid, outcomes: Sequence[Outcome]
    ) -> Atlas:
        """Make the atlas of a sweep from what came of its dreams, in their order."""
        origin = Origin.of(studio, grid, data)
        sequences = np.stack([outcome.sequence for outcome in outcomes])
        seconds = np.array([outcome.seconds for outcome in outcomes])
        return Atlas(table_of(studio, grid, outcomes), sequences, seconds, origin, model, data)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        """Tell how many dreams there are, and of what; never print arrays."""
        _, channels, time = self.sequences.shape
        counts = self.table["target"].replace("", "no class").value_counts(sort=False).items()
        failed = int((self.table["failure"] != "").sum())
        said = ", ".join(f"{target} {count}" for target, count in counts)
        return f"Atlas({len(self)} dreams of {channels} × {time} samples: {said}{f'; {failed} failed' * (failed > 0)})"

    # ---- on disk ------------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write it as one Parquet file: the table, and ``sequence`` and ``seconds`` as further columns.

        What the dreams were made of is in the metadata of the file; model and data are not.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        ImportError
            If pyarrow is not there; the message says how to get it.
        OSError
            If it cannot be written; a file that was there before is there still.
        """
        pa, pq = needed("pyarrow"), needed("pyarrow.parquet")
        made = pa.Table.from_pandas(self.table, preserve_index=False)
        flat = pa.array(self.sequences.reshape(-1))
        size = self.sequences.shape[1] * self.sequences.shape[2]
        made = made.append_column("sequence", pa.FixedSizeListArray.from_arrays(flat, size))
        made = made.append_column("seconds", pa.array(self.seconds))
        made = made.append_column("recipe", pa.array(self.origin.recipe))
        made = made.append_column("start_number", pa.array(self.origin.start))
        told = {
            b"seqdream_atlas": json.dumps(self.origin.described, allow_nan=False).encode(),
            b"seqdream_tensors": base64.b64encode(save_tensors(self.origin.tensors)),
        }
        sink = pa.BufferOutputStream()
        pq.write_table(made.replace_schema_metadata({**(made.schema.metadata or {}), **told}), sink)
        write_whole(Path(path), sink.getvalue().to_pybytes())

    @staticmethod
    def load(
        path: str | Path,
        model: nn.Module | None = None,
        data: SequenceDataset | None = None,
        objects: Mapping[str, Any] | None = None,
    ) -> Atlas:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or Path
        model, data
            What was dreamed on, to go on from its dreams.
        objects : mapping of str to object, optional
            Classes of objectives and regularizers that are not the package's, by ``module:qualname``.

        Raises
        ------
        ValueError
            If it is no such file.
        ImportError
            If pandas or pyarrow are not there; the message says how to get them.
        """
        needed("pandas")
        pa, pq = needed("pyarrow"), needed("pyarrow.parquet")
        path = Path(path)
        content = path.read_bytes()
        try:
            read = pq.read_table(io.BytesIO(content))
            metadata: dict[bytes, bytes] = read.schema.metadata or {}
            described = json.loads(metadata[b"seqdream_atlas"])
            tensors = load_tensors(base64.b64decode(metadata[b"seqdream_tensors"], validate=True))
            shape = tuple(described["shape"])
            sequences = read["sequence"].combine_chunks().values.to_numpy().reshape(-1, *shape)
            seconds, recipe, start = (read[name].to_numpy() for name in ("seconds", "recipe", "start_number"))
            table = read.drop_columns(["sequence", "seconds", "recipe", "start_number"]).to_pandas()
        except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
            raise ValueError(f'"{path.name}" is no atlas ({type(error).__name__}: {error})') from None
        return Atlas(table, sequences, seconds, Origin(described, tensors, objects or {}, recipe, start), model, data)

    # ---- what they agree on -------------------------------------------------------------------------------------

    def motifs(self, least: float = ALIKE, width: int | None = None) -> Motifs:
        """Cluster the dreams of each class by what is salient in them, whatever the shift.

        Parameters
        ----------
        least : float
            Similarity to the dream in the middle of a cluster from which on another belongs to it, −1 … 1.
        width : int, optional
            Samples of a motif; an eighth of the sequence unless given.

        Raises
        ------
        ValueError
            If one is out of bounds.

        Notes
        -----
        ``docs/sweeps.md`` says what is salient, and what similar.
        """
        return motifs_of(self, least, width)

    def agreement(self, least: float = ALIKE, width: int | None = None) -> Any:
        """Tell whether seeds agree: a row for each objective, start and setting of regularizers.

        Parameters and errors are those of `motifs`.

        Returns
        -------
        pandas.DataFrame
            ``seeds`` that did not fail; ``similarity`` of two of them, the mean, and ``least_similar``; into how many
            ``motifs`` they fall, and the ``share`` of the most frequent one.
        """
        return agreement_of(self, least, width)

    def plot_verdicts(self) -> Any:
        """Draw where the dreams of each objective lie; returns the matplotlib figure."""
        return plotted_verdicts(self)

    def plot_motifs(self, least: float = ALIKE, width: int | None = None, most: int = 4) -> Any:
        """Draw the most frequent motifs of each class; returns the matplotlib figure.

        Parameters
        ----------
        least, width
            As for `motifs`.
        most : int
            Of each class, 1 to 20.

        Raises
        ------
        ValueError
            If a number is out of bounds.
        """
        return plotted_motifs(self, least, width, whole("most", most, 1, 20))

    # ---- going on -----------------------------------------------------------------------------------------------

    def session(self, dream: int) -> Session:
        """Return a session that begins where a dream has ended, with its objective and regularizers.

        Parameters
        ----------
        dream : int
            Its row.

        Raises
        ------
        ValueError
            If there is no such row, it has no sequence, or the atlas was loaded without model or data.
        """
        row = self._row(dream)
        if not np.isfinite(self.sequences[row]).all():
            raise ValueError(f"dream {row} has no sequence: {self.table['failure'].iloc[row]}")
        return self._session(row, start=torch.tensor(self.sequences[row]))

    def again(self, dream: int, progress: bool = False) -> Session:
        """Dream one again from its start, step by step: a session with its history and its log.

        It is the first of a batch as large as that of the sweep, whose other dreams only fill it up: so it comes to
        the same bits.

        Parameters
        ----------
        dream : int
            Its row.
        progress : bool
            Show a progress bar.

        Raises
        ------
        ValueError, StepError
            As `session`; as `Session.run` does.

        Examples
        --------
        >>> import seqdream_widget as sd
        >>> demo = sd.load_demo("shortcut")
        >>> atlas = sd.sweep(
        ...     demo.model, data=demo.data, objectives=[sd.objectives.Logit(1)], seeds=range(3), steps=5, progress=False
        ... )
        >>> bool((atlas.again(2).sequence[0].numpy() == atlas.sequences[2]).all())
        True
        """
        row = self._row(dream)
        origin = self.origin
        session = self._session(row, start=origin.start_of(row, self.data), batch_size=origin.described["batch"])
        session.run(origin.described["steps"], progress=progress)
        return session

    def open(self, dream: int) -> SeqDream:
        """Return a widget that goes on from a dream by hand; it has the errors of `session`."""
        from seqdream_widget.widget import SeqDream  # noqa: PLC0415 - the engine needs no widgets

        return SeqDream(session=self.session(dream))

    def show(self) -> Explorer:
        """Return the gallery: cards by class and verdict, to sort and to filter; one opens below and goes on by hand.

        Raises
        ------
        ValueError
            If there are more than 20,000 dreams.
        """
        from seqdream_widget.sweeps.gallery import Explorer  # noqa: PLC0415 - the engine needs no widgets

        return Explorer(self)

    def _session(self, row: int, **settings: Any) -> Session:
        if self.model is None or (self.data is None and self.origin.described["data"] is not None):
            raise ValueError("the atlas was loaded without its model or data; give Atlas.load(path, model, data=data)")
        seed = int(self.table["seed"].iloc[row])
        return self.origin.session(row, self.model, self.data, seed=seed, **settings)

    def _row(self, dream: int) -> int:
        return whole("dream", dream, 0, len(self) - 1)
