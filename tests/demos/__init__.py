"""The tutorials' demos: the figures that they claim."""
