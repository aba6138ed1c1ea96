"""Tests of pictures.page."""
