"""Turns files into articles, and articles into indexed passages."""
