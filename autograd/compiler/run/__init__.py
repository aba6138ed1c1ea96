"""What runs a program: machine code, or Python."""
