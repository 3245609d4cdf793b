"""Kills and failures at every step, and real SIGKILLs: the tree must come out as if nothing had happened."""
