"""Tests of compiler.elementary."""
