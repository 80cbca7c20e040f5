"""Whatever predicts ab from luma: the networks, and what is built around them.

Knows no video, and imports Keras only when a network needs it.

Its names are those of `__init__.pyi`, each imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
