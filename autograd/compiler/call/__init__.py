"""The quick calls: arguments taken apart without Python where they look like those before."""
