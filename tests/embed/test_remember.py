"""A text is embedded once."""

from rag.embed.remember import LONGEST, RememberingEmbedder
from rag.testing import HashingEmbedder


class Counting(HashingEmbedder):
    """Records what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(texts)
        return super().embed_documents(texts)


def test_known_texts_are_not_embedded_again_and_vectors_are_the_same() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    assert (embedder.name, embedder.dimension) == (inner.name, inner.dimension)
    assert embedder.embed_documents(["a b", "c", "a b"]) == HashingEmbedder().embed_documents(["a b", "c", "a b"])
    assert embedder.embed_documents(["c", "d"]) == HashingEmbedder().embed_documents(["c", "d"])
    assert embedder.embed_documents([]) == []
    assert inner.asked == [["a b", "c"], ["d"]]
    assert embedder.embed_query("c") == HashingEmbedder().embed_query("c")


def test_the_least_recently_used_text_is_forgotten() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner, remembered=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        embedder.embed_documents([text])
    assert inner.asked == [["a"], ["b"], ["c"], ["b"]]


def test_more_texts_at_once_than_are_remembered_all_get_their_vectors() -> None:
    texts = [str(number) for number in range(9)]
    assert RememberingEmbedder(Counting(), remembered=2).embed_documents(texts) == Counting().embed_documents(texts)


def test_a_long_text_takes_no_memory() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    for _ in range(2):
        embedder.embed_documents(["a" * LONGEST, "a" * (LONGEST + 1)])
    assert [len(texts) for texts in inner.asked] == [2, 1]
