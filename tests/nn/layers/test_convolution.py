"""Convolution and pooling against NumPy, SciPy, and numbers by hand."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import signal

import autograd as ag
from autograd import Value, topological_order
from autograd.structures import values
from autograd.testing import gradcheck
from nn import AvgPool2d, Conv2d, Flatten, MaxPool2d, functional_call

SHAPES = [  # in, out, kernel, stride, padding, height, width
    (1, 1, 1, 1, 0, 1, 1),
    (1, 2, 3, 1, 0, 5, 5),
    (2, 3, (2, 3), (2, 1), (1, 2), 6, 7),
    (3, 1, (1, 4), (1, 3), 0, 2, 9),
    (2, 2, 4, 3, 2, 3, 8),
]


def numbers(nested: Any) -> Any:
    """Nested numbers or Values as an array of floats."""
    return np.array([[[float(x.data if isinstance(x, Value) else x) for x in row] for row in channel] for channel in nested])


def reference(image: Any, weights: Any, bias: Any, stride: Any, padding: Any) -> Any:
    """SciPy's correlation of every channel, summed, every stride-th of it."""
    (down, across), (above, left) = (n if isinstance(n, tuple) else (n, n) for n in (stride, padding))
    padded = np.pad(image, ((0, 0), (above, above), (left, left)))
    return np.array(
        [
            sum(signal.correlate2d(channel, w, mode="valid") for channel, w in zip(padded, kernel, strict=True)) + b
            for kernel, b in zip(weights, bias, strict=True)
        ]
    )[:, ::down, ::across]


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_convolution(shape: Any, bias: bool) -> None:
    """Equal to SciPy's, for nested lists, tuples, arrays, and Values of both."""
    inside, outside, kernel, stride, padding, height, width = shape
    rng = np.random.default_rng(0)
    image = rng.normal(size=(inside, height, width))
    conv = Conv2d(inside, outside, kernel, stride=stride, padding=padding, bias=bias, rng=1)
    for parameter in conv.parameters():
        parameter.data = rng.normal()
    weights = np.array([p.data for name, p in conv.named_parameters() if "weights" in name])
    weights = weights.reshape(outside, inside, *conv.kernel_size)
    wanted = reference(image, weights, [b.data for b in conv.bias] if conv.bias else [0.0] * outside, stride, padding)
    out = conv(image)
    assert numbers(out).shape == wanted.shape
    assert numbers(out) == pytest.approx(wanted, rel=1e-13, abs=1e-13)
    values = np.vectorize(Value, otypes=[object])(image)
    for same in (
        image.tolist(),
        [tuple(map(tuple, channel)) for channel in image.tolist()],
        values,
        values.tolist(),
        list(image),
    ):
        assert (numbers(conv(same)) == numbers(out)).all()


def test_convolution_by_hand() -> None:
    """Not flipped: the weight at the upper left goes with the number at the upper left."""
    conv = Conv2d(1, 1, 2, rng=0)
    conv.load_state_dict(dict(zip(conv.state_dict(), [1.0, 10.0, 100.0, 1000.0, 0.5], strict=True)))
    assert numbers(conv([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]])).tolist() == [[[5421.5, 6532.5], [8754.5, 9865.5]]]


def test_the_graph_of_a_convolution() -> None:
    """Each number is one dot and one addition; labels say which weight it is."""
    conv = Conv2d(2, 1, 2, rng=0)
    out = conv(np.ones((2, 2, 2)))[0][0][0]
    assert [node.primitive and node.primitive.name for node in topological_order(out) if node.operands] == ["dot", "add"]
    assert [p.label for p in conv.parameters()][5] == "weights.0.1.0.1"
    assert [p.label for p in conv.parameters()][-1] == "bias.0"
    assert repr(conv) == "Conv2d(2, 1, (2, 2))"
    assert repr(Conv2d(2, 1, 3, stride=2, padding=(0, 1), bias=False)) == (
        "Conv2d(2, 1, (3, 3), stride=(2, 2), padding=(0, 1), bias=False)"
    )


def test_gradients_of_a_convolution() -> None:
    """To the image and to the parameters, checked by gradcheck."""
    conv = Conv2d(1, 1, 2, stride=(1, 2), padding=1, rng=0)
    rng = np.random.default_rng(0)
    report = gradcheck(
        lambda image, parameters: functional_call(conv, parameters, image),
        rng.normal(size=(1, 2, 2)),
        rng.normal(size=5),
    )
    assert not report.unresolved


@pytest.mark.parametrize("stride", [None, 1, (1, 3)])
@pytest.mark.parametrize("kernel", [1, 2, (3, 2)])
def test_pooling(kernel: Any, stride: Any) -> None:
    """Equal to NumPy's maximum and mean of every window, each channel for itself; a remainder at the edge is ignored."""
    image = np.random.default_rng(0).normal(size=(3, 5, 7))
    down, across = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    by = stride if isinstance(stride, tuple) else (down, across) if stride is None else (stride, stride)
    windows = np.lib.stride_tricks.sliding_window_view(image, (down, across), axis=(1, 2))[:, :: by[0], :: by[1]]
    for x in (image, image.tolist(), np.vectorize(Value, otypes=[object])(image)):
        assert (numbers(MaxPool2d(kernel, stride=stride)(x)) == windows.max(axis=(3, 4))).all()
        assert numbers(AvgPool2d(kernel, stride=stride)(x)) == pytest.approx(windows.mean(axis=(3, 4)), rel=1e-13)


def test_gradients_of_pooling() -> None:
    """Checked by gradcheck; a tie divides the gradient, and nan passes."""
    image = np.random.default_rng(0).normal(size=(2, 2, 4))
    for pool in (MaxPool2d(2), AvgPool2d((2, 1), stride=1)):
        assert not gradcheck(pool, image).unresolved
    tie = [[[Value(1.0), Value(1.0)], [Value(0.0), Value(-1.0)]]]
    MaxPool2d(2)(tie)[0][0][0].backward()
    assert [x.grad for row in tie[0] for x in row] == [0.5, 0.5, 0.0, 0.0]
    assert math.isnan(MaxPool2d(2)([[[1.0, math.nan], [0.0, 0.0]]])[0][0][0])
    assert repr(MaxPool2d(2)) == "MaxPool2d((2, 2))"
    assert repr(AvgPool2d(2, stride=1)) == "AvgPool2d((2, 2), stride=(1, 1))"


def test_flatten() -> None:
    """In NumPy's order; Values stay the same ones."""
    image = np.arange(24.0).reshape(2, 3, 4)
    assert Flatten()(image) == Flatten()(image.tolist()) == Flatten()([*image]) == image.ravel().tolist()
    x, y = Value(1.0), Value(2.0)
    flat = Flatten()([(x,), [[y]], 3.0])
    assert flat[0] is x
    assert flat[1] is y
    assert flat[2] == 3.0
    assert Flatten()([[], []]) == []
    assert all(type(number) is float for number in Flatten()([1, [True], np.float32(0.5)]))


IMAGE = np.ones((2, 3, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Conv2d(0, 1, 3), ValueError, "in_channels must be a whole number of at least 1, not 0"),
        (lambda: Conv2d(1, 1.5, 3), ValueError, "out_channels must be a whole number"),
        (lambda: Conv2d(1, 1, 0), ValueError, "kernel_size must be a whole number of at least 1, not 0"),
        (lambda: Conv2d(1, 1, (3, 0)), ValueError, r"kernel_size\[1\] must be a whole number"),
        (lambda: Conv2d(1, 1, (3, 3, 3)), ValueError, r"kernel_size must be one whole number, or two, \(height, width\)"),
        (lambda: Conv2d(1, 1, "3"), ValueError, "kernel_size must be a whole number of at least 1, not '3'"),
        (lambda: Conv2d(1, 1, 3, stride=0), ValueError, "stride must be a whole number of at least 1, not 0"),
        (lambda: Conv2d(1, 1, 3, padding=-1), ValueError, "padding must be a whole number of at least 0, not -1"),
        (lambda: Conv2d(1, 1, 3, padding=True), ValueError, "padding must be a whole number of at least 0, not True"),
        (lambda: MaxPool2d(2, stride=0), ValueError, "stride must be"),
        (lambda: AvgPool2d(None), ValueError, "kernel_size must be"),
        (lambda: Conv2d(1, 1, 3)(IMAGE), ValueError, r"takes images of 1 channels, was given 2: shape \(2, 3, 3\)"),
        (lambda: Conv2d(2, 1, 4)(IMAGE), ValueError, r"Conv2d\(.*\) looks at 4 x 4 numbers at a time: more than .*, 3 x 3"),
        (lambda: Conv2d(2, 1, (2, 6), padding=1)(IMAGE), ValueError, "2 x 6 numbers at a time: more than .*, 5 x 5"),
        (lambda: MaxPool2d((1, 4))(IMAGE), ValueError, r"MaxPool2d\(\(1, 4\)\) looks at 1 x 4"),
        (
            lambda: Conv2d(1, 1, 1)([[[1.0, 2.0], [3.0]]]),
            ValueError,
            r"Conv2d's image\[0\] is ragged: .* image\[0\]\[0\] is of shape \(2,\), .* image\[0\]\[1\] is of shape \(1,\)\.",
        ),
        (lambda: MaxPool2d(1)([[[1.0, [2.0]]]]), ValueError, r"image\[0\]\[0\]\[0\] is one number, .*\[1\] is of shape \(1,\)"),
        (lambda: MaxPool2d(1)([[[], []]]), ValueError, r"at least one channel, row and column, not one of shape \(1, 2, 0\)"),
        (
            lambda: Conv2d(1, 1, 1)([[1.0, 2.0]]),
            TypeError,
            r"shape \(channels, height, width\), not of shape \(1, 2\): \[image\]",
        ),
        (lambda: AvgPool2d(1)([IMAGE]), TypeError, r"not of shape \(1, 2, 3, 3\): \[model\(image\) for image in images\]"),
        (lambda: Conv2d(1, 1, 1)(1.0), TypeError, r"not of shape \(\): lists in lists in a list"),
        (lambda: Conv2d(1, 1, 1)([[["1"]]]), TypeError, "an input of Conv2d must be one real number, not the string '1'"),
        (lambda: MaxPool2d(1)([[["1"]]]), TypeError, "an input of MaxPool2d must be one real number, not the string '1'"),
        (lambda: Flatten()([[1.0, None]]), TypeError, "an input of Flatten must be one real number, not None"),
        (lambda: Flatten()("12"), TypeError, "an input of Flatten must be one real number, not the string '12'"),
    ],
)
def test_what_convolution_and_pooling_refuse(call: Any, error: type[Exception], message: str) -> None:
    """Sizes and shapes, with what was wanted and given."""
    with pytest.raises(error, match=message):
        call()


def test_a_convolution_learns() -> None:
    """Gradient descent finds the weights that made the images."""
    rng = np.random.default_rng(0)
    true, conv = Conv2d(1, 1, 2, rng=1), Conv2d(1, 1, 2, rng=2)
    image = rng.normal(size=(1, 6, 6))
    wanted = numbers(true(image)).ravel()
    for _ in range(100):
        out = Flatten()(conv(image))
        loss = ag.sum_([(o - w) ** 2 for o, w in zip(out, wanted, strict=True)]) / len(wanted)
        conv.zero_grad()
        loss.backward()
        for parameter in conv.parameters():
            parameter.data -= 0.3 * parameter.grad
    assert [p.data for p in conv.parameters()] == pytest.approx([p.data for p in true.parameters()], abs=1e-3)


@pytest.mark.parametrize("kind", [MaxPool2d, AvgPool2d])
def test_the_stride_by_position(kind: Any) -> None:
    """As PyTorch's pools take it."""
    image = [[[float(3 * i + j) for j in range(3)] for i in range(3)]]
    assert kind(2, 1)(image) == kind(2, stride=1)(image)


def test_a_tie_of_all_is_divided_evenly() -> None:
    """As after a ReLU, where all four numbers of a window are 0."""
    image = [[[Value(0.0), Value(0.0)], [Value(0.0), Value(0.0)]]]
    MaxPool2d(2)(image)[0][0][0].backward()
    assert [x.grad for row in image[0] for x in row] == [0.25] * 4


def test_conv2d_by_position() -> None:
    """Stride and padding, as PyTorch takes them."""
    assert repr(Conv2d(1, 4, 3, 2, 1)) == repr(Conv2d(1, 4, 3, stride=2, padding=1))


@pytest.mark.parametrize("kernel", [3, 2, (4, 1)])
def test_same_padding_keeps_the_size(kernel: Any) -> None:
    """As PyTorch's: (k - 1) // 2 zeros before, and what is left after; the numbers are those of an image padded by hand."""
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    image = np.random.default_rng(0).normal(size=(1, 5, 6))
    same = Conv2d(1, 1, kernel, padding="same", rng=0)
    above, left = (height - 1) // 2, (width - 1) // 2
    by_hand = np.pad(image, ((0, 0), (above, height - 1 - above), (left, width - 1 - left)))
    wanted = values(Conv2d(1, 1, kernel, padding="valid", rng=0)(by_hand))
    found = values(same(image))
    assert (len(found[0]), len(found[0][0])) == (5, 6)
    assert found == wanted
    with pytest.raises(ValueError, match='padding="same" goes with a stride of 1'):
        Conv2d(1, 1, kernel, stride=2, padding="same")
    with pytest.raises(ValueError, match="not 'reflect'"):
        Conv2d(1, 1, kernel, padding="reflect")
