"""Whether quoted words carry a sentence: deterministic, local, the same for answers, drafts and evaluation."""

from rag.verify.verdict import Finding, Quote, Similarity, verify

__all__ = ["Finding", "Quote", "Similarity", "verify"]
