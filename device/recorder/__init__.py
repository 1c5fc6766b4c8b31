"""Capture, ring, segments, seal: the media pipeline."""
