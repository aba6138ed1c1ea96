"""Tests of compiler.emit."""
