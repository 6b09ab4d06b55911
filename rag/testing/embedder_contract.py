"""The contract of `rag.protocols.Embedder`: subclass `EmbedderContract`, say how to make one, run it with pytest."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

from rag.protocols import Embedder

CLOSE = 1e-5

PLAIN = [
    "The central bank held its benchmark rate at 4.25 percent.",
    "Rescue crews reached the last of the stranded walkers shortly before dawn.",
    "The visitors scored twice in extra time to win the cup.",
    "Rescue.",
]
ODD = {
    "nothing": "",
    "spaces": " \n\t\u00a0",
    "a NUL": "a\0b",
    "only a NUL": "\0",
    "a lone surrogate": "before \ud800 after",
    "a surrogate pair": "\ud83d\ude00",
    "emoji": "🎉👩‍👩‍👧‍👦" * 50,
    "Chinese": "首相在东京会见了外长。" * 40,
    "Arabic": "أعلنت الوزارة النتائج يوم السبت",
    "stacked accents": "e" + "\u0301" * 500,
    "a word without end": "x" * 100_000,
    "a megabyte": "The minister denied it. " * 43_691,
    "what tokenisers use": "[CLS] [SEP] [PAD] [MASK] <|endoftext|>",
}


class EmbedderContract:
    """What every embedder must do."""

    def make(self) -> Embedder:
        """Return an embedder; a subclass says which."""
        raise NotImplementedError

    def test_a_name_is_one_line_and_stays(self) -> None:
        """A name is one line and stays."""
        embedder = self.make()
        assert embedder.name.strip()
        assert len(embedder.name.splitlines()) == 1
        assert embedder.name == self.make().name

    def test_every_vector_has_the_dimension_and_unit_length(self) -> None:
        """Every vector has the dimension and unit length."""
        embedder = self.make()
        for vector in [*embedder.embed_documents(PLAIN), embedder.embed_query(PLAIN[0])]:
            assert len(vector) == embedder.dimension
            assert all(type(value) is float for value in vector)
            assert _unit(vector)

    def test_nothing_in_gives_nothing_out(self) -> None:
        """Nothing in gives nothing out."""
        assert self.make().embed_documents([]) == []

    def test_vectors_come_in_the_order_of_their_texts_whatever_stands_beside_them(self) -> None:
        """Vectors come in the order of their texts whatever stands beside them."""
        embedder = self.make()
        alone = [embedder.embed_documents([text])[0] for text in PLAIN]
        filler = "A much longer neighbour, so that lengths differ. " * 30
        together = embedder.embed_documents([PLAIN[3], filler, *PLAIN, filler])
        assert _same(together[0], alone[3])
        for expected, found in zip(alone, together[2:6], strict=True):
            assert _same(expected, found)

    def test_many_texts_keep_their_order(self) -> None:
        """Many texts keep their order."""
        embedder = self.make()
        texts = [f"Number {number} of the list. " * (number % 7 + 1) for number in range(70)]
        vectors = embedder.embed_documents(texts)
        assert len(vectors) == 70
        for index in (0, 6, 31, 32, 33, 69):
            assert _same(vectors[index], embedder.embed_documents([texts[index]])[0])

    def test_the_same_question_gives_the_same_vector(self) -> None:
        """The same question gives the same vector."""
        embedder = self.make()
        first = embedder.embed_query(PLAIN[1])
        first_values = list(first)
        first[0] = 7.0  # what a caller does to its vector changes nothing for the next
        assert _same(embedder.embed_query(PLAIN[1]), first_values)
        assert _same(self.make().embed_query(PLAIN[1]), first_values)

    def test_a_question_is_nearest_to_the_text_that_shares_its_words(self) -> None:
        """A question is nearest to the text that shares its words."""
        embedder = self.make()
        vectors = embedder.embed_documents(PLAIN[:3])
        question = embedder.embed_query("When did rescue crews reach the stranded walkers?")
        near = [sum(a * b for a, b in zip(question, vector, strict=True)) for vector in vectors]
        assert max(near) == near[1]

    def test_odd_texts_have_unit_vectors_too(self) -> None:
        """Odd texts have unit vectors too."""
        embedder = self.make()
        for name, vector in zip(ODD, embedder.embed_documents(list(ODD.values())), strict=True):
            assert len(vector) == embedder.dimension, name
            assert _unit(vector), name
        for name, text in ODD.items():
            assert _unit(embedder.embed_query(text)), name

    def test_several_threads_may_share_it(self) -> None:
        """Several threads may share it."""
        embedder = self.make()
        with ThreadPoolExecutor(4) as pool:
            queries = list(pool.map(embedder.embed_query, PLAIN * 3))
            batches = list(pool.map(embedder.embed_documents, [PLAIN] * 4))
        expected = embedder.embed_documents(PLAIN)
        for index, vector in enumerate(queries):
            assert _same(vector, embedder.embed_query(PLAIN[index % len(PLAIN)]))
        for batch in batches:
            assert all(_same(found, wanted) for found, wanted in zip(batch, expected, strict=True))


def _unit(vector: list[float]) -> bool:
    return abs(math.hypot(*vector) - 1) < CLOSE


def _same(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) < CLOSE for a, b in zip(one, other, strict=True))
