"""Loops in a trace: their bodies as programs, and their derivatives."""
