"""Readers of what files say about themselves: candidates, never decisions."""
