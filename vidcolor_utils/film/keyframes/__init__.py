"""Key frames: a few frames of a film came in colour, and their colours reach all others of their shots."""
