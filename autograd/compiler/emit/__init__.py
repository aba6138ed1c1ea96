"""LLVM's language, written from a schedule."""
