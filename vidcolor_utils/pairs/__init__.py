"""From raw clips to (previous, current, true) frames to train on.

Sources, the prepared store, and the examples made of it.

Its names are those of `__init__.pyi`, each imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
