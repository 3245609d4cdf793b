"""Bytes to small upright pictures."""
