"""One picture or two: arrays in, arrays out.

Knows no files.
"""
