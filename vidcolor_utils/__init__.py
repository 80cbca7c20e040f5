"""Colour for black-and-white video.

>>> import vidcolor_utils as vu
>>> vu.colorize_file("film.mp4", "film_color.mp4")
>>> scores = vu.score_files("true.mp4", "film_color.mp4")
>>> vu.video_info("film.mp4").rate
>>> colorizer = vu.FrameColorizer()
>>> rgb = vu.colorize_frames(gray_frames, colorizer)
"""
