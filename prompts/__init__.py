"""Every word that is said to a model, as files."""
