"""A function called once on Symbols, and what it did as a program."""
