"""Tests of nn.optim."""
