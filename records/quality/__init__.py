"""How good the colours are, part by part and beside other methods.

The report's networks are trained and measured here as well.
"""
