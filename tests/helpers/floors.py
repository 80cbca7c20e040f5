"""The floors of the house, the lowest first; a package imports only from floors below."""

FLOORS = (
    {"system", "pictures"},
    {"stills", "weights"},
    {"video", "models"},
    {"colorizers", "training"},
    {"film", "pairs"},
    {"tool", "course", "related", "survey"},
    {"app", "cli"},
    {"records"},
)
