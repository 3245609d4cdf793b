"""From a network's scores to albums: scoring, calibration, rules, and their explanation."""
