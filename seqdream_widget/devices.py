"""Where to run: the processor, or an accelerator if there is one."""

from __future__ import annotations

import torch

from seqdream_widget.errors import shown


def accelerator() -> str | None:
    """Return the accelerator of this process, such as ``"cuda"``, if it has one."""
    return str(torch.accelerator.current_accelerator()) if torch.accelerator.is_available() else None


def device_of(given: torch.device | str) -> torch.device:
    """Return a device that is there.

    Raises
    ------
    ValueError
        If it is not; the message says which are.

    Examples
    --------
    >>> device_of("cpu")
    device(type='cpu')
    """
    try:
        device = torch.device(given)
        holds = torch.ones(1, device=device).cpu().item() == 1
    except (RuntimeError, AssertionError, NotImplementedError, TypeError):
        holds = False
    else:
        if holds:
            return device
    known = ", ".join(f'"{name}"' for name in ("cpu", accelerator()) if name)
    raise ValueError(f"device = {shown(str(given))} is not here; give one of this machine's ({known})")
