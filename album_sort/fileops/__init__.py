"""The only door through which photos are written."""
