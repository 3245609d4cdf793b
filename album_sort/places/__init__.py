"""Offline gazetteer and time zones."""
