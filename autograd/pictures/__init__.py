"""Pictures of a graph: for graphviz, for terminals, for papers, and as a page."""
