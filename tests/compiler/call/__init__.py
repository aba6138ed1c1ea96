"""Tests of compiler.call."""
