"""Colorize a folder: what there is to do, what became of it, and the doing."""
