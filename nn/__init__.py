"""Neural networks of scalars: modules, losses and optimizers on top of `autograd`.

Modules are imported when one of their names is first asked for. `__init__.pyi` says the same to type checkers:
`python -m tests.make_stubs` makes it.
"""

from autograd.names import Attached as _Attached
from autograd.names import later as _later
from autograd.names import public as _public
from nn.module import Module as Module

_ROOMS = {
    "nn.functional": "functional_call",
    "nn.layers.activations": "ELU GELU GLU Identity LeakyReLU LogSigmoid LogSoftmax ReLU Sigmoid SiLU Softmax Softplus"
    " SwiGLU Tanh",
    "nn.layers.attention": "MultiheadAttention scaled_dot_product_attention",
    "nn.layers.containers": "ModuleDict ModuleList",
    "nn.layers.convolution": "AvgPool2d Conv2d Flatten MaxPool2d",
    "nn.layers.dropout": "Dropout",
    "nn.layers.embedding": "Embedding PositionalEncoding",
    "nn.layers.linear": "MLP Layer Linear Neuron Sequential",
    "nn.layers.normalization": "LayerNorm RMSNorm",
    "nn.layers.recurrent": "GRU LSTM RNN GRUCell LSTMCell RNNCell",
    "nn.layers.transformer": "TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer",
    "nn.loss_modules": "BCELoss BCEWithLogitsLoss CrossEntropyLoss HingeLoss HuberLoss L1Loss Loss MSELoss NLLLoss",
    "nn.losses": "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy hinge_loss huber_loss l1_loss"
    " mse_loss nll_loss",
    "nn.optim.clipping": "clip_grad_norm_ clip_grad_value_",
    "nn.optim.lbfgs": "LBFGS",
    "nn.optim.optimizers": "SGD Adagrad Adam AdamW Optimizer RMSprop",
    "nn.optim.schedules": "CosineAnnealingLR LambdaLR LRScheduler StepLR",
    "nn.parameter": "Parameter",
    "nn.training.callbacks": "Callback EarlyStopping",
    "nn.training.checkpoints": "Checkpoint load_checkpoint save_checkpoint",
    "nn.training.fit": "fit",
    "nn.training.history": "History",
    "nn.training.metrics": "accuracy",
    "nn.training.predict": "predict",
    "nn.training.rates": "LearningRates lr_find",
    "nn.training.tensorboard": "TensorBoard",
}
"""Where the names are that are imported when first asked for."""

_MODULES = ("drawing", "export", "init")
_find, __dir__ = _later(globals(), _ROOMS, _MODULES)
__all__ = _public(globals(), _ROOMS)  # noqa: PLE0605 - a list of strings

_Attached(Module, "draw", "nn.drawing")
_Attached(Module, "_repr_svg_", "nn.drawing")


def __getattr__(name: str) -> object:
    if name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"):
        raise AttributeError(
            f"nn has no {name}: it makes a sample's output depend on the others of its batch, and a model here takes one "
            "sample. LayerNorm and RMSNorm normalize each sample by itself: nn.LayerNorm(features)"
        )
    return _find(name)
