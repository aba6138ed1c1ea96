"""Tests of compiler.schedule."""
