"""Settings tried side by side."""
