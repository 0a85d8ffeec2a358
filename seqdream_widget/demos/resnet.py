"""The network of the bundled demos: a narrow ResNet for time series."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

_KERNEL_SIZES = (8, 5, 3)


class ResidualBlock(nn.Module):
    """Three convolutions, each with batch normalization, around a 1x1 shortcut.

    The length of the sequence is kept. ReLUs and sums are modules and steps of their own, so that
    every intermediate activation has a dotted name a dream can aim at.

    Parameters
    ----------
    in_channels : int
        Channels of the input, at least 1.
    out_channels : int
        Channels of the output, at least 1.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        first, second, third = _KERNEL_SIZES
        # An even kernel has no symmetric padding that keeps the length, and padding="same" warns
        # and copies at run time: the first convolution is padded by hand in `forward`.
        self.conv1 = nn.Conv1d(in_channels, out_channels, first, bias=False)
        self.norm1 = nn.BatchNorm1d(out_channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv1d(out_channels, out_channels, second, padding=second // 2, bias=False)
        self.norm2 = nn.BatchNorm1d(out_channels)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv1d(out_channels, out_channels, third, padding=third // 2, bias=False)
        self.norm3 = nn.BatchNorm1d(out_channels)
        self.shortcut_conv = nn.Conv1d(in_channels, out_channels, 1, bias=False)
        self.shortcut_norm = nn.BatchNorm1d(out_channels)
        self.relu3 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, in_channels, time) to (batch, out_channels, time)."""
        kernel = _KERNEL_SIZES[0]
        hidden = functional.pad(x, ((kernel - 1) // 2, kernel // 2))
        hidden = self.relu1(self.norm1(self.conv1(hidden)))
        hidden = self.relu2(self.norm2(self.conv2(hidden)))
        hidden = self.norm3(self.conv3(hidden))
        return self.relu3(hidden + self.shortcut_norm(self.shortcut_conv(x)))


class ResNet(nn.Module):
    """The time series ResNet of Wang, Yan and Oates, narrowed to 16, 32 and 32 channels.

    Three residual blocks, global average pooling and a linear classifier. It accepts any length.
    The original has 64, 128 and 128 channels; the last shortcut there has no convolution.

    Parameters
    ----------
    in_channels : int, default 1
        Channels of the sequences, at least 1.
    n_classes : int, default 2
        Number of logits, at least 1.
    widths : sequence of three int, default (16, 32, 32)
        Channels of the three blocks.

    References
    ----------
    Wang, Yan, Oates: Time Series Classification from Scratch with Deep Neural Networks:
    A Strong Baseline. IJCNN 2017, arXiv:1611.06455.

    Examples
    --------
    >>> import torch
    >>> ResNet(in_channels=1, n_classes=2)(torch.zeros(4, 1, 500)).shape
    torch.Size([4, 2])
    """

    def __init__(self, in_channels: int = 1, n_classes: int = 2, widths: Sequence[int] = (16, 32, 32)) -> None:
        super().__init__()
        first, second, third = widths
        self.block1 = ResidualBlock(in_channels, first)
        self.block2 = ResidualBlock(first, second)
        self.block3 = ResidualBlock(second, third)
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.classifier = nn.Linear(third, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map sequences (batch, channel, time) to logits (batch, n_classes)."""
        hidden = self.block3(self.block2(self.block1(x)))
        return self.classifier(self.pool(hidden).flatten(1))
