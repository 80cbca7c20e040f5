"""What clips for training are like unless somebody says otherwise; imports nothing, so that help is instant."""

COUNT = 500  # clips from each source, at most
FRAMES = 90  # most of a clip
BASELINES = ("light", "frame", "zhang")  # see `prepare.baseline_colorizer`
FPS = 30.0  # frames a second that all videos are brought to
