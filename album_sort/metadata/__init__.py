"""Readers of what files say about themselves: they collect candidates and never decide, never raise.

Nothing is imported here: a run that knows every photo asks for names of files alone (`filename`, `merging`), not for the readers
(`files`).
"""
