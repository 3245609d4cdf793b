"""Reads each file once: hash, metadata and pixels from the same bytes, in processes that may die without harm."""
