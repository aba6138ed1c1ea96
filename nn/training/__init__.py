"""Training: `fit`, `predict`, and the things they work with."""
