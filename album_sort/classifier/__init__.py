"""Networks: weights, preprocessing, batches to probabilities."""
