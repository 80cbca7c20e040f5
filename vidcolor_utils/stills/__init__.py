"""Photographs and other still pictures: read and written with all that comes with them.

They are read by Pillow; films and animations are `video`'s.
"""
