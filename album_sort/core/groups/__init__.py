"""Which files are one photo: RAW and JPEG, sidecars, bursts, films with their small copies."""
