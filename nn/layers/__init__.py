"""Layers: modules with a forward of their own."""
