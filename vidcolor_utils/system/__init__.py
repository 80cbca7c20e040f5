"""Files, processes and messages, for all that deals with them.

Knows no pictures.
"""
