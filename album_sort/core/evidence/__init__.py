"""What measures, metadata, faces and skies say of an album, as odds with their reasons."""
