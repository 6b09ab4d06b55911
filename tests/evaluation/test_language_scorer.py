"""In which language an answer is: scripts, languages of one script, few words, names and quotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample
from rag.evaluation.scorers.language import score
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import open_library
from rag.testing import HashingEmbedder
from rag.types import Answer, Citation, Claim, Question, Scope, Source, Status, Verdict

SENTENCES = {
    "en": "The bridge was shut on Thursday after a crack was found.",
    "de": "Die Brücke wurde am Donnerstag gesperrt, nachdem ein Riss gefunden worden war.",
    "fr": "Le pont a été fermé jeudi après la découverte d'une fissure.",
    "es": "El puente fue cerrado el jueves tras hallarse una grieta.",
    "it": "Il ponte è stato chiuso giovedì dopo la scoperta di una crepa.",
    "pt": "A ponte foi fechada na quinta-feira depois que uma rachadura foi encontrada.",
    "nl": "De brug werd donderdag gesloten nadat er een scheur was gevonden.",
    "sv": "Bron stängdes i torsdags sedan en spricka hade hittats.",
    "nb": "Broen ble stengt torsdag etter at det ble funnet en sprekk.",
    "pl": "Most zamknięto w czwartek po wykryciu pęknięcia.",
    "tr": "Köprü, bir çatlak bulunmasının ardından perşembe günü kapatıldı.",
    "vi": "Cây cầu đã bị đóng vào thứ Năm sau khi phát hiện một vết nứt.",
    "id": "Jembatan itu ditutup pada hari Kamis setelah ditemukan retakan.",
    "ru": "Мост закрыли в четверг после того, как нашли трещину.",
    "uk": "Міст закрили у четвер після того, як знайшли тріщину.",
    "ar": "أُغلق الجسر يوم الخميس بعد العثور على شرخ.",
    "fa": "این پل روز پنجشنبه پس از پیدا شدن ترک بسته شد.",
    "hi": "दरार मिलने के बाद गुरुवार को पुल बंद कर दिया गया।",
    "ko": "다리는 균열이 발견된 뒤 목요일에 폐쇄됐다.",
    "ja": "橋は亀裂が見つかり木曜日に閉鎖された。",
    "zh": "发现裂缝后，大桥于周四关闭。",
    "el": "Η γέφυρα έκλεισε την Πέμπτη.",
    "he": "הגשר נסגר ביום חמישי.",
    "th": "สะพานถูกปิดเมื่อวันพฤหัสบดี",
}
COURIER = Source(article_id="courier", title="Bridge", publisher="Tidewater Courier and Evening Advertiser")
LEAD_IN = "Tidewater Courier and Evening Advertiser: "


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    model = HashingEmbedder()
    place = tmp_path_factory.mktemp("library")
    with closing(open_library(place, model=model.name, dimension=model.dimension, create=True)) as library:
        yield Evidence(library, model)


@pytest.fixture(scope="module")
def language(evidence: Evidence) -> Callable[[str, str], Check]:
    def check(text: str, expected: str) -> Check:
        words = text.removesuffix(" [1]")
        claim = Claim(start=0, end=len(words), markers=(1,), verdict=Verdict.SUPPORTED)
        cited = Citation(marker=1, source=COURIER, version="v", start=0, end=1, quote="T")
        answer = Answer(
            question=Question(text="?"), standalone="?", scope=Scope(), text=text, status=Status.ANSWERED,
            claims=(claim,), citations=(cited,),
        )  # fmt: skip
        sample = Sample(suite="s", case_id="c", asked="d", answer=answer)
        (only,) = score(Asked(question="?", expect=Expectation(language=expected)), sample, evidence)
        assert isinstance(only, Check)
        return only

    return check


def test_a_sentence_is_told_from_every_other_language(language: Callable[[str, str], Check]) -> None:
    told = {
        (spoken, expected): language(f"{LEAD_IN}{text} [1]", expected).passed
        for spoken, text in SENTENCES.items()
        for expected in SENTENCES
    }
    assert told == {pair: pair[0] == pair[1] for pair in told}


@pytest.mark.parametrize(
    ("text", "expected", "passed"),
    [
        # Names in another script, and quotations in another language.
        ("Gideon Farrant-Moss 시장은 Arl Bridge에 대해 밝혔다", "ko", True),
        ("The mayor of 해솔 visited the bridge.", "en", True),
        ("북한은 “the launch of a reconnaissance satellite was a success” 라고 밝혔다.", "ko", True),
        ("“북한은 정찰위성을 발사했다고 밝혔다”, the agency said in a short statement.", "ko", False),
        ("“The bridge was shut on Thursday.”", "en", True),
        # Chinese characters alone, with kana, and with one Japanese name.
        ("東京都知事は橋を視察した", "zh", False),
        ("发现裂缝后，大桥于周四关闭，日本公司“の”表示将很快修复这座桥梁。", "zh", True),
        # Few words tell little.
        ("14", "en", None),
        ("£4.1", "en", None),
        ("Paris", "fr", None),
        ("two people", "en", True),
        ("SHUT ON THURSDAY AFTER A CRACK WAS FOUND", "en", True),
        # What nobody knows is left open.
        (SENTENCES["en"], "xx", None),
        (SENTENCES["he"], "yi", None),
        # Close relatives are not called wrong.
        ("Han er død.", "nb", None),
        ("Han er død.", "ko", False),
    ],
)
def test_what_tells_a_language(
    text: str, expected: str, passed: bool | None, language: Callable[[str, str], Check]
) -> None:
    check = language(text, expected)
    assert check.passed is passed, check
    assert (check.passed is None) == check.got.startswith("cannot be told")


def test_an_abstention_is_checked_as_it_stands(evidence: Evidence) -> None:
    answer = Answer(
        question=Question(text="?"),
        standalone="?",
        scope=Scope(),
        text="The articles do not say. Nothing in them matches the question.",
        status=Status.NOT_IN_SOURCES,
    )
    sample = Sample(suite="s", case_id="c", asked="d", answer=answer)
    for expected, passed in (("en", True), ("ko", False)):
        (check,) = score(Asked(question="?", expect=Expectation(language=expected)), sample, evidence)
        assert isinstance(check, Check)
        assert check.passed is passed
    assert not list(score(Asked(question="?"), sample, evidence))
