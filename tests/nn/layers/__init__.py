"""Tests of nn.layers."""
