"""What is remembered: the inference cache and the destination's state."""
