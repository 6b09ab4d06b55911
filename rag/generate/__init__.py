"""Answers written by a chat model from labelled sentences."""
