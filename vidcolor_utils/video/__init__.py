"""Films and pictures, read and written.

The only place that opens a video.
"""
