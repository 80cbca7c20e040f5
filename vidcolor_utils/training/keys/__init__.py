"""Trains the network that takes the marks of coding and resizing out of key frames' colours."""
