"""One film, from file to file, in segments that any process can make.

Who makes its colours is told from outside.
"""
