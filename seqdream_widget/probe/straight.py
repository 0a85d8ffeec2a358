"""A network as straight-line code: the same operations, without what it costs to call a module and its hooks.

A step of a small network is so short that this is a tenth of it.
"""

from __future__ import annotations

import builtins
import copy
import dis
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.fx.node import Argument
from torch.nn import functional

from seqdream_widget.probe.network import FEATURES_LAST, Network, Tap, first_tensor
from seqdream_widget.probe.tracing import traced

Run = Callable[[Tensor], tuple[Any, tuple[Tensor, ...]]]


class Straight:
    """Answers as a network does, for one choice of taps.

    Parameters
    ----------
    run : callable
        The code: it returns what the network returns, and what the taps catch.
    taps : tuple of Tap
    """

    def __init__(self, run: Run, taps: tuple[Tap, ...]) -> None:
        self._run = run
        self._taps = taps

    def __call__(self, x: Tensor, wanted: Collection[Tap] = ()) -> tuple[Any, Mapping[Tap, Tensor]]:
        """Return what the network returns, and what its taps caught."""
        del wanted
        output, caught = self._run(x)
        return output, dict(zip(self._taps, caught, strict=True))


def straightened(network: Network, taps: tuple[Tap, ...], example: Tensor) -> Straight | None:
    """Write a network down as straight-line code; ``None`` where that cannot be done, or is not the same to the bit."""
    parts: list[nn.Module] = list(network.module.modules())
    if network.lent or network.draws or network.without_cudnn or not all(map(has_one_way_through, parts)):
        return None
    try:
        # Of a copy: what its code assigns while it is traced stays there.
        straight = Straight(_code_of(traced(copy.deepcopy(network.module)), taps), taps)
        return straight if _same(network, straight, taps, example) else None
    except Exception:  # noqa: BLE001 - not every model can be traced; this is only an optimization
        return None


_FORKS = ("POP_JUMP", "JUMP_IF", "RAISE")
_TRACES = ("STORE_ATTR", "STORE_GLOBAL", "STORE_SUBSCR", "STORE_DEREF", "DELETE", "IMPORT")
_FOREIGN = ("LOAD_DEREF", "LOAD_CLOSURE", "LOAD_NAME", "MAKE_FUNCTION", "YIELD", "BEFORE_WITH", "SETUP")


def has_one_way_through(module: nn.Module) -> bool:
    """Whether the code of a module does the same in every call, as far as reading it tells.

    Torch's own modules do. In code of one's own a branch, an assignment that outlasts the call, or a name that is not
    torch's speaks against it: a model may count its calls.

    Examples
    --------
    >>> has_one_way_through(nn.Sequential(nn.Linear(4, 2), nn.ReLU()))
    True
    """
    kind = type(module)
    if _is_torchs(kind):
        return True
    forward = kind.forward
    if not isinstance(forward, types.FunctionType):
        return False
    own = {name for base in kind.__mro__ if not _is_torchs(base) for name in vars(base)} - {"forward"}
    own |= {name for name, value in vars(module).items() if callable(value) and not _is_torchs(value)}
    for instruction in dis.get_instructions(forward):
        if instruction.opname.startswith(_FORKS + _TRACES + _FOREIGN):
            return False
        if instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")) and instruction.argval in own:
            return False
        if instruction.opname.startswith("LOAD_GLOBAL"):
            found = forward.__globals__.get(instruction.argval, getattr(builtins, instruction.argval, None))
            if not _is_torchs(found) and found not in (range, enumerate, zip):
                return False
    return True


def _is_torchs(thing: object) -> bool:
    """Whether a module, class or function is torch's, or a class that every other has."""
    name = thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None)
    return thing is object or str(name).split(".")[0] in ("torch", "_VariableFunctions")


def _same(network: Network, straight: Straight, taps: tuple[Tap, ...], example: Tensor) -> bool:
    """Whether output, taps and gradient are the same to the bit, and do not change from call to call."""
    found: list[list[Tensor]] = []
    for run in (network, network, straight):
        x = example.clone().requires_grad_()
        output, caught = run(x.clone(), taps)
        told = cast("Tensor", first_tensor(output))
        found.append([told, *(caught[tap] for tap in taps), *torch.autograd.grad(told.square().sum(), x)])
    return all(torch.equal(first, other) for first, *others in zip(*found, strict=True) for other in others)


def _code_of(module: fx.GraphModule, taps: tuple[Tap, ...]) -> Run:
    graph, modules = module.graph, dict(cast("Any", module.named_modules()))
    called = {str(node.target): node for node in graph.nodes if node.op == "call_module"}
    (output,) = (node for node in graph.nodes if node.op == "output")
    caught: list[fx.Node] = []
    for tap in taps:
        node = called[tap.name]
        if not tap.given and isinstance(modules[tap.name], FEATURES_LAST):
            raise NotImplementedError("its axes would have to be moved")
        with graph.inserting_after(node):
            # A copy: the next layer may work in place.
            caught.append(cast("fx.Node", node.args[0]) if tap.given else graph.call_method("clone", (node,)))
    output.args = ((output.args[0], tuple(caught)),)
    for node in list(graph.nodes):
        if node.op == "call_module":
            _inline(module, node, modules[str(node.target)])
    module.recompile()
    # Found there a tensor is read at once; among a module's parameters it is looked for.
    vars(module).update(dict(cast("Any", module.named_buffers(recurse=False))))
    return cast("Run", module.forward)


def _inline(whole: fx.GraphModule, node: fx.Node, module: nn.Module) -> None:
    """Put the function that a module calls in the place of the call."""

    def constant(tensor: Tensor | None) -> Argument:
        if tensor is None:
            return None
        kept = f"constant_{len(dict(whole.named_buffers(recurse=False)))}"
        whole.register_buffer(kept, tensor)
        return graph.get_attr(kept)

    if "weight" in vars(module):  # put there by a hook, before each call
        return
    graph, x = whole.graph, node.args[0]
    with graph.inserting_before(node):
        made: Argument
        if type(module) in (nn.Identity, nn.Dropout, nn.Dropout1d):  # in eval mode
            made = x
        elif type(module) is nn.ReLU:
            made = graph.call_function(torch.relu_ if module.inplace else torch.relu, (x,))
        elif type(module) is nn.Flatten:
            made = graph.call_function(torch.flatten, (x, module.start_dim, module.end_dim))
        elif type(module) is nn.Linear:
            made = graph.call_function(functional.linear, (x, constant(module.weight), constant(module.bias)))
        elif type(module) is nn.Conv1d and module.padding_mode == "zeros":
            weights = (constant(module.weight), constant(module.bias))
            padding = module.padding if isinstance(module.padding, str) else tuple(module.padding)
            settings = (tuple(module.stride), padding, tuple(module.dilation), module.groups)
            made = graph.call_function(torch.conv1d, (x, *weights, *settings))
        else:
            return
    node.replace_all_uses_with(cast("fx.Node", made))
    graph.erase_node(node)
