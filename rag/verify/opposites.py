"""Words that exclude each other, by the news they make: rates are raised, cut or held; games are won, lost or drawn."""

from __future__ import annotations

from rag.verify.synonyms import concept

_OPPOSITES = (
    (
        "rise increase grow climb jump surge gain soar raise hike rally rebound swell advance double triple up higher",
        "fall drop decline decrease cut reduce lower plunge slump shrink slash tumble dip halve sink down",
        "hold keep maintain unchanged steady stable freeze",
    ),
    ("win beat defeat victory triumph", "lose loss", "draw drew tie"),
    ("before", "after following"),
    ("support back endorse favour welcome praise", "oppose criticise criticize condemn denounce attack"),
    ("accept agree approve allow permit authorise authorize", "reject refuse ban forbid prohibit veto block bar deny"),
    ("confirm admit acknowledge concede", "deny refute dispute"),
    ("open reopen", "close shut"),
    ("begin start launch commence", "end stop finish halt abandon cancel suspend"),
    ("arrive enter join", "leave depart exit quit withdraw"),
    ("buy purchase acquire", "sell"),
    ("above", "below"),
    ("guilty convict", "innocent acquit clear"),
    ("sentence jail fine", "innocent acquit clear"),
    ("damage affect injure destroy touch", "unaffected"),
    ("survive alive rescue save free release", "die kill dead"),
    ("hire appoint", "fire dismiss sack resign"),
    ("legal lawful", "illegal unlawful"),
    ("possible likely", "impossible unlikely"),
    ("more", "less fewer"),
    ("most", "least"),
    ("include", "exclude"),
    ("import", "export"),
    ("pass succeed success", "fail failure"),
    ("arrest detain jail imprison", "release free"),
    ("build construct", "demolish destroy"),
    ("safe", "dangerous unsafe"),
    ("strengthen improve better", "weaken worsen worse"),
    ("lend", "borrow"),
    ("earlier early", "later late"),
    ("first", "last"),
    ("public", "private"),
    ("majority", "minority"),
    ("profit", "loss"),
    ("husband", "wife"), ("man", "woman"), ("boy", "girl"), ("father", "mother"), ("son", "daughter"),
    ("brother", "sister"),
    ("north northern", "south southern"), ("east eastern", "west western"),
    ("friend ally", "enemy foe"),
    ("for", "against"), ("ahead front", "behind"), ("last previous past", "next upcoming"), ("yesterday", "tomorrow"),
    ("hasten", "postpone delay"),
    ("narrow", "wide broad"), ("add", "save"),
    ("urban", "rural"), ("minimum", "maximum"), ("hot", "cold"), ("rich", "poor"), ("new", "old"),
)  # fmt: skip
AXES = tuple({concept(word): pole for pole, words in enumerate(axis) for word in words.split()} for axis in _OPPOSITES)
"""For each kind of opposition, the pole of each concept."""

CONVERSE = frozenset(
    number
    for number, poles in enumerate(AXES)
    if not poles.keys().isdisjoint({concept("win"), concept("buy"), concept("lend")})
)
"""Oppositions that hold for one and the same pair: who does not win, loses."""
DENIALS = frozenset(
    number
    for number, poles in enumerate(AXES)
    if not poles.keys().isdisjoint({concept("acquit"), concept("unaffected")})
)
"""Oppositions to a word that denies: what one suffered another may have been spared, in the same report."""
_CLASSES = tuple(
    frozenset(map(concept, words.split()))
    for words in (
        "mayor governor president senator minister chancellor king queen ambassador councillor",
        "captain goalkeeper referee coach striker defender midfielder", "bridge tunnel canal railway airport harbour",
        "doctor nurse midwife surgeon paramedic pharmacist", "firefighter police soldier sailor teacher farmer miner",
        "prosecution defence plaintiff defendant", "passenger driver pilot pedestrian cyclist vehicle",
        "second minute hour day week month year decade century", "primary secondary", "gas oil coal gold",
    )
)  # fmt: skip
"""Things of one kind: who says one for another is wrong, however near their meanings."""
_TURNING = frozenset({"un", "in", "im", "il", "ir", "dis", "non"})


def opposed(one: str, other: str) -> bool:
    """Tell whether two words exclude each other."""
    return opposed_concepts(concept(one), concept(other)) or prefixed(one, other) or prefixed(other, one)


def prefixed(longer: str, word: str) -> bool:
    """Tell whether a word is another one turned round by its prefix ("unsafe", "illegal")."""
    return len(word) > 3 and longer.endswith(word) and longer.removesuffix(word) in _TURNING


def of_one_kind(one: str, other: str) -> bool:
    """Tell whether two words name different things of one kind."""
    ours, theirs = concept(one), concept(other)
    return ours != theirs and any(ours in each and theirs in each for each in _CLASSES)


def opposed_concepts(one: str, other: str) -> bool:
    """Tell whether two concepts exclude each other."""
    return any(one in poles and other in poles and poles[one] != poles[other] for poles in AXES)


def akin(one: str, other: str) -> bool:
    """Tell whether two concepts stand at the same pole of an opposition."""
    return any(one in poles and poles[one] == poles.get(other) for poles in AXES)
