"""How fast it is, as ratios within one run.

`bench` runs the others, `pages` puts the figures into the pages.
"""
