"""Text on a terminal: wrapped, in tables, as a line of progress. The only part that knows rich; it knows no command."""
