"""Trains the network that ships.

Examples, losses and callbacks stand beside.
"""
