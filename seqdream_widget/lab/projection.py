"""Features on a map: a projection to two dimensions."""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast

import torch
from jaxtyping import Float
from torch import Tensor

from seqdream_widget.untyped import linalg


class Projection(Protocol):
    """Puts features on a map."""

    words: str
    """What kind of map it is, for people."""

    def points(self, features: Float[Tensor, "row feature"]) -> Float[Tensor, "row 2"]:
        """Return where features lie on the map."""
        ...


class PCA:
    """The plane of greatest variance through the mean.

    Parameters
    ----------
    features : Tensor of shape (row, feature)

    Attributes
    ----------
    mean : Tensor of shape (feature,)
    components : Tensor of shape (2, feature)
        Orthonormal; zero where the features have only one dimension.

    Notes
    -----
    Pearson 1901, "On lines and planes of closest fit to systems of points in space", doi 10.1080/14786440109462720.

    Examples
    --------
    >>> PCA(torch.tensor([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0]])).points(torch.tensor([[7.0, 2.0, 0.0]])).abs()
    tensor([[1., 0.]])
    """

    def __init__(self, features: Float[Tensor, "row feature"]) -> None:
        self.mean = features.mean(dim=0)
        centred = (features - self.mean).double()
        svd: Any = linalg.svd
        _, size, axes = cast("tuple[Tensor, Tensor, Tensor]", svd(centred, full_matrices=False))
        found = axes[:2] * (size[:2, None] > 1e-9 * size[:1, None])
        found = torch.cat([found, found.new_zeros(2 - len(found), features.shape[1])])
        # Each points to where its largest number is positive: the same map each time.
        largest = found.gather(1, found.abs().argmax(dim=1, keepdim=True))
        self.components = (found * torch.where(largest < 0, -1.0, 1.0)).to(features.dtype)
        share = float(size[:2].square().sum() / size.square().sum().clamp_min(1e-300))
        self.words = f"The two main directions (PCA) hold {share:.0%} of the variance of the features"

    def points(self, features: Float[Tensor, "row feature"]) -> Float[Tensor, "row 2"]:
        """Return where features lie on the map."""
        return (features - self.mean) @ self.components.T


class UMAP:
    """A map that keeps neighbours together, by umap-learn; distances on it say little.

    Parameters
    ----------
    features : Tensor of shape (row, feature)

    Raises
    ------
    ImportError
        If umap-learn is not installed.

    Notes
    -----
    McInnes, Healy, Melville 2018 (arXiv 1802.03426).
    """

    words = "UMAP keeps neighbours together; distances and the way between two clumps say little"

    def __init__(self, features: Float[Tensor, "row feature"]) -> None:
        try:
            umap: Any = importlib.import_module("umap")
        except ImportError as error:
            raise ImportError(
                'projection="umap" needs umap-learn: pip install "seqdream_widget[umap]", or take "pca"'
            ) from error
        self._fitted = umap.UMAP(n_components=2, random_state=0, n_jobs=1).fit(features.numpy())

    def points(self, features: Float[Tensor, "row feature"]) -> Float[Tensor, "row 2"]:
        """Return where features lie on the map."""
        return torch.as_tensor(self._fitted.transform(features.numpy())).to(features.dtype)


PROJECTIONS: dict[str, type[Any]] = {"pca": PCA, "umap": UMAP}
