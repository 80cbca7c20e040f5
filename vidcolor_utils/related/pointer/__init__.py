"""A network that learns to point into earlier frames (Vondrick et al., 2018)."""
