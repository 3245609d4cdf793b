"""When a photo was taken: one time from many claims, seasons, the sun."""
