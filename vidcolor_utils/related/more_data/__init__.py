"""How the error of a frame colorizer falls with the number of photographs, all else equal."""
