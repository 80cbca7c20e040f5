"""Colour for black-and-white video.

>>> import vidcolor_utils as vu
>>> vu.colorize_file("film.mp4", "film_color.mp4")
>>> vu.stabilize_file("film.mp4", "film_by_another_tool.mp4", "film_steady.mp4")
>>> scores = vu.score_files("true.mp4", "film_color.mp4")
>>> vu.video_info("film.mp4").rate
>>> frames = np.stack(list(vu.iter_rgb("film.mp4")))
>>> rgb = vu.colorize_frames(frames, vu.FrameColorizer())

The names are those of `__init__.pyi`, each imported when it is first used.
"""

import os

import lazy_loader

# ONNX Runtime's own builds report to their makers over the network, from the first import on; nothing here does.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
