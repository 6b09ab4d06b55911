"""Sentences whose predicate the quote denies, in whatever voice, and events that the quote does not hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.types import Verdict
from rag.verify import Finding

Judge = Callable[[str, str, str, str], Finding]
Pair = tuple[str, str]
"""A claim and its quote."""

DENIED = [
    (
        "The storm damaged the pier.",
        "The pier, which has been shut since May because of a broken beam, was not damaged.",
    ),
    (
        "Lena Fairweather was jailed.",
        "Lena Fairweather, who has run the charity since 2011 with her two sisters, was acquitted.",
    ),
    ("The pilot was injured in the crash.", "The passengers were injured in the crash, but the pilot was unhurt."),
    ("The storm damaged the tower.", "The storm damaged the roof, but the tower was not damaged."),
    ("The tower was damaged.", "The storm damaged the roof, but the tower was unaffected."),
    ("The union opposed the plan.", "The union did not support the plan, nor did it oppose it."),
    ("The club sold the striker.", "The club did not buy the striker."),
    ("The court fined the builder.", "The builder was found not guilty and left the court with his family."),
    ("The storm damaged the church tower.", "The church tower was not damaged."),
    ("The flood damaged the museum's archive.", "The museum's archive escaped damage, its director said."),
    ("The church tower was not damaged.", "The storm damaged the church tower."),
    ("Police arrested three men after the match.", "No one was arrested after the match, police said."),
    ("The council approved the stadium.", "The stadium was not approved by the council."),
    ("The stadium was approved.", "The council did not approve the stadium."),
    ("The minister took the bribe.", "The minister denied on Tuesday that he had taken a bribe."),
    ("The crew was injured when the ferry hit the quay.", "The ferry hit the quay, but the crew was unhurt."),
    ("The fire injured two workers.", "No workers were injured in the fire."),
    ("The company had warned its customers.", "Customers were never warned by the company."),
    ("The ship left the harbour with a pilot on board.", "The ship left the harbour without a pilot on board."),
    ("The jury convicted the nurse of theft.", "The nurse was cleared of theft by a jury."),
    ("The nurse was jailed.", "The nurse was acquitted of theft on Monday."),
    ("The banker was sentenced to six years.", "A court found the banker not guilty."),
    ("The regulator approved the merger.", "The merger was blocked by the regulator."),
    ("The cause of the fire has been established.", "The cause of the fire has not been established."),
    ("The thieves were caught.", "Nobody has been caught for the theft."),
    ("The explosion destroyed the chapel.", "The chapel was left untouched by the explosion."),
    ("The club paid the fine.", "The fine has still not been paid by the club."),
    ("The airline found the missing bags.", "The missing bags have not been found."),
    ("The hail damaged the vineyards.", "The vineyards were spared damage, growers said."),
    ("The virus affected the town's schools.", "Schools in the town were not affected by the virus."),
    ("The senator lied to the committee.", "The senator denied having lied to the committee."),
    ("The rescuers reached the second climber.", "The second climber could not be reached by the rescuers."),
    ("The singer was convicted of assault.", "A jury cleared the singer of assault."),
    ("The governor signed the bill.", "The bill was vetoed by the governor."),
    ("A neighbour saw the robbery.", "No one saw the robbery."),
    ("The hotel told its guests about the leak.", "Guests were not told about the leak by the hotel."),
    ("The bomb hurt passers-by.", "Passers-by were unhurt when the bomb went off."),
    ("Parliament passed the housing law.", "The housing law was voted down by parliament."),
    ("The lorry driver was charged.", "The lorry driver was released without charge."),
    ("The painting was not recovered.", "Detectives recovered the painting in a barn."),
    ("Inspectors found mould in the kitchen.", "No mould was found in the kitchen by inspectors."),
    (
        "Edmund Hale was convicted of fraud.",
        "Edmund Hale, 58, of Mill Lane, pleaded not guilty to one charge of fraud.",
    ),
]
"""The quote says that it is not so."""

ELSEWHERE = [
    (
        "Marta Kellerman was jailed for fraud.",
        "Marta Kellerman, 44, pleaded not guilty to fraud at Harrow Crown Court.",
    ),
    ("Marta Kellerman was sentenced to prison.", "Marta Kellerman appeared before magistrates in Harrow on Tuesday."),
    ("Gerald Osei resigned as chairman.", "Gerald Osei, the chairman, spoke to shareholders in London on Monday."),
    ("Lena Fairweather married in Rome.", "Lena Fairweather arrived in Rome on Friday with her family."),
    ("Oskar Brandvold won the award.", "Oskar Brandvold was nominated for the award in May."),
    ("Tomas Verhoeven was arrested in Antwerp.", "Tomas Verhoeven was seen in Antwerp on Friday, a neighbour said."),
    (
        "Halden Shipping went bankrupt.",
        "Halden Shipping reported lower revenue and said that it would close two offices.",
    ),
    (
        "Priya Ramanathan was expelled from the party.",
        "Priya Ramanathan addressed members of the party in Leeds on Sunday.",
    ),
    ("Viktor Halasz was extradited to Hungary.", "Viktor Halasz, a Hungarian, was held at the airport on Sunday."),
    ("Nadia Okonjo was convicted of perjury.", "Nadia Okonjo was questioned about perjury by detectives on Thursday."),
    ("Dunmere Rovers sacked Paul Ivanhoe.", "Paul Ivanhoe has coached Dunmere Rovers for nine years."),
    ("Ingrid Solheim sued the newspaper.", "Ingrid Solheim told the newspaper that she had read the report."),
    (
        "Edmund Hale was acquitted of fraud.",
        "Edmund Hale, 58, of Mill Lane, pleaded not guilty to one charge of fraud.",
    ),
]
"""The quote says something else of the same people."""

BORNE_OUT = [
    (
        "The storm damaged the pier.",
        "The storm damaged the pier, which has been shut since May, and the school was not damaged.",
    ),
    ("Prices rose.", "Prices rose but did not double."),
    ("The storm damaged the roof.", "The storm damaged the roof, but the tower was not damaged."),
    ("The storm damaged homes in Harrow.", "Homes in Harrow were hit by the storm; the bridge was not damaged."),
    ("The church tower was unharmed.", "The church tower was not damaged."),
    ("The storm left the church tower undamaged.", "The church tower was not damaged in the storm."),
    ("The storm damaged the church tower.", "The church tower was damaged by the storm."),
    ("Nobody was arrested.", "Police made no arrests."),
    ("The jury acquitted the nurse.", "The nurse was found not guilty by a jury."),
    ("The nurse was cleared of theft.", "The jury found the nurse not guilty of theft."),
    ("The banker was sent to prison for six years.", "A judge sentenced the banker to six years in jail."),
    ("Marta Kellerman was imprisoned for fraud.", "Marta Kellerman, 44, was jailed for fraud on Tuesday."),
    ("Gerald Osei stepped down as chairman.", "Gerald Osei resigned on Monday as chairman of the bank."),
    ("The minister says he did not take a bribe.", "The minister denied that he had taken a bribe."),
    ("The crew was not injured.", "The ferry hit the quay, but the crew was unhurt."),
    ("The storm damaged the school.", "The storm damaged the school, but the church was not damaged."),
    ("It is not known what caused the fire.", "The cause of the fire has not been established."),
    (
        "The man was convicted of theft but cleared of assault.",
        "The man was found guilty of theft and not guilty of assault.",
    ),
    ("Nobody was hurt in the explosion.", "The explosion left everyone in the building unhurt."),
    ("The vineyards were not damaged by the hail.", "The vineyards were spared damage when hail fell on Sunday."),
    ("Schools were unaffected by the virus.", "Schools in the town were not affected by the virus."),
    ("The singer was found not guilty of assault.", "A jury cleared the singer of assault."),
    ("There were no witnesses to the robbery.", "No one saw the robbery."),
    ("The law was rejected by parliament.", "Parliament voted down the housing law."),
    ("The judge sent the smuggler to jail.", "The smuggler was sentenced to prison by a judge."),
    (
        "Nadia Okonjo was interviewed by police about perjury.",
        "Nadia Okonjo was questioned about perjury by detectives on Thursday.",
    ),
    ("Edmund Hale denied fraud.", "Edmund Hale, 58, of Mill Lane, pleaded not guilty to one charge of fraud."),
]
"""The quote says so, in the other voice or by the opposite word."""

MISJUDGED = [
    ("The council rejected the stadium.", "The stadium was not approved by the council."),
    ("The lorry driver was let go without being charged.", "The lorry driver was released without charge."),
    ("The roof was damaged, but the tower was not.", "The storm damaged the roof, but the tower was not damaged."),
    ("The merger was blocked.", "The regulator did not approve the merger and blocked it."),
    ("The bill was not signed by the governor.", "The governor vetoed the bill."),
    ("Police got the painting back.", "Detectives recovered the painting in a barn."),
    ("Ivanhoe was dismissed by Dunmere Rovers.", "Dunmere Rovers sacked Paul Ivanhoe on Friday."),
]
"""Borne out, but refused: a denial without its verb, coordination, words that only a dictionary joins."""


@pytest.mark.parametrize("pair", DENIED, ids=lambda pair: pair[0])
def test_what_the_quote_denies_is_unsupported(pair: Pair, judge: Judge) -> None:
    finding = judge(*pair, "", "")
    assert finding.verdict is Verdict.UNSUPPORTED
    assert finding.missing


@pytest.mark.parametrize("pair", ELSEWHERE, ids=lambda pair: pair[0])
def test_an_event_that_the_quote_does_not_hold_is_no_paraphrase(pair: Pair, judge: Judge) -> None:
    assert judge(*pair, "", "").verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize("pair", BORNE_OUT, ids=lambda pair: pair[0])
def test_the_same_in_another_voice_is_borne_out(pair: Pair, judge: Judge) -> None:
    assert judge(*pair, "", "").verdict in {Verdict.SUPPORTED, Verdict.PARTIAL}


@pytest.mark.xfail(strict=True, reason="refused though borne out")
@pytest.mark.parametrize("pair", MISJUDGED, ids=lambda pair: pair[0])
def test_the_same_in_far_other_words_is_borne_out(pair: Pair, judge: Judge) -> None:
    assert judge(*pair, "", "").verdict in {Verdict.SUPPORTED, Verdict.PARTIAL}
