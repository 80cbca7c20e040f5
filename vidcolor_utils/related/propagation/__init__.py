"""Colours carried from key frames by a learned linear map (Liu et al., 2018)."""
