"""The model as the engine holds it: sequences in, logits, features and activations out."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any, cast

import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from seqdream_widget.arguments import known_model
from seqdream_widget.datasets import SequenceDataset
from seqdream_widget.devices import device_of
from seqdream_widget.errors import is_a, kind_of, unknown
from seqdream_widget.keywords import known_keywords_only
from seqdream_widget.probe.activity import Activity
from seqdream_widget.probe.custody import fingerprint, freeze, private_copy
from seqdream_widget.probe.folding import folded
from seqdream_widget.probe.inputs import LAYOUTS, examples, find_layout
from seqdream_widget.probe.listing import Layers
from seqdream_widget.probe.network import Network, Tap, last_linear
from seqdream_widget.probe.outputs import Tail, logits_of, tail_of, tensor_of
from seqdream_widget.probe.straight import Straight, straightened
from seqdream_widget.starts import shape_of
from seqdream_widget.threads import intra_op_threads


class Probe:
    """A private, frozen copy of a model in eval mode.

    The copy is taken once: the user's model is never changed, and may go on being trained meanwhile. Only a model that
    cannot be copied is borrowed, for the time of each call, which a warning says.

    Parameters
    ----------
    model : nn.Module
        Any classifier of sequences. It may take ``(N, C, T)``, ``(N, T, C)`` or ``(N, T)``. It returns logits
        ``(N, class)``, or one number ``(N, 1)`` or ``(N,)`` for two classes, as a tensor, first in a tuple, or as
        ``logits`` of an object or dict. Where it ends with a softmax or sigmoid, logits are made of its probabilities,
        and a warning says so.
    channels, length : int
        The shape of one sequence.
    device : torch.device or str, optional
        Where to run; where the model is unless given.
    layout : str, optional
        How the model takes its input: ``"(N, C, T)"``, ``"(N, T, C)"`` or ``"(N, T)"``; found by trying unless given.
    features : str, optional
        The layer whose output, flattened, is the penultimate features; unless given they are the input of the last
        ``Linear``.

    Attributes
    ----------
    device : torch.device
    dtype : torch.dtype
        Of what the model is given.
    sequence_dtype : torch.dtype
        Of the sequences, and of all that `Activity` has: float32 for a model in half precision, else the model's.
    layout : str
        The input layout, e.g. ``"(N, C, T)"``.
    tail : str
        ``"softmax"`` or ``"sigmoid"`` where the model ends with one, else empty.
    n_classes : int
        The number of logits.
    layers : mapping of str to tuple of int
        The layers that can be asked for, in the order in which they end, with the shapes of their outputs without the
        batch; see `sd.layers`.
    feature_layer : str or None
        The layer that `Activity.features` are taken from; ``None`` where there is no ``Linear``, or hooks do not reach
        it (TorchScript): the features are the logits then.
    folded : bool
        Whether BatchNorm was folded into the convolutions (checked to change logits and features by less than 1e-5
        relative to their size). Where a layer is asked for whose output would change, the unfolded copy answers.
    borrowed : bool
        Whether the model is the user's own, because it cannot be copied.

    Raises
    ------
    ShapeError
        If no layout works; the message says what was tried and what came back.
    ValueError
        If no gradient reaches the input, the model has several labels, or a name is unknown.
    TypeError
        If `model` is no ``nn.Module``.
    RuntimeError
        Under ``torch.inference_mode()``.

    Notes
    -----
    An input of the last ``Linear`` that has a time axis, (batch, time, feature), is averaged over time: such a model
    classifies every time step and pools then.
    """

    def __init__(
        self,
        model: nn.Module,
        channels: int,
        length: int,
        device: torch.device | str | None = None,
        *,
        layout: str | None = None,
        features: str | None = None,
    ) -> None:
        refuse_inference_mode()
        model = _unwrapped(known_model(model))
        first = next((p for p in model.parameters() if p.is_floating_point()), torch.empty(0))
        self.device = first.device if device is None else device_of(device)
        self.dtype = first.dtype
        # In half precision small updates would be rounded away, and torch has no distances.
        self.sequence_dtype = torch.promote_types(self.dtype, torch.float32)
        private = private_copy(model)
        self.borrowed = private is None
        if private is None and self.device != first.device:
            raise ValueError(f"the model cannot be copied, so it runs where it is: on {first.device}, not {device}")
        self._plain = Network(model if private is None else private.to(self.device), lent=self.borrowed)
        varied = examples(channels, length, self.dtype, self.device)
        # One thread: these are a few short calls, and waiting threads cost more than they bring.
        with torch.enable_grad(), intra_op_threads(1):
            self.layout = find_layout(self._plain, varied[:2], layout)
            self._arrange = LAYOUTS[self.layout]
            if self._plain.draws:
                warnings.warn(
                    "the model draws random numbers in eval mode, e.g. by functional dropout without "
                    "training=self.training: every call is given the same ones",
                    stacklevel=2,
                )
            self._works_in_place = self._changes(varied.clone())
            self._read_tail(varied)
            self._example = varied[:2]
            self._list_layers(features)
            self._folded = self._fold()
        # For each choice of layers the network that answers, and where it catches what is wanted.
        self._answering: dict[tuple[str, ...], tuple[Network | Straight, tuple[Tap, ...]]] = {}
        self._choose(())

    def __call__(self, x: Float[Tensor, "batch channel time"], layers: tuple[str, ...] = ()) -> Activity:
        """Run the model on a batch of sequences.

        Parameters
        ----------
        x : Tensor of shape (batch, channel, time)
        layers : tuple of str
            Layers whose outputs are wanted, by dotted name.

        Raises
        ------
        ValueError
            If a layer is unknown; the message lists the known ones.
        """
        network, taps = self._answering.get(layers) or self._choose(layers)
        # A copy where the model begins with an operation in place, which must reach neither θ nor the penalties.
        given = x.to(device=self.device, dtype=self.dtype, copy=self._works_in_place)
        output, caught = network(self._arrange(given), taps)
        logits = self._read(output)
        if len(caught) < len(taps):
            missed = next(tap.name for tap in taps if tap not in caught)
            raise ValueError(f'the model did not call its layer "{missed}" for this sequence')
        wide = self.sequence_dtype
        features = logits if self._feature_tap is None else _one_row_each(caught, self._feature_tap).to(wide)
        return Activity(logits, x, features, {name: caught[Tap(name)].to(wide) for name in layers} if layers else {})

    @property
    def example(self) -> Float[Tensor, "2 channel time"]:
        """Two sequences such as the model takes, to find out with what it does."""
        return self._example.clone()

    @torch.no_grad()
    def classifier(self) -> tuple[Float[Tensor, "class feature"], Float[Tensor, " class"]] | None:
        """Return weight and bias of the last ``Linear``, where it alone makes the logits of the features.

        Of a model with one output the first class has logit 0. Logits are told up to what all classes share.
        """
        if self._feature_tap is None or not self._feature_tap.given:
            return None
        linear = cast("nn.Linear", self._plain.module.get_submodule(self._feature_tap.name))
        given = cast("Tensor | None", linear.bias)
        weight = linear.weight.detach().float().cpu()
        bias = torch.zeros(len(weight)) if given is None else given.detach().float().cpu()
        if len(weight) == 1:
            weight, bias = (torch.cat([torch.zeros_like(value), value]) for value in (weight, bias))
        activity = self(self._example)
        mine = (activity.features.float().cpu() @ weight.T + bias).softmax(dim=1)
        theirs = activity.probabilities().float().cpu()
        return (weight, bias) if mine.shape == theirs.shape and _close(mine, theirs) else None

    @property
    def folded(self) -> bool:
        """Whether BatchNorm was folded into the convolutions."""
        return self._folded is not None

    @property
    def reentrant(self) -> bool:
        """Whether several threads may call it at once: it is straight-line code, which leaves nothing behind."""
        return isinstance(self._answering[()][0], Straight)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that tell models apart: SHA-256 of architecture, parameters and buffers."""
        # A borrowed model may change; a copy does not.
        return fingerprint(self._plain.module) if self.borrowed else self._own_fingerprint

    @functools.cached_property
    def _own_fingerprint(self) -> str:
        return fingerprint(self._plain.module)

    def _read(self, output: object) -> Tensor:
        found = tensor_of(output)
        # A model that squeezes loses the batch where it is one sequence.
        logits = logits_of(found if found.ndim == self._output_axes else found[None], self.tail)
        return logits.to(self.sequence_dtype)

    # ---- what is found out once ---------------------------------------------------------------------------------

    def _changes(self, x: Tensor) -> bool:
        """Find out whether the model works in place on what it is given, by torch's count of changes."""
        with torch.no_grad():
            self._plain(self._arrange(x))
        return x._version > 0  # pyright: ignore[reportPrivateUsage] - torch's only way to tell

    def _read_tail(self, varied: Tensor) -> None:
        """Find out what the output is, and that a gradient reaches the input."""
        x = varied.clone().requires_grad_()
        try:
            output = tensor_of(self._plain(self._arrange(x.clone()))[0])
            if not output.is_floating_point():
                raise ValueError(_NO_GRADIENT.format(f"it returns {str(output.dtype).removeprefix('torch.')}"))
            self._output_axes = output.ndim
            self.tail: Tail = tail_of(output)
            logits = logits_of(output, self.tail)
            self.n_classes = logits.shape[1]
            gradient = None
            if logits.requires_grad:
                # Weights of their own, since the sum of a softmax has no gradient.
                weights = torch.arange(1, self.n_classes + 1, dtype=logits.dtype, device=logits.device)
                (gradient,) = torch.autograd.grad((logits * weights).sum(), x, allow_unused=True)
        except RuntimeError as error:
            raise ValueError(_NO_GRADIENT.format(f"{type(error).__name__}: {error}")) from error
        if gradient is None:
            raise ValueError(_NO_GRADIENT.format("what it returns does not depend on it for autograd"))
        if not gradient.any():
            raise ValueError(_NO_GRADIENT.format("it is zero for every sequence that was tried"))
        if self.tail:
            warnings.warn(
                f"the model ends with a {self.tail}: its outputs are taken as probabilities, and logits made of them. "
                f"Give the model without its {self.tail}: gradients vanish where it saturates",
                stacklevel=2,
            )

    def _list_layers(self, features: str | None) -> None:
        """List the layers, and choose the one that the penultimate features are taken from."""
        output, calls = self._plain.trace(self._arrange(self._example.clone().requires_grad_().clone()))
        batch = len(self._example)
        self.layers = Layers(calls, batch)
        self.feature_layer = features
        if features is not None:
            self._check_layer(features)
            self._feature_tap = Tap(features)
            return
        found = tensor_of(output)
        width = found.shape[1] if found.ndim > 1 else 1
        self.feature_layer = last_linear(calls, self._plain.module, width, batch)
        self._feature_tap = None if self.feature_layer is None else Tap(self.feature_layer, given=True)

    @torch.no_grad()
    def _fold(self) -> Network | None:
        """Fold BatchNorm where that can be done and changes nothing."""
        network = None
        if not self.borrowed and any(isinstance(part, nn.BatchNorm1d) for part in self._plain.module.modules()):
            try:
                module = folded(self._plain.module)
                freeze(module)
                network = Network(module)
                network.draws = self._plain.draws
            except Exception:  # noqa: BLE001 - not every model can be traced; folding is only an optimization
                network = None
        return network if network is not None and self._agrees(network, self._taps(())) else None

    def _choose(self, layers: tuple[str, ...]) -> tuple[Network | Straight, tuple[Tap, ...]]:
        """Choose the folded network where it gives the same outputs of these layers: of them and the model alone."""
        for name in layers:
            self._check_layer(name)
        taps = self._taps(layers)
        for tap in taps:
            self._plain.tap(tap)
        fits = self._folded is not None and all(self._agrees(self._folded, (tap,)) for tap in taps)
        network = self._folded if fits and self._folded is not None else self._plain
        with torch.enable_grad(), intra_op_threads(1):
            straight = straightened(network, taps, self._arrange(self._example))
        self._answering[layers] = (straight or network, taps)
        return self._answering[layers]

    def _taps(self, layers: tuple[str, ...]) -> tuple[Tap, ...]:
        own = () if self._feature_tap is None else (self._feature_tap,)
        return own + tuple(Tap(name) for name in layers if Tap(name) not in own)

    @torch.no_grad()
    def _agrees(self, folded: Network, taps: tuple[Tap, ...]) -> bool:
        """Whether the folded network gives the same output, and its taps catch the same, within 1e-5."""
        try:
            for network in (self._plain, folded):
                for tap in taps:
                    network.tap(tap)
            (ours, ours_caught), (theirs, theirs_caught) = (
                network(self._arrange(self._example.clone()), taps) for network in (self._plain, folded)
            )
            pairs = [(tensor_of(ours), tensor_of(theirs)), *((ours_caught[tap], theirs_caught[tap]) for tap in taps)]
            return all(_close(one, other) for one, other in pairs)
        except Exception:  # noqa: BLE001 - a layer that folding has dissolved, or a traced model that fails
            return False

    def _check_layer(self, name: str) -> None:
        if name not in self.layers:
            raise ValueError(unknown("layer", name, self.layers))


@known_keywords_only
def layers(model: nn.Module, example: SequenceDataset | int | NDArray[Any] | Tensor) -> Layers:
    """List the layers of a model that objectives can name, with the shapes of their outputs.

    Parameters
    ----------
    model : nn.Module
        It is not changed.
    example : SequenceDataset, int, array or Tensor
        What the model takes: data, the length of a sequence of one channel, or a sequence of shape (time,),
        (channel, time) or (batch, channel, time).

    Returns
    -------
    Layers
        A dict of dotted names and shapes without the batch, in the order in which the layers end. The first number is
        the channel, the second the time. What recurrent, attention, encoder and linear layers and ``LayerNorm``
        return as (batch, time, feature) counts as (batch, channel, time): the feature is the channel. Other outputs
        are listed as they are. Of a tuple the first tensor counts, of several calls the last. Layers that are never
        called, as inside TorchScript, are not listed.

    Raises
    ------
    ShapeError, ValueError, TypeError
        If the model takes no such sequence, is no classifier, or is no module.

    Examples
    --------
    >>> import seqdream_widget as sd
    >>> demo = sd.load_demo("forda")
    >>> sd.layers(demo.model, demo.data)["block1.conv1"]
    (16, 500)
    """
    if is_a(example, str | None):
        raise TypeError(f"layers: the example is {kind_of(example)}; give data, a length, or a sequence")
    data = example if isinstance(example, SequenceDataset) else None
    length = int(example) if isinstance(example, int) else None
    start = "zeros" if data is not None or length is not None else example
    return Probe(model, *shape_of(start, data, length, None)).layers


def refuse_inference_mode() -> None:
    """Refuse to work where torch makes tensors that never have a gradient.

    Raises
    ------
    RuntimeError
        If it does.
    """
    if torch.is_inference_mode_enabled():
        raise RuntimeError(
            "torch.inference_mode() is on: what is made in it never has a gradient, and a dream climbs one. Leave it "
            "first; torch.no_grad() does no harm"
        )


_NO_GRADIENT = (
    "no gradient of the model reaches its input: {}. A dream climbs that gradient: give a model without detach(), "
    "no_grad, argmax, rounding or whole numbers between input and logits"
)


def _unwrapped(model: nn.Module) -> nn.Module:
    """Return what torch.compile or DataParallel has wrapped: its layers have their own names, and it can be copied."""
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return _unwrapped(cast("nn.Module", model.module))  # pyright: ignore[reportUnknownMemberType] - generic in torch
    inner = getattr(model, "_orig_mod", None)
    return inner if isinstance(inner, nn.Module) else model


def _one_row_each(caught: Mapping[Tap, Tensor], tap: Tap) -> Tensor:
    """Return what a tap caught as (batch, feature)."""
    value = caught[tap]
    if tap.given and value.shape[2:]:  # (batch, time, feature): classified per time step, then pooled
        return value.flatten(1, -2).mean(dim=1)
    return value.flatten(1) if value.ndim > 1 else value[None]


def _close(one: Tensor, other: Tensor) -> bool:
    scale = one.abs().amax().clamp_min(1.0).item()
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-5, atol=1e-5 * scale)
