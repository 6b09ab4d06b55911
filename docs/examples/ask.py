"""Asks one question: python ask.py "QUESTION" [LIBRARY] (without a library, the one that DATELINE_LIBRARY names)."""

import sys

import rag

with rag.open(*sys.argv[2:]) as library:
    print(library.ask(sys.argv[1]).text)
