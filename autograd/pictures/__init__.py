"""Pictures of a graph: for graphviz, terminals, papers, and a page."""
