"""Citation recall and precision against ALCE's published definitions, worked out by hand and written out in loops."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.scorers.citations import alce

Entailed = dict[str, list[set[int]]]
"""For each sentence the sets of citations that, taken together, entail it."""

REFERENCE: list[tuple[str, dict[str, list[int]], Entailed, float, float]] = [
    # What it shows; what each sentence cites; what entails each; recall; precision.
    ("one citation that supports", {"a": [1]}, {"a": [{1}]}, 1, 1),
    ("one that does not", {"a": [1]}, {"a": []}, 0, 0),
    ("no citation at all", {"a": []}, {"a": [{1}]}, 0, 0),
    ("no citation in two sentences", {"a": [], "b": []}, {"a": [{1}], "b": [{2}]}, 0, 0),
    ("an unmarked sentence that a quote supports", {"a": [1], "b": []}, {"a": [{1}], "b": [{1}]}, 1 / 2, 1),
    ("two of four sentences unmarked", {"a": [1], "b": [2], "c": [], "d": []}, {"a": [{1}], "b": [{2}]}, 1 / 2, 1),
    ("each of two suffices", {"a": [1, 2]}, {"a": [{1}, {2}, {1, 2}]}, 1, 1),
    ("both of two are needed", {"a": [1, 2]}, {"a": [{1, 2}]}, 1, 1),
    ("the second is irrelevant", {"a": [1, 2]}, {"a": [{1}, {1, 2}]}, 1, 1 / 2),
    ("neither helps", {"a": [1, 2]}, {"a": []}, 0, 0),
    ("one would, both together do not", {"a": [1, 2]}, {"a": [{1}]}, 0, 0),
    ("two of three are needed", {"a": [1, 2, 3]}, {"a": [{1, 2}, {1, 2, 3}]}, 1, 2 / 3),
    ("any two of three will do", {"a": [1, 2, 3]}, {"a": [{1, 2}, {1, 3}, {2, 3}, {1, 2, 3}]}, 1, 0),
    ("one suffices, two are beside the point", {"a": [1, 2, 3]}, {"a": [{1}, {1, 2}, {1, 3}, {1, 2, 3}]}, 1, 1 / 3),
    ("all three are needed", {"a": [1, 2, 3]}, {"a": [{1, 2, 3}]}, 1, 1),
    ("a fourth citation counts too", {"a": [1, 2, 3, 4]}, {"a": [{1}, {1, 2, 3}, {1, 2, 3, 4}]}, 1, 3 / 4),
    ("one sentence right, one wrong", {"a": [1], "b": [1]}, {"a": [{1}], "b": []}, 1 / 2, 1 / 2),
    ("citations weigh alike, not sentences", {"a": [1], "b": [1, 2, 3]}, {"a": [{1}], "b": []}, 1 / 2, 1 / 4),
    ("a wrong sentence and an unmarked one", {"a": [1], "b": [2], "c": []}, {"a": [{1}], "b": [{1}]}, 1 / 3, 1 / 2),
    ("citations exchanged", {"a": [2], "b": [1]}, {"a": [{1}], "b": [{2}]}, 0, 0),
    ("a citation for two sentences", {"a": [1], "b": [1, 2]}, {"a": [{1}], "b": [{2}, {1, 2}]}, 1, 2 / 3),
]


@pytest.mark.parametrize(("cites", "entailed", "recall", "precision"), [row[1:] for row in REFERENCE])
def test_alce_is_as_in_the_reference_rows(
    cites: dict[str, list[int]], entailed: Entailed, recall: float, precision: float
) -> None:
    statements = [(words, tuple(markers)) for words, markers in cites.items()]
    told = {
        each.metric: each.value
        for each in alce(statements, lambda words, markers: set(markers) in entailed.get(words, []))
    }
    assert told == {"citation.recall": pytest.approx(recall), "citation.precision": pytest.approx(precision)}
    assert published(cites, entailed) == pytest.approx((recall, precision))


def published(cites: dict[str, list[int]], entailed: Entailed) -> tuple[float, float]:
    """ALCE's measures by the text of its paper, section 3.3.

    Citation recall of a statement is 1 if it has at least one citation and all of them, concatenated, entail it. A
    citation is irrelevant if it cannot support the statement itself, and removing it does not affect the rest of the
    citations to support the statement. Its precision is 1 if its statement has recall 1 and it is not irrelevant.
    Both are averaged, over the statements and over the citations of a response.
    """
    recall = {}
    for statement, citations in cites.items():
        recall[statement] = 0
        if len(citations) > 0 and set(citations) in entailed.get(statement, []):
            recall[statement] = 1
    precision = []
    for statement, citations in cites.items():
        for citation in citations:
            cannot_support = {citation} not in entailed.get(statement, [])
            rest_still_does = {other for other in citations if other != citation} in entailed.get(statement, [])
            irrelevant = cannot_support and rest_still_does
            precision.append(1 if recall[statement] == 1 and not irrelevant else 0)
    return sum(recall.values()) / len(recall), sum(precision) / len(precision) if precision else 0.0


SETS = [set(each) for each in chain.from_iterable(combinations((1, 2, 3, 4), size) for size in range(5))]


@given(data=st.data())
def test_recall_and_precision_are_those_of_alce(data: st.DataObject) -> None:
    several = st.lists(st.sampled_from((1, 2, 3, 4)), unique=True, max_size=4)
    cites = data.draw(st.dictionaries(st.sampled_from("abcd"), several, min_size=1))
    entailed = {words: data.draw(st.lists(st.sampled_from(SETS))) for words in cites}
    statements = [(words, tuple(markers)) for words, markers in cites.items()]
    told = {
        each.metric: each.value for each in alce(statements, lambda words, markers: set(markers) in entailed[words])
    }
    recall, precision = published(cites, entailed)
    assert told == {"citation.recall": pytest.approx(recall), "citation.precision": pytest.approx(precision)}
