"""Where photos were taken, where home is, and which of them are a trip."""
