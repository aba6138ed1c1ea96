"""Convolution and pooling: the same computation for every small window of an image."""

from typing import Any

from autograd import dot, maximum, sum_
from nn.checks import count, height_and_width
from nn.initialization import Init, generator_of, scheme_of
from nn.inputs import image, numbers, shape_of
from nn.module import FunctionModule, Module
from nn.parameter import Parameter


class Conv2d(Module):
    """out[o, y, x] = bias[o] + sum of weights[o, c, i, j] * image[c, y * stride + i - padding, x * stride + j - padding].

    Takes one image of shape (in_channels, height, width), in nested lists or an array of numbers, Values or Symbols, and gives
    nested lists of shape (out_channels, height', width'), height' = (height + 2 padding - kernel) // stride + 1: each number is
    one `dot`, plus the bias. Zeros surround the image. As PyTorch's, one image at a time. Raises ValueError for sizes that are
    not whole numbers, another number of channels, a kernel larger than the padded image, or rows that differ in length, and
    TypeError for anything that is not an image.

    Args:
        in_channels, out_channels: How many channels it takes and gives.
        kernel_size, stride, padding: Whole numbers, or pairs (height, width); padding="same" keeps height and width, for a
            stride of 1, and "valid" is 0.
        bias: Whether to add a bias, 0 at first, to each channel.
        init, rng: The initial weights, as in `Neuron`.

    >>> edges = Conv2d(1, 1, (1, 2), rng=0)
    >>> edges.load_state_dict({"weights.0.0.0.0": -1.0, "weights.0.0.0.1": 1.0, "bias.0": 0.0}).missing_keys
    []
    >>> [[[number.item() for number in row] for row in channel] for channel in edges([[[0.0, 0.0, 5.0], [0.0, 5.0, 5.0]]])]
    [[[0.0, 5.0], [5.0, 0.0]]]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        *,
        bias: bool = True,
        init: Init = "lecun_uniform",
        rng: Any = None,
    ) -> None:
        self.in_channels = count("in_channels", in_channels)
        self.out_channels = count("out_channels", out_channels)
        self.kernel_size = height, width = height_and_width("kernel_size", kernel_size)
        self.stride = height_and_width("stride", stride)
        self.padding = self._padding(padding)
        scheme, generator = scheme_of(init), generator_of(rng)
        nin, nout = self.in_channels * height * width, self.out_channels * height * width

        def window() -> list[list[Parameter]]:
            return [[Parameter(scheme(generator, nin, nout)) for _ in range(width)] for _ in range(height)]

        self.weights = [[window() for _ in range(self.in_channels)] for _ in range(self.out_channels)]
        self.bias = [Parameter(0.0) for _ in range(self.out_channels)] if bias else None
        self.label_parameters()

    def _padding(self, padding: Any) -> tuple[int, int] | str:
        """Rows above and below, and columns at both sides; "same" where a kernel of even size wants one more at the end."""
        if not isinstance(padding, str):
            return height_and_width("padding", padding, least=0)
        if padding not in ("same", "valid"):
            raise ValueError(f'padding must be whole numbers, "same" or "valid", not {padding!r}')
        if padding == "valid":
            return 0, 0
        if self.stride != (1, 1):
            raise ValueError(f'padding="same" goes with a stride of 1, not {self.stride}: give the padding in numbers')
        height, width = self.kernel_size
        return ((height - 1) // 2, (width - 1) // 2) if height % 2 and width % 2 else "same"

    @property
    def weight(self) -> Any:
        """The weights, by PyTorch's name."""
        return self.weights

    @weight.setter
    def weight(self, weights: Any) -> None:
        self.weights = weights

    def forward(self, xs: Any) -> list[list[list[Any]]]:
        """The convolution of the image with each channel's weights."""
        channels = image(self, xs)
        if len(channels) != self.in_channels:
            shape = shape_of(channels, "the image")
            raise ValueError(f"{self!r} takes images of {self.in_channels} channels, was given {len(channels)}: shape {shape}")
        ends = (0, 0)  # rows and columns more at the end
        if isinstance(self.padding, str):
            above, left = ((size - 1) // 2 for size in self.kernel_size)
            ends = (self.kernel_size[0] - 1) % 2, (self.kernel_size[1] - 1) % 2
        else:
            above, left = self.padding
        padded = [_padded(channel, above, left, *ends) for channel in channels]
        patches = _windows(self, padded, self.kernel_size, self.stride)
        kernels = [numbers("Conv2d", kernel) for kernel in self.weights]
        biases: list[Any] = self.bias or [None] * self.out_channels
        return [
            [[dot(kernel, patch) if bias is None else dot(kernel, patch) + bias for patch in row] for row in patches]
            for kernel, bias in zip(kernels, biases, strict=True)
        ]

    def __repr__(self) -> str:
        options = [
            f", stride={self.stride}" if self.stride != (1, 1) else "",
            f", padding={self.padding!r}" if self.padding != (0, 0) else "",
            ", bias=False" if self.bias is None else "",
        ]
        return f"Conv2d({self.in_channels}, {self.out_channels}, {self.kernel_size}{''.join(options)})"


class _Pool(FunctionModule):
    """One number for each window of each channel; a subclass names its `function` of the numbers in a window."""

    def __init__(self, kernel_size: int | tuple[int, int], stride: int | tuple[int, int] | None = None) -> None:
        self.kernel_size = height_and_width("kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else height_and_width("stride", stride)

    def forward(self, xs: Any) -> list[list[list[Any]]]:
        """The function of every window."""
        function = type(self).function
        windows = [_windows(self, [channel], self.kernel_size, self.stride) for channel in image(self, xs)]
        return [[[function(window) for window in row] for row in channel] for channel in windows]

    def __repr__(self) -> str:
        stride = f", stride={self.stride}" if self.stride != self.kernel_size else ""
        return f"{type(self).__name__}({self.kernel_size}{stride})"


def _largest(window: list[Any]) -> Any:
    """The maximum by pairs of pairs, which divides a tie of all two, four or sixteen numbers evenly."""
    while len(window) > 1:
        left_over = window[len(window) // 2 * 2 :]
        window = [maximum(x, y) for x, y in zip(window[::2], window[1::2], strict=False)] + left_over
    return window[0]


class MaxPool2d(_Pool):
    """The largest number of each window, channel by channel: (channels, height, width) gives (channels, height', width').

    height' = (height - kernel) // stride + 1, which ignores a remainder at the lower and right edge. A tie divides the gradient
    in pairs of pairs, as `autograd.maximum` does: a quarter each in a window of four (PyTorch gives it to one). As PyTorch's,
    one image at a time. `kernel_size`, the window, and `stride`, the distance between windows (the kernel_size unless given),
    are whole numbers or pairs (height, width). Raises ValueError for other sizes or a window larger than the image, TypeError
    for anything that is not an image.

    >>> MaxPool2d(2)([[[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 0.0]]])
    [[[4.0, 5.0]]]
    """

    function = staticmethod(_largest)


class AvgPool2d(_Pool):
    """The mean of each window, channel by channel; shapes, options and errors are those of `MaxPool2d`. As PyTorch's.

    >>> AvgPool2d(2)([[[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 0.0]]])
    [[[2.5, 1.25]]]
    """

    function = staticmethod(lambda window: sum_(window) / len(window))


class Flatten(Module):
    """The numbers of nested lists or an array in one list, in order, from `Conv2d` to `Linear`; TypeError for anything else.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    """

    def forward(self, xs: Any) -> list[Any]:
        """The list."""
        return numbers(type(self).__name__, xs)


def _padded(channel: list[list[Any]], above: int, left: int, below: int, right: int) -> list[list[Any]]:
    """The channel with rows of zeros above and below it, and columns of zeros at both sides; so many more below and right."""
    empty = [0.0] * (len(channel[0]) + 2 * left + right)
    before, after = [0.0] * left, [0.0] * (left + right)
    return [*[empty] * above, *([*before, *row, *after] for row in channel), *[empty] * (above + below)]


def _windows(
    module: Module, channels: list[list[list[Any]]], size: tuple[int, int], stride: tuple[int, int]
) -> list[list[list[Any]]]:
    """Rows of windows, each the numbers of all channels in it, channel by channel and row by row."""
    height, width = len(channels[0]), len(channels[0][0])
    down, across = size
    if down > height or across > width:
        raise ValueError(
            f"{module!r} looks at {down} x {across} numbers at a time: more than the image with its padding, {height} x {width}"
        )
    return [
        [
            [x for channel in channels for row in channel[top : top + down] for x in row[left : left + across]]
            for left in range(0, width - across + 1, stride[1])
        ]
        for top in range(0, height - down + 1, stride[0])
    ]
