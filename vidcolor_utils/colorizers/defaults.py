"""How colours are made unless somebody says otherwise; imports nothing, so that help is instant."""

METHODS = ("frame", "zhang")  # the network that ships; Zhang et al. 2016, the report's baseline
QUALITIES = ("fine", "fast")  # with or without what the transformer knows of things
DEVICES = ("auto", "cpu", "cuda", "coreml", "directml")  # where the networks run, see `devices`
STRENGTH = 0.97  # share of its weight that a colour keeps from frame to frame where the luma agrees perfectly
EVERY = 3  # frames from one prediction to the next at the start of a shot: a third of the network's work
LARGEST_SATURATION = 3.0  # beyond it all colours lie at the border of RGB
