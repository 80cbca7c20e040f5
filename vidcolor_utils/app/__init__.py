"""The page of notebook 06, on which a film is colorized.

What it does is in `desk`, what it shows in `page`.

Its names are those of `__init__.pyi`, each imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
