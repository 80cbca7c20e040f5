"""What a frame scrubber hands to the browser."""


def encoded_frame(scrubber, name, frame):
    """One frame of a clip, cut out as the browser does it."""
    clip = scrubber.names.index(name)
    start, end = scrubber.offsets[clip][frame : frame + 2]
    return scrubber.packed[clip][start:end]
