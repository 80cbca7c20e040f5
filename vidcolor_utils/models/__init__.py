"""Network architectures, as functions that return functional Keras 3 models."""
