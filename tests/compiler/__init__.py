"""The compiler: the same bits as Values, in value and derivatives, by either backend."""
