"""Layers: modules that compute."""
