"""album-sort: turns a folder of photos into human albums, offline, on an ordinary CPU."""

__version__ = "0.1.0"

__all__ = ["__version__"]
