"""What this package uses of cloudpickle, which has no types of its own."""

import pickle

class Pickler(pickle.Pickler): ...
