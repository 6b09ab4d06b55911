from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.sentences import sentences

_MIX = st.lists(
    st.sampled_from(
        [
            "Mr. ",
            "U.S. ",
            "a.m. ",
            '"',
            "“",
            "”",
            "Yes. ",
            "no. ",
            "2 May. ",
            "\n",
            "...",
            "3.5",
            " 1. ",
            "(",
            "é",
            "。",
        ]
    )
    | st.text(max_size=12),
    max_size=40,
).map("".join)


def _split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["The U.S. troops left Sen. John Smith behind.", "He waved."],
        ["WASHINGTON (CNN) -- There are no plans, Mr. Obama said.", "None."],
        ["They met at 5 p.m. Monday in Paris.", "It rained."],
        ["Doors open at 11 a.m. (ET) and close late.", "Come early."],
        ["Police came at 11 a.m.", "She called them."],
        ["It rose 3.75 percent to $1.2bn.", "Shares of No. 10 fell."],
        ['"It is over," he said.', '"We won."'],
        ["“We won!” he said.", "She wept."],
        ['"Really?" she asked.', "He nodded."],
        ["Wait ... what?", "Nothing."],
        ["Spc. Megan Touma died.", "Then-Sen. Obama spoke in Minneapolis-St. Paul."],
        ["An anti-U.S. video appeared.", "It was removed."],
        ["He lives in Washington, D.C.", "The weather is mild."],
        ["1. Superman wins.", "2. Free skiing."],
        ["She said no.", "He agreed."],
        ["The vote is on Thursday 2 May.", "Tamsworth had 5,987 people."],
        ["It was in May.", '"We won," he said.', "He said he may.", "Everyone was ill.", "Ask me.", "Ann did."],
        ["He left on 2 May.", "12 people stayed.", "It ends on 5 June.", "Prices fell in March.", "July is dry."],
        ["On Sept. 5 and Jan. 3 and May. 4 it rose.", "It fell by Feb. 2020."],
        ['"They may. We will not help me. Ann will," he said.', "She left."],
        ["(He paid nothing.)", "She paid twice.", "Rep. Ray Lee (D-Mass.) voted."],
        ['He told of "the end of it all" on Monday.', "She left."],
        ["The mayor, Gen. Sir J. R. Smith Jr., left.", "He won."],
        ["중앙은행은 금리를 3.5%로 동결했다.", "다음 회의는 5월이다."],
        ["הנשיא אמר כן.", "היא הלכה."],
    ],
)
def test_news_sentences(expected: list[str]) -> None:
    assert _split(" ".join(expected)) == expected


def test_chinese_needs_no_spaces() -> None:
    assert _split("部长说了。他走了。") == ["部长说了。", "他走了。"]


def test_a_line_break_ends_a_sentence() -> None:
    assert _split("Rates held\nThe bank said so\n\nMr.\n\nSmith") == ["Rates held", "The bank said so", "Mr.", "Smith"]


def test_a_stray_opening_quote_goes_to_the_sentence_that_it_opens() -> None:
    assert _split('"I loved it," he says. " We relaxed."') == ['"I loved it," he says.', '" We relaxed."']


def test_a_long_quotation_is_taken_apart_at_whole_words() -> None:
    parts = [
        "“It costs us a good deal of money" + " every year" * 20 + " as it may.",
        "Tamsworth will pay” so he said.",
    ]
    assert _split(" ".join(parts)) == parts


def test_a_short_quotation_stays_with_its_speaker_and_a_long_one_is_taken_apart() -> None:
    short = '"Please stop. This is not us," he said.'
    long = ["“It costs us a good deal of money every year" + " and every month" * n + "." for n in range(8, 11)]
    assert _split(short) == [short]
    assert _split(f"{long[0]} {long[1][1:]} {long[2][1:]}” So he said.") == [
        long[0],
        long[1][1:],
        long[2][1:] + "”",
        "So he said.",
    ]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u2028"])
def test_no_words_no_sentences(text: str) -> None:
    assert sentences(text) == []


@pytest.mark.parametrize("unit", ["x", "a. ", '"(“', "Mr. ", "1. ", ".", " ", "“a. b. "])
def test_a_long_line_of_anything_is_covered(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    spans = sentences(text)
    assert "".join("".join(_split(text)).split()) == "".join(text.split())
    assert all(end - start <= 8000 for start, end in spans)


@settings(max_examples=200, deadline=None)
@given(text=_MIX)
def test_sentences_are_trimmed_ordered_and_cover_all_words(text: str) -> None:
    position = 0
    for start, end in sentences(text):
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip() != ""
        assert "\n" not in text[start:end]
        position = end
    assert not text[position:].strip()
