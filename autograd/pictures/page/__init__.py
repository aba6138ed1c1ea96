"""The page: a graph computed and differentiated step by step in one HTML file."""
