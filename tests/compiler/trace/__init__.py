"""Tests of compiler.trace."""
