"""Tests of nn.export."""
