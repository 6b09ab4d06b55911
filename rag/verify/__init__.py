"""Whether quoted words carry a sentence: deterministic, local, the same for answers, drafts and evaluation.

The rules, as a fact-checker would put them. A sentence is compared with all that it cites, taken together.

Unsupported: at least one of these holds.
- A figure, date or name of the sentence is not in what it cites. Figures count with their units, in digits or words;
  dates are resolved against the day of publication; a name counts under any alias that the article gives it.
- It affirms what the quotes deny, denies what they affirm, or turns a direction round (rose for fell).
- It states as fact what the quotes leave open (may, allegedly, accused).
- It exchanges who did it and whom it befell, who said it, or whose figure it is.
- It says admitted, confirmed, because, all or most where the quotes have nothing of the kind.
- It repeats a quote but for a word that means something else (goalkeeper for captain).
- It states plainly what stands in the quotes only as an order to say so, or as a hoax.
- The quotes are about something else; or they are in another language and lack a figure, date or name of it.

Partial: none of these, but a rounding, a bound or a "will" differs; a part of a name or a figure comes from the rest of
the passage or the title; a word or clause of the sentence is not found in what it cites; a short sentence has little
but its names from there; it states plainly what the quotes only pass on; or it is in another language, where figures,
dates and names alone can be compared.

Supported: all of it is there, word for word or in other words. Uncited: nothing is cited.
"""

from rag.verify.facts import same_facts
from rag.verify.similarity import Similarity, by_meaning
from rag.verify.verdict import Finding, Quote, verify

__all__ = ["Finding", "Quote", "Similarity", "by_meaning", "same_facts", "verify"]
