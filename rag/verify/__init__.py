"""Whether quoted words carry a sentence: deterministic, local, the same for answers, drafts and evaluation."""

from rag.verify.closeness import Similarity
from rag.verify.verdict import Finding, Quote, verify

__all__ = ["Finding", "Quote", "Similarity", "verify"]
