"""Colour for black-and-white video.

>>> import vidcolor_utils as vu
>>> vu.colorize_file("film.mp4", "film_color.mp4")
>>> vu.stabilize_file("film.mp4", "film_by_another_tool.mp4", "film_steady.mp4")
>>> scores = vu.score_files("true.mp4", "film_color.mp4")
>>> vu.video_info("film.mp4").rate
>>> frames = np.stack(list(vu.iter_rgb("film.mp4")))
>>> rgb = vu.colorize_frames(frames, vu.FrameColorizer())
"""

from importlib import import_module

_MODULES = {
    "colorize_folder": "batch",
    "colorize_file": "colorize",
    "preview_file": "preview",
    "Reference": "direction",
    "FrameColorizer": "colorizer",
    "colorize_frames": "colorizer",
    "run_demo": "demo",
    "InputError": "errors",
    "OutputError": "errors",
    "VidcolorError": "errors",
    "read_image": "image_io",
    "score_files": "scoring",
    "score_table": "scoring",
    "side_by_side": "show",
    "strip": "show",
    "stabilize_file": "stabilize",
    "iter_rgb": "video_io",
    "video_info": "video_io",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
