"""Networks: modules, losses, optimizers and training, against PyTorch's numbers and by hand."""
