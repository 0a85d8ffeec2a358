"""Labelled sequences: what the model was trained on, as the rest of the package reads it."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Iterable, Sequence, Sized
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy.typing import ArrayLike
from torch import Tensor

from seqdream_widget import archive
from seqdream_widget.arrays import array_of, finite
from seqdream_widget.classes import Classes
from seqdream_widget.errors import ShapeError, is_a, kind_of, shown
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.labels import abbreviated, classes_of, labels_of, names_of


class SequenceDataset:
    """Sequences with their classes, checked once so that nobody has to check again.

    Parameters
    ----------
    x : array-like of shape (n, channel, time) or (n, time)
        The sequences, as a numpy array, a tensor, nested lists or a frame of pandas with a row a sequence. Two
        dimensions mean one channel. Values are converted to float32 and copied to the CPU; all must be finite.
    y : array-like of shape (n,)
        One label per sequence: integers, floats, strings, numpy or torch.
    class_names : sequence of str, optional
        One name per class, without repetition. With K names, integer labels that all lie in
        0 … K−1 are indices; otherwise strings that are all among the names are matched by name;
        otherwise the sorted distinct labels must be exactly K and are matched in order.
        Without it the names are the sorted distinct labels as text.
    channel_names : sequence of str, optional
        One name per channel, without repetition.
    sample_rate : float, optional
        Samples per second, above 0. None where it is not known.
    unit : str or sequence of str, optional
        Unit of the values for people, such as ``"bar"``: one for all channels, or one per channel.
    scale : pair of array-like, optional
        Mean and standard deviation per channel, ``(means, stds)``, of the values before they were
        standardized: for a model that sees z-scores and people who want ``value * std + mean``.

    Attributes
    ----------
    x : Tensor of shape (n, channel, time)
        float32, contiguous, on the CPU.
    y : Tensor of shape (n,)
        int64, indices into `class_names`.
    class_names : tuple of str
    channel_names : tuple of str, or None
    sample_rate : float, or None
    unit : str, tuple of str, or None
    scale : pair of tuple of float, or None

    Raises
    ------
    ShapeError
        If the shapes do not fit each other or something is empty. It is a `ValueError`.
    ValueError
        If values are not finite, labels do not fit the names, or metadata is out of bounds.

    Examples
    --------
    >>> data = SequenceDataset([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]], [-1, 1], ["normal", "abnormal"])
    >>> data.x.shape, data.y.tolist()
    (torch.Size([2, 1, 3]), [0, 1])
    >>> data.members(1).tolist()
    [[[1.0, 0.0, 1.0]]]
    """

    x: Float[Tensor, "n channel time"]
    y: Int64[Tensor, " n"]
    class_names: tuple[str, ...]
    channel_names: tuple[str, ...] | None
    sample_rate: float | None
    unit: str | tuple[str, ...] | None
    scale: tuple[tuple[float, ...], tuple[float, ...]] | None

    @known_keywords_only
    def __init__(  # noqa: PLR0917 - everything after y is known by its name
        self,
        x: ArrayLike | Tensor,
        y: ArrayLike | Tensor,
        class_names: Sequence[str] | None = None,
        channel_names: Sequence[str] | None = None,
        sample_rate: float | None = None,
        unit: str | Sequence[str] | None = None,
        scale: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> None:
        self.x = _sequences(x, len(y) if isinstance(y, Sized) else None)
        names = None if class_names is None else names_of("class_names", class_names)
        indices, self.class_names = classes_of(labels_of(y, len(self.x)), names)
        self.y = torch.tensor(indices, dtype=torch.int64)
        self.channel_names = None if channel_names is None else names_of("channel_names", channel_names)
        self._check_one_per_channel("channel_names", self.channel_names)
        self.sample_rate = None if sample_rate is None else _positive("sample_rate", sample_rate)
        self.unit = unit if unit is None or isinstance(unit, str) else self._checked_units(unit)
        self.scale = None if scale is None else self._checked_scale(scale)

    @classmethod
    @known_keywords_only
    def from_ucr(
        cls,
        name: str,
        split: str,
        root: str | Path | None = None,
        class_names: Sequence[str] | None = None,
    ) -> SequenceDataset:
        """Read a data set of the UCR and UEA archives.

        Parameters
        ----------
        name : str
            Name in the archive, such as ``"FordA"``.
        split : {"train", "test"}
            Part of the data set, in any case.
        root : str or Path, optional
            Directory with ``{name}_{SPLIT}`` as ``.npz`` (arrays ``x`` and ``y``), ``.tsv``
            (label first) or ``.ts`` (needs aeon), there or in its subdirectory `name`; the first
            found in this order is read. Without it, aeon loads and downloads the data set.
        class_names : sequence of str, optional
            As for the constructor. Labels that are numbers sort as numbers, however the file
            writes them.

        Returns
        -------
        SequenceDataset

        Raises
        ------
        FileNotFoundError
            If there is no such file; the message names what was looked for.
        ImportError
            If aeon is needed and not installed.
        ValueError
            If `split` is neither train nor test, or the file does not hold such data.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as root:
        ...     np.savez(f"{root}/Toy_TRAIN.npz", x=np.eye(4), y=[-1, 1, 1, 1])
        ...     SequenceDataset.from_ucr("Toy", "train", root)
        SequenceDataset(4 × 1 × 4, classes: -1 (1), 1 (3))
        """
        if not is_a(name, str):
            raise TypeError(f'the name of a data set is {kind_of(name)}; give a string, such as "FordA"')
        part = split.upper() if is_a(split, str) else ""
        if part not in ("TRAIN", "TEST"):
            raise ValueError(f'split = {shown(split)} is not allowed; give "train" or "test"')
        if root is None:
            return cls(*archive.downloaded(name, part.lower()), class_names=class_names)
        return cls.from_file(archive.file_of(Path(root), name, part), class_names)

    @classmethod
    def from_file(cls, path: str | Path, class_names: Sequence[str] | None = None) -> SequenceDataset:
        """Read sequences and their labels from one file.

        Parameters
        ----------
        path : str or Path
            ``.npz`` with the arrays ``x`` and ``y``, or as the UCR archive has them: ``.tsv`` (label first), ``.ts``
            (needs aeon).
        class_names : sequence of str, optional
            As for the constructor. Labels that are numbers sort as numbers, however the file writes them.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ImportError
            If aeon is needed and not installed.
        ValueError
            If the file does not hold such data.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/toy.npz", x=np.eye(4), y=[-1, 1, 1, 1])
        ...     SequenceDataset.from_file(f"{folder}/toy.npz", ["calm", "wild"])
        SequenceDataset(4 × 1 × 4, classes: calm (1), wild (3))
        """
        return cls(*archive.read(Path(path)), class_names=class_names)

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        counts = torch.bincount(self.y, minlength=self.n_classes)
        named = [f"{name} ({int(n)})" for name, n in zip(self.class_names, counts, strict=True)]
        shape = " × ".join(str(size) for size in self.x.shape)
        return f"SequenceDataset({shape}, classes: {abbreviated(named)})"

    @property
    def n_channels(self) -> int:
        """Channels per sequence."""
        return self.x.shape[1]

    @property
    def length(self) -> int:
        """Samples per sequence and channel."""
        return self.x.shape[2]

    @property
    def n_classes(self) -> int:
        """Classes that have a name; a class may have no member."""
        return len(self.class_names)

    def only(self, *targets: int | str) -> SequenceDataset:
        """Return the sequences of some classes, with all else as it is.

        Parameters
        ----------
        *targets : int or str
            Indices or names of the classes.

        Raises
        ------
        ValueError
            If there is no such class, or one has no members.

        Examples
        --------
        >>> data = SequenceDataset([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 2])
        >>> data.only(0, 2).x.tolist()
        [[[0.0, 1.0]], [[1.0, 1.0]]]
        """
        indices = [Classes(self.class_names).index(target) for target in targets]
        for index in indices:
            if not (self.y == index).any():
                raise ValueError(f'class "{self.class_names[index]}" has no members in the data; choose another')
        kept = torch.isin(self.y, torch.tensor(indices))
        return SequenceDataset(
            self.x[kept], self.y[kept], self.class_names, self.channel_names, self.sample_rate, self.unit, self.scale
        )

    def members(self, index: int) -> Float[Tensor, "member channel time"]:
        """Select the sequences of one class.

        Parameters
        ----------
        index : int
            Index of the class, 0 to `n_classes` − 1.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        if not 0 <= index < self.n_classes:
            raise ValueError(f"class index {index} is not allowed; give one from 0 to {self.n_classes - 1}")
        return self.x[self.y == index]

    def _check_one_per_channel(self, argument: str, values: Sequence[object] | None) -> None:
        if values is not None and len(values) != self.n_channels:
            raise ValueError(
                f"{argument} has {len(values)} entries but x has {self.n_channels} channel(s); give one per channel"
            )

    def _checked_units(self, units: Sequence[str]) -> tuple[str, ...]:
        if not is_a(units, Iterable) or not all(is_a(unit, str) for unit in units):
            raise ValueError(f"unit = {shown(units)} is not allowed; give a string, or one for each channel")
        self._check_one_per_channel("unit", units)
        return tuple(units)

    def _checked_scale(self, scale: tuple[ArrayLike, ArrayLike]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        remedy = f"give (means, stds) with {self.n_channels} number(s) each, one per channel"
        try:
            means, stds = (np.atleast_1d(np.asarray(part, dtype=float)) for part in scale)
        except (TypeError, ValueError) as error:
            raise ValueError(f"scale {scale!r} is not a pair of numbers; {remedy}") from error
        if means.shape != (self.n_channels,) or stds.shape != (self.n_channels,):
            raise ValueError(f"scale has means of shape {means.shape} and stds of shape {stds.shape}; {remedy}")
        if not (np.isfinite(means).all() and np.isfinite(stds).all() and (stds > 0).all()):
            raise ValueError(f"scale {scale!r} is out of bounds: means must be finite, stds finite and above 0")
        return tuple(map(float, means)), tuple(map(float, stds))


def _sequences(x: ArrayLike | Tensor, labels: int | None) -> Float[Tensor, "n channel time"]:
    """Copy numbers of any kind to a contiguous float32 tensor (n, channel, time)."""
    array = array_of("x", x)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ShapeError(f"x has shape {array.shape}; give (n, time) or (n, channel, time), with at least 1 of each")
    if array.ndim == 2:  # noqa: PLR2004 - (n, time): one channel
        if labels == array.shape[1] != len(array):
            raise ShapeError(f"x has shape {array.shape} and there are {labels} labels: a row is a sequence; give x.T")
        array = array[:, None]
    elif array.shape[1] > array.shape[2]:
        told = (
            f"x has {array.shape[1]} channels of {array.shape[2]} samples; if it is (n, time, channel), give "
            "x.transpose(0, 2, 1)"
        )
        warnings.warn(told, stacklevel=4)
    return torch.as_tensor(finite("x", array))


def _positive(argument: str, value: object) -> float:
    number = float(value) if isinstance(value, numbers.Real) and not is_a(value, bool) else math.nan
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{argument} = {shown(value)} is not allowed; give a finite number above 0")
    return number
