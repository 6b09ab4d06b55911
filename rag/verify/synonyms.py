"""Different words of the news for one thing: phrases brought to a word, and words to the concept they share.

Only words that may stand for each other in nearly every report are joined; what merely belongs to the same field
(captain and goalkeeper, defence and prosecution) is kept apart, for there a change of word is a change of fact.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.verify.numerals import SMALL
from rag.verify.terms import UNSPACED, base, carries_content, tokens

_PHRASES = {
    "refused to": "declined to",
    "refuse to": "decline to",
    "acknowledged": "did not deny|didn't deny",
    "acknowledges": "does not deny|doesn't deny",
    "a year": "annually|yearly",
    "rejected": "voted down|turned down|threw out|voted against",
    "reject": "vote down|turn down|throw out|vote against",
    "postponed": "put off|put back|pushed back|held over",
    "postpone": "put off|push back",
    "freely": "free of charge|at no (?:extra |additional )?(?:cost|charge)|for free|without charge|for nothing",
    "pay": "foot the bill for",
    "dismissed": "sent off|shown (?:a|the) red card",
    "24-hour": "around[- ]the[- ]clock|round[- ]the[- ]clock|24 hours a day|day and night",
    "ended": "came to an end|brought to an end|called off|put an end to",
    "reopened": "opened again|open again|back in service",
    "two weeks": "a fortnight|fourteen days",
    "four weeks": "two fortnights",
    "10 years": "a decade",
    "two": "a pair of|a couple of",
    "15 minutes": "(?:a )?quarter of an hour",
    "30 minutes": "half an hour|a half-hour",
    "90 minutes": "(?:an|one) hour and a half|one and a half hours",
    "18 months": "a year and a half|one and a half years",
    "six months": "half a year",
    "unknown": "not (?:yet |fully )?(?:known|clear|established|determined)|unclear|remains? a mystery|inconclusive|"
    "yet to be (?:determined|established)|(?:no|still no|not) explanation for|unexplained",
    "denied guilt": "(?:pleaded|pled|pleads?|pleading) not guilty",
    "acquitted": "(?:found |declared |ruled )?not guilty|cleared of|found innocent|exonerated",
    "convicted": "(?:found|declared|deemed|ruled|judged) guilty",
    "confessed guilty": "pleaded guilty|pled guilty|entered a guilty plea|admitted guilt",
    "told court": "testified(?: in court)?",
    "unaffected": "not (?:been |been directly )?(?:touched|affected|damaged)|escaped (?:damage|unscathed|unharmed)|"
    "undamaged|unscathed|(?:was|were) spared(?: damage)?",
    "alarm was raised": "alarm went off|alarm sounded|alarm was sounded",
    "took office": "(?:was|were|has been|have been) (?:sworn in|inaugurated)",
    "rises": "goes up(?= by| to| from)",
    "rise": "go up(?= by| to| from)",
    "rose": "went up(?= by| to| from)",
    "suspended until": "(?:did|would|will|could) not (?:resume|restart) until",
    "hastened": "brought forward|moved forward|moved up to",
    "was not opposing": "(?:was|were|is|are) not against|does not oppose|do not oppose|did not oppose|"
    "does not object to|has no objection to|had no objection to",
    "mostly": "most of them|for the most part|the majority of them",
    "jobs lost": "out of work|lost their jobs|lose their jobs|losing their jobs|loss of jobs|made redundant|laid off|"
    "job losses|job cuts",
    "about": "in the region of|in the neighbourhood of|or so",
    "power cut": "without (?:power|electricity)|power (?:cut|outage)s?|no (?:power|electricity)|"
    "cut (?:off )?(?:power|electricity)",
    "because": "due to(?= (?:the|a|an|his|her|its|their|this|that)\\b)|owing to|as a result of|on account of",
    "despite": "in spite of|notwithstanding",
    "instead": "as opposed to|rather than",
    "able": "in a position to",
    "unable": "could not say|cannot say|not able to",
    "resigned": "stepped down|stood down|quit (?:his|her|their) (?:post|job)|gave up (?:his|her|their) post",
    "resign": "step down|stand down",
    "investigate": "look into|inquire into|enquire into",
    "investigated": "looked at|looked into|being examined|under examination|examined",
    "died": "lost (?:his|her|their) (?:life|lives)|were left dead|was left dead|passed away",
    "killed": "claimed the lives of|took the lives of|left dead|shot dead|shot and killed|fatally shot",
    "increasing": "driving up|pushing up|going up",
    "increased": "drove up|pushed up|went up|gone up|was put up|were put up",
    "increase": "go up|goes up|put up",
    "decreased": "went down|gone down|came down",
    "exploded": "blew up|blew itself up|went off",
    "find": "come across|turn up",
    "found": "came across|turned up",
    "began": "got under way|kicked off|got underway",
    "start": "kick-off|kick off|get under way",
    "return": "come back|go back|coming back|going back",
    "returned": "came back|went back|was back|were back|is back",
    "boycotted": "stayed away from",
    "agreed": "reached (?:an agreement|a deal)|struck a deal|came to an agreement",
    "no": "not any",
    "left": "walked out of|moved out of|not lived (?:at|in)",
}  # fmt: skip
_REWRITTEN = tuple(
    (re.compile(rf"(?<![\w'-])(?:{words})(?![\w'-])", re.IGNORECASE), word) for word, words in _PHRASES.items()
)

_GROUPS = """
say tell declare announce report add claim remark comment observe explain argue insist stress according| shut
close closure|jobs post position|employ workforce staff employee worker work|hire recruit employment appoint| cut
slash reduce shed reduction lower decrease|increase rise grow growth climb jump surge hike raise up|fall drop decline
tumble slump dip| plan intend intention mean prepare aim|big large major|small little|main chief principal|key
benchmark| people person resident inhabitant|car vehicle traffic|lorry truck|driver motorist|pedestrian walker|bicycle
cyclist bike cycling| detour diversion|via way through|ship vessel boat|train rail railway|plane aircraft airplane
jet|road highway street motorway| find discover uncover detect discovery|check inspection examine examination inspect
test| injure hurt wound injury|kill dead death die fatal fatally slay killing|murder homicide|attack assault
raid| gunman attacker assailant militant|bomb explosive|blast explosion|shoot gunfire shooting gun|soldier troop|
police officer policeman|court tribunal|judge justice|verdict decision ruling|acquit exonerate|convict conviction|
accuse allege charge allegedly allegation accusation|jail prison imprison|mark celebrate celebration commemorate|row
dispute disagreement quarrel|electricity power|sign signature|prosecute prosecution|lawyer attorney solicitor
barrister counsel| indict indictment|arrest detain custody|rob robbery steal theft|reward bounty| buy purchase acquire
acquisition|sell sale|price cost fare|pay paid payment spend|money cash fund sum amount|bill total| tax levy|wage
salary earnings pay|profit surplus|company firm business corporation enterprise|boss head director chief executive
lead leader manager| factory plant site|shop store|product good|retailer seller|customer client consumer| government
administration|parliament legislature|lawmaker legislator|minister secretary|vote ballot poll|elect election| approve
pass adopt endorse approval|reject refuse rejection refusal rebuff dismiss|agree accept consent agreement deal
accord|oppose object opposition opponent objection| support back backing supporter|criticise criticize condemn
denounce slam criticism|praise commend laud|demand call urge appeal| promise pledge vow assure assurance commit
undertake|deny denial refute|confirm confirmation|admit acknowledge concede confess plead| warn caution
warning|propose proposal suggest suggestion|allow permit let|ban prohibit forbid bar outlaw prohibition| start begin
launch commence beginning|end finish conclude|final last|delay postpone defer postponement|stop halt suspend|continue
carry| return|leave quit depart|join enter participate participation|attend attendance present|arrive arrival|move
relocate transfer shift| house home household dwelling housing accommodation|school college|stuck trapped|urge
call|alert alarm|pupil student|teacher educator|doctor physician medic|hospital clinic| patient sick ill|surgery
operation|illness disease sickness|treat treatment|vaccine jab vaccination|baby infant newborn|woman female women|man
male men| child kid youngster|typical average ordinary|yearly year annual annually|daily day|monthly month|weekly
week| rich wealthy affluent|poor impoverished|wealth fortune|poverty poor|huge vast enormous massive immense| begin
start|show reveal demonstrate indicate|publish publication|know aware|think believe consider view|want seek wish hope|
try attempt effort bid|use utilise utilize usage|need require requirement|help assist aid assistance|protect
protection defend safeguard| fight battle combat tackle|war conflict|peace truce ceasefire|treaty pact|border
frontier|nation country|world worldwide global international| area region district|town city|river waterway|sea ocean
water|forest woodland|storm hurricane typhoon|flood flooding inundate|fire blaze inferno| earthquake quake|build
construct construction|rebuild reconstruct renovate restore renovation|repair fix mend|damage harm|destroy wreck
demolish destruction| collapse crumble|search hunt|miss missing vanish disappear|evacuate evacuation| win victory
victorious triumph|beat defeat overcome|lose loss lost|match game fixture|team side squad|fan supporter|goal score|
trophy cup title|compete race contest|champion championship|referee official|crowd spectator audience| film
movie|actor actress|singer musician vocalist|concert gig|song track|book novel|author writer|painting picture| online
internet web website|phone telephone mobile|computer pc|scheme programme project initiative|policy strategy| problem
issue trouble|reason cause because|result outcome consequence|risk danger|important significant crucial vital| former
ex previous previously|new fresh|old aged ageing|near close nearby|almost nearly|enough sufficient sufficiently|just
only merely| still yet|however although though|also too additionally|together jointly|secret hidden|quickly fast|
describe call term label|compare liken comparison|answer reply respond response|ask question query|speak talk address|
discuss discussion negotiate negotiation|meet meeting|press news media|journalist reporter|conference
briefing|statement declaration| thank gratitude grateful thankful|apologise apologize apology sorry|welcome
greet|happy pleased glad delighted|unhappy unhappiness displeased| angry furious anger fury|sad sorrow|fear afraid
worry concern|surprise astonish| take get receive obtain|give provide supply offer hand|hold keep retain|remain
stay|bring carry transport|put place|come go| rule regulation law legislation|limit curb restrict restriction|regulate
control|forecast predict expect anticipate prediction expectation| double twice|majority most mostly|several
various|initial initially| troublesome antisocial nuisance|neighbour neighbor|temporary temporarily interim|permanent
lasting| disrupt derail upset|flee escape|hide conceal|climb scale|throw hurl|wear dress|drive driver|ring jewellery|
driver motorist|tough strict stringent stricter|heavy heavily strong|slow slowly slower|certain sure|separate
separately unrelated| disclose reveal|launch unveil|hurt harm|ease relax loosen|wheel drive|unaffected
untouched unharmed unhurt uninjured|refuse unwilling|kidnap abduct abduction
"""
_ENDINGS = [
    "isation",
    "ization",
    "ational",
    "ation",
    "ition",
    "tion",
    "sion",
    "ment",
    "ness",
    "ance",
    "ence",
    "ancy",
    "ency",
    "ible",
    "able",
    "ious",
    "eous",
    "ful",
    "ive",
    "ity",
    "ise",
    "ize",
    "ian",
    "ist",
    "ism",
    "ate",
    "ure",
    "ous",
    "ing",
    "ial",
    "al",
    "er",
    "or",
    "ar",
    "at",
    "ia",
    "ic",
    "ly",
    "y",
    "i",
]
_CAMPAIGNED = r"petition|campaign\w*|protest\w*|vot\w+|argu\w+|rall\w+|march\w*|demonstrat\w+|fought"
_HOURS = (
    (re.compile(rf"\b({_CAMPAIGNED}|spoke|speak\w*) against\b"), r"\1 opposing"),
    (re.compile(rf"\b({_CAMPAIGNED}) for (?=the\b|an?\b|it\b|them\b|this\b)"), r"\1 supporting "),
    (
        re.compile(r"\b([Aa]t \d{1,2}(?:[:.]\d\d)?) (on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day) morning\b"),
        r"\1 a.m. \2",
    ),
    (
        re.compile(
            r"\b([Aa]t \d{1,2}(?:[:.]\d\d)?) (on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day) (?:afternoon|evening)\b"
        ),
        r"\1 p.m. \2",
    ),
    (re.compile(r"\b(?:[Tt]he )?(?:19th|nineteenth)[ -]century\b"), "the 1800s"),
    (re.compile(r"\b(?:[Tt]he )?(?:18th|eighteenth)[ -]century\b"), "the 1700s"),
    (re.compile(r"\bUnited States(?: of America)?\b"), "US"),
    (re.compile(r"\bUnited Kingdom\b"), "UK"),
    (re.compile(r"\bhalf a percentage point\b"), "0.5 percentage points"),
    (re.compile(r"\b(top|bottom|richest|poorest|wealthiest) tenth\b"), r"\1 10%"),
    (re.compile(r"\b(top|bottom|richest|poorest|wealthiest) fifth\b"), r"\1 20%"),
    (re.compile(r"\b(\d{1,2}(?:[:.]\d\d)?)(?: o'clock)? in the morning\b"), r"\1 a.m."),
    (re.compile(r"\b(\d{1,2}(?:[:.]\d\d)?)(?: o'clock)? (?:in the (?:afternoon|evening)|at night)\b"), r"\1 p.m."),
)


_SMALL = "|".join([*list(SMALL)[1:], r"\d{1,2}"])
_ONE_IN = re.compile(
    rf"\b(?P<part>{_SMALL}) (?:in|out of)(?: every)? (?P<whole>{_SMALL}|100)\b"
    r"(?! (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|a\.m|p\.m)|[.,:-]?\d|\s?%)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return an evened text with the phrases that one word says replaced by that word."""
    for pattern, word in (*_REWRITTEN, *_HOURS):
        text = pattern.sub(word, text)
    return _ONE_IN.sub(_share, text)


def _share(found: re.Match[str]) -> str:
    part, whole = (SMALL.get(found[key].lower()) or int(found[key]) for key in ("part", "whole"))
    return f"{100 * part / whole:.3g}%" if part < whole else found[0]


@lru_cache(maxsize=16384)
def concept(word: str) -> str:
    """Return what a folded word has in common with its synonyms and with the words derived from it."""
    short = base(word)
    return _CONCEPTS.get(short) or _CONCEPTS.get(_root(short)) or _root(short)


def is_ordinary(word: str) -> bool:
    """Tell whether a folded word is one of those that are joined here, hence no name by itself."""
    return base(word) in _CONCEPTS


@lru_cache(maxsize=4096)
def terms(text: str) -> tuple[str, ...]:
    """Return the concepts of the content words of an evened text, in order; unspaced scripts as letter pairs."""
    return tuple(term for token in tokens(text) if carries_content(token.word) for term in pieces(token.word))


def pieces(word: str) -> list[str]:
    """Return what a folded word is compared by."""
    if UNSPACED.search(word):
        return [word[place : place + 2] for place in range(max(1, len(word) - 1))]
    return [concept(word)]


def _root(short: str) -> str:
    """Return a base form without the ending that makes a noun, verb or adjective of it ("closure", "election")."""
    for ending in _ENDINGS:
        if short.endswith(ending) and len(short) - len(ending) >= 4:
            return short[: -len(ending)]
    return short


def _joined() -> dict[str, str]:
    found: dict[str, str] = {}
    for group in _GROUPS.split("|"):
        words = [base(word) for word in group.split()]
        for word in words:
            found.setdefault(word, f"{words[0]}*")
    return found


_CONCEPTS = _joined()
