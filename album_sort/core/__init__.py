"""Pure decisions: no file, no clock, no environment, no network library."""
