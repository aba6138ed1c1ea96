"""What is computed in which order, and what lies where in memory."""
