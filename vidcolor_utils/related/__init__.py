"""The systems that the report cites, at a size that a laptop trains in minutes: the second part of the course.

Each system is a sub-package with its `model` and its `training`; what they share stands here.
"""
