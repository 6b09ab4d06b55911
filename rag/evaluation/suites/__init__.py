"""Suite files: what they say, and how they are read, checked, begun and added to."""
