"""Colours taken from an exemplar, by a network that learns when to (He et al., 2018)."""
