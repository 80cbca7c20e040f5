"""Work sent to another process, without one."""

import pickle

from vidcolor_utils.system.spread import Spread


class Elsewhere(Spread):
    """Does as a cluster does: sends the function, and is done in any order."""

    is_local = False

    def __call__(self, function, items):
        for item in reversed(list(items)):
            yield pickle.loads(pickle.dumps(function))(item)
