"""Demos: each runs as `python -m demos.NAME`, prints its figures, and writes its pictures where it says."""
