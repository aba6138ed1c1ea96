"""Neural networks of scalars: modules, losses and optimizers on top of `autograd`."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from autograd.names import public as _public
from nn import drawing as drawing  # attaches Module.draw
from nn import export as export
from nn import init as init
from nn.functional import functional_call as functional_call
from nn.layers.activations import ELU as ELU
from nn.layers.activations import GELU as GELU
from nn.layers.activations import GLU as GLU
from nn.layers.activations import Identity as Identity
from nn.layers.activations import LeakyReLU as LeakyReLU
from nn.layers.activations import LogSigmoid as LogSigmoid
from nn.layers.activations import LogSoftmax as LogSoftmax
from nn.layers.activations import ReLU as ReLU
from nn.layers.activations import Sigmoid as Sigmoid
from nn.layers.activations import SiLU as SiLU
from nn.layers.activations import Softmax as Softmax
from nn.layers.activations import Softplus as Softplus
from nn.layers.activations import SwiGLU as SwiGLU
from nn.layers.activations import Tanh as Tanh
from nn.layers.attention import MultiheadAttention as MultiheadAttention
from nn.layers.attention import scaled_dot_product_attention as scaled_dot_product_attention
from nn.layers.containers import ModuleDict as ModuleDict
from nn.layers.containers import ModuleList as ModuleList
from nn.layers.convolution import AvgPool2d as AvgPool2d
from nn.layers.convolution import Conv2d as Conv2d
from nn.layers.convolution import Flatten as Flatten
from nn.layers.convolution import MaxPool2d as MaxPool2d
from nn.layers.dropout import Dropout as Dropout
from nn.layers.embedding import Embedding as Embedding
from nn.layers.embedding import PositionalEncoding as PositionalEncoding
from nn.layers.linear import MLP as MLP
from nn.layers.linear import Layer as Layer
from nn.layers.linear import Linear as Linear
from nn.layers.linear import Neuron as Neuron
from nn.layers.linear import Sequential as Sequential
from nn.layers.normalization import LayerNorm as LayerNorm
from nn.layers.normalization import RMSNorm as RMSNorm
from nn.layers.recurrent import GRU as GRU
from nn.layers.recurrent import LSTM as LSTM
from nn.layers.recurrent import RNN as RNN
from nn.layers.recurrent import GRUCell as GRUCell
from nn.layers.recurrent import LSTMCell as LSTMCell
from nn.layers.recurrent import RNNCell as RNNCell
from nn.layers.transformer import TransformerDecoderLayer as TransformerDecoderLayer
from nn.layers.transformer import TransformerEncoder as TransformerEncoder
from nn.layers.transformer import TransformerEncoderLayer as TransformerEncoderLayer
from nn.loss_modules import BCELoss as BCELoss
from nn.loss_modules import BCEWithLogitsLoss as BCEWithLogitsLoss
from nn.loss_modules import CrossEntropyLoss as CrossEntropyLoss
from nn.loss_modules import HingeLoss as HingeLoss
from nn.loss_modules import HuberLoss as HuberLoss
from nn.loss_modules import L1Loss as L1Loss
from nn.loss_modules import Loss as Loss
from nn.loss_modules import MSELoss as MSELoss
from nn.loss_modules import NLLLoss as NLLLoss
from nn.losses import binary_cross_entropy as binary_cross_entropy
from nn.losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from nn.losses import cross_entropy as cross_entropy
from nn.losses import hinge_loss as hinge_loss
from nn.losses import huber_loss as huber_loss
from nn.losses import l1_loss as l1_loss
from nn.losses import mse_loss as mse_loss
from nn.losses import nll_loss as nll_loss
from nn.module import Module as Module
from nn.optim.clipping import clip_grad_norm_ as clip_grad_norm_
from nn.optim.clipping import clip_grad_value_ as clip_grad_value_
from nn.optim.lbfgs import LBFGS as LBFGS
from nn.optim.optimizers import SGD as SGD
from nn.optim.optimizers import Adagrad as Adagrad
from nn.optim.optimizers import Adam as Adam
from nn.optim.optimizers import AdamW as AdamW
from nn.optim.optimizers import Optimizer as Optimizer
from nn.optim.optimizers import RMSprop as RMSprop
from nn.optim.schedules import CosineAnnealingLR as CosineAnnealingLR
from nn.optim.schedules import LambdaLR as LambdaLR
from nn.optim.schedules import LRScheduler as LRScheduler
from nn.optim.schedules import StepLR as StepLR
from nn.parameter import Parameter as Parameter
from nn.training.callbacks import Callback as Callback
from nn.training.callbacks import EarlyStopping as EarlyStopping
from nn.training.checkpoints import Checkpoint as Checkpoint
from nn.training.checkpoints import load_checkpoint as load_checkpoint
from nn.training.checkpoints import save_checkpoint as save_checkpoint
from nn.training.fit import fit as fit
from nn.training.history import History as History
from nn.training.metrics import accuracy as accuracy
from nn.training.predict import predict as predict
from nn.training.rates import LearningRates as LearningRates
from nn.training.rates import lr_find as lr_find
from nn.training.tensorboard import TensorBoard as TensorBoard

if not _TYPE_CHECKING:  # a type checker sees the names themselves
    __all__ = _public(globals())  # noqa: PLE0605 - a list of strings

    def __getattr__(name: str) -> object:
        if name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"):
            raise AttributeError(
                f"nn has no {name}: it makes a sample's output depend on the others of its batch, and a model here takes one "
                "sample. LayerNorm and RMSNorm normalize each sample by itself: nn.LayerNorm(features)"
            )
        raise AttributeError(f"module 'nn' has no attribute {name!r}")
