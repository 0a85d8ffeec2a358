"""The parts of torch whose functions have no types: here that is said once."""

from __future__ import annotations

from typing import Any

import torch

fft: Any = torch.fft
linalg: Any = torch.linalg
random: Any = torch.random
