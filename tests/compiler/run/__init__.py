"""Tests of compiler.run."""
