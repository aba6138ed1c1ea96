"""Functions of the C library in the lanes of vectors."""
