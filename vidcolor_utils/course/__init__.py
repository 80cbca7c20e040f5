"""What the notebooks call: the report's loss and runs, and what they show.

Plots and the frame scrubber stand beside.

Its names are those of `__init__.pyi`, each imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
