"""Parts of the command line: what commands share, and groups of commands that `app.py` puts together."""
