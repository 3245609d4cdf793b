"""Mutated real files against the decoders."""
