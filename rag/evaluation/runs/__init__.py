"""Runs: cases asked, and what was answered kept on disk."""
