"""Neural networks of scalars: modules, losses and optimizers on top of `autograd`."""

from nn.functional import functional_call as functional_call
from nn.layers import MLP as MLP
from nn.layers import Layer as Layer
from nn.layers import Neuron as Neuron
from nn.losses import binary_cross_entropy as binary_cross_entropy
from nn.losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from nn.losses import cross_entropy as cross_entropy
from nn.losses import hinge_loss as hinge_loss
from nn.losses import mse_loss as mse_loss
from nn.module import Module as Module
from nn.optim import SGD as SGD
