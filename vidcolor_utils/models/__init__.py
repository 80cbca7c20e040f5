"""Network architectures, as functions that return functional Keras 3 models.

Their files, their export and the devices they run on stand beside.
"""
