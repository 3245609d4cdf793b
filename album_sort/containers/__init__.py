"""How the bytes of a file are parted: one pure reader for each container, shared by those who look for metadata and for pixels.

Bytes (or a bounded reader of a file, `source.FileSource`) in, positions out; no reader raises on damage but where it says so.
Whatever a file claims, each reader's time is bounded: by a number of steps, and by each step going forward.
"""
