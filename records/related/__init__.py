"""The records of part two of the course: each cited system trained with several seeds, its controls beside it."""
