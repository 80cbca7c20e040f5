"""All that measures the project and remakes data/results: `python -m records NAME`.

Not installed, and imported by nobody.
"""
