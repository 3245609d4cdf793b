"""From albums to files: names, places, links, what moves and what stays."""
