"""Files of weights: what ships, what can be fetched, and how it is read.

Needs no Keras; the shipped files lie here.
"""
