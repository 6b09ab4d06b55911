"""Sentences that a careful reader finds to say what their quote does not, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from rag.types import Verdict
from rag.verify import Finding

Judge = Callable[[str, str, str, str], Finding]


class Case(NamedTuple):
    claim: str
    quote: str
    missing: str = ""
    """Something that must be named as missing."""
    nearby: str = ""
    title: str = ""


HELD = "The central bank held its benchmark rate at 4.25 percent on Thursday, as most economists had expected."
CRASH = "Two people were killed and five injured when a bus overturned near Harrow on Friday night."
MINISTRY = "The Foreign Ministry on Saturday called his remarks irresponsible and provocative."
TALKS = (
    "Antony Blinken met Park Jin in Seoul on Thursday. He said the North's Foreign Ministry had lied to the council."
)
PLANT = "Halvorsen Foods will close its Tidewater plant in March, with the loss of 340 jobs, the company said."

UNSUPPORTED = [
    # Figures.
    Case("The central bank cut its rate to 3.75 percent.", HELD, "3.75 percent"),
    Case("The central bank held its benchmark rate at 3.75 percent.", HELD, "3.75 percent"),
    Case("The central bank held its benchmark rate at 4.25 percentage points.", HELD, "4.25 percentage points"),
    Case("Three people were killed when a bus overturned near Harrow.", CRASH, "Three"),
    Case("Five people were killed and two injured when a bus overturned near Harrow.", CRASH, "Five"),
    Case("Halvorsen Foods will close its Tidewater plant, with the loss of 430 jobs.", PLANT, "430"),
    Case(
        "The project will cost 1.2 million pounds.", "The project will cost 1.2 billion pounds.", "1.2 million pounds"
    ),
    Case(
        "The project will cost 1.2 billion dollars.", "The project will cost 1.2 billion pounds.", "1.2 billion dollars"
    ),
    Case("More than 300 people were hurt.", "In all, 270 people were hurt.", "300"),
    Case("The 51-year-old driver was arrested.", "Police arrested the driver, 52, at his home.", "51-year-old"),
    Case("The truce lasts three months.", "The truce lasts three weeks.", "three months"),
    Case(
        "It was the second attempt to launch a satellite.", "It was the third attempt to launch a satellite.", "second"
    ),
    Case("The temperature reached 3 degrees.", "The temperature reached -3 degrees.", "3 degrees"),
    Case("Rovers won 3-1 at home.", "Rovers beat United 2-1 at home.", "3"),
    Case("Two-thirds of the voters stayed at home.", "A third of the voters stayed at home.", "Two-thirds"),
    Case("Thousands of people marched.", "Hundreds of people marched.", "Thousands"),
    Case("The meeting begins at 4 pm.", "The meeting begins at 3 pm.", "4 pm"),
    # Dates.
    Case("On 10 November the Foreign Ministry called his remarks irresponsible.", MINISTRY, "10 November"),
    Case("On Friday the Foreign Ministry called his remarks irresponsible.", MINISTRY, "Friday"),
    Case("The Foreign Ministry called his remarks irresponsible on 11 November 2022.", MINISTRY, "11 November 2022"),
    Case("The bridge closed on 5 May 2021.", "The bridge closed on 4 May 2021.", "5 May 2021"),
    Case("The bridge closed on 4 June 2021.", "The bridge closed on 4 May 2021.", "4 June 2021"),
    Case("The bridge closed in 2020.", "The bridge closed on 4 May 2021.", "2020"),
    Case("The bridge closed on 4 May 2021.", "The bridge closed in May 2021.", "4 May 2021"),
    Case("The bridge closed in May 2021.", "The bridge closed after engineers found cracks.", "May 2021"),
    Case(
        "The bridge closed on 12 November 2023.", "The bridge closed after engineers found cracks.", "12 November 2023"
    ),
    Case("The council voted two weeks ago.", "The council voted three weeks ago.", "two weeks ago"),
    # Names.
    Case(
        "Park said the North had lied.",
        "Blinken said the North had lied.",
        "Park",
        nearby="Park met Blinken. Blinken said the North had lied.",
        title="Blinken and Park meet",
    ),
    Case("Reuters reported that the bridge had closed.", "The bridge has closed, the council said.", "Reuters"),
    Case("The bridge near Norwich was closed.", "The bridge near Harrow was closed.", "Norwich"),
    Case("Iraqi officials closed the border.", "Iranian officials closed the border.", "Iraqi"),
    Case("South Korea fired two missiles.", "North Korea fired two missiles.", "South"),
    Case("John Blinken met Park Jin.", "Antony Blinken met Park Jin.", "John"),
    Case("The F-16 crashed into the sea.", "The F-35 crashed into the sea.", "F-16"),
    Case("The EU condemned the launch.", "The United Nations condemned the launch.", "EU"),
    Case("Mayor Ellen Brandt opened the market.", "Mayor Tom Okafor opened the market.", "Ellen"),
    # Negation.
    Case("The bank was discussing a cut.", "The bank was not discussing a cut.", "not"),
    Case("The bank was not discussing a cut.", "The bank was discussing a cut.", "not"),
    Case("The bank had discussed cutting rates.", "The bank said it was not discussing a cut in rates.", "not"),
    Case(
        "The ministry confirmed that it had supplied arms.",
        "The ministry denied that it had supplied arms.",
        "confirmed",
    ),
    Case("The ministry supplied arms to the rebels.", "The ministry denied supplying arms to the rebels.", "denied"),
    Case("The minister will resign.", "The minister refused to resign.", "refused"),
    Case("The mayor ruled out a second term.", "The mayor announced a second term.", "ruled"),
    Case("Nobody was hurt in the fire.", "Somebody was hurt in the fire, police said.", "nobody"),
    Case("The ship sailed with a permit.", "The ship sailed without a permit.", "without"),
    Case("He had never visited the island.", "He had often visited the island.", "never"),
    Case("The drug works.", "The drug doesn't work.", "doesn't"),
    Case("The council failed to approve the budget.", "The council approved the budget.", "failed"),
    Case("Both sides accepted the plan.", "Neither side accepted the plan.", "neither"),
    Case("The mayor has not said whether she will run.", "The mayor has said whether she will run.", "not"),
    Case("The deal is no longer valid.", "The deal is still valid.", "no"),
    # Directions.
    Case("The central bank cut its rate to 4.25 percent.", HELD, "cut"),
    Case("The central bank raised its benchmark rate to 4.25 percent.", HELD, "raised"),
    Case("Prices fell by 3 percent.", "Prices rose by 3 percent.", "fell"),
    Case("Exports increased last year.", "Exports decreased last year.", "increased"),
    Case("Rovers lost the final.", "Rovers won the final.", "lost"),
    Case("The shop opened before the strike.", "The shop opened after the strike.", "before"),
    Case("The union opposed the plan.", "The union supported the plan.", "opposed"),
    Case("The court found the banker innocent.", "The court found the banker guilty.", "innocent"),
    Case("The school was closed on Monday.", "The school was reopened on Monday.", "closed"),
    # More of all of these.
    Case(
        "The bank cut rates from 3.75 percent to 4.25 percent.",
        "The bank raised rates from 3.75 percent to 4.25 percent.",
    ),
    Case("The rate rose from 4.25 percent to 3.75 percent.", "The rate rose from 3.75 percent to 4.25 percent."),
    Case("The firm employs 15,000 people.", "The firm has a staff of 1500."),
    Case("The Defence Ministry said the launch had failed.", "The Foreign Ministry said the launch had failed."),
    Case("The mayor did not resign.", "The mayor resigned."),
    Case("The mayor resigned.", "The mayor did not resign."),
    Case("The mayor denied resigning.", "The mayor confirmed that he was resigning."),
    Case("The government is planning new taxes.", "The government has no plans for new taxes."),
    Case("The trial was halted.", "The trial was not halted."),
    Case("Officials ruled out an extension.", "Officials did not rule out an extension."),
    Case("The two sides reached an agreement.", "The two sides failed to reach an agreement."),
    Case("The plan was approved by parliament.", "The plan was rejected by parliament."),
    Case("Lund beat Okafor in the election.", "Okafor beat Lund in the election."),
    Case("Lund defeated Okafor.", "Lund lost to Okafor."),
    Case("The storm hit before the evacuation.", "The storm hit after the evacuation."),
    Case("Fewer than 50 people attended.", "More than 50 people attended."),
    Case("All of the passengers survived.", "None of the passengers survived."),
    Case("Every school was closed.", "No school was closed."),
    Case("The ferry was carrying 14 passengers and 3 crew.", "The ferry was carrying 3 passengers and 14 crew."),
    Case(
        "In 2019 the company had 40 shops and in 2023 it had 25.",
        "In 2019 the company had 25 shops and in 2023 it had 40.",
    ),
    Case("She was born in 1978.", "Brandt was born in 1987 in Harrow."),
    Case("Sales were down 12% last year.", "Sales rose by 12 per cent last year."),
    Case("The meeting took place on Nov. 8.", "The meeting took place on Thursday."),
    Case("The centre opened in the 1980s.", "The centre opened in the 1990s, officials said."),
    Case("Russia supplies military equipment to North Korea.", "North Korea supplies military equipment to Russia."),
    Case("Israel attacked Lebanon.", "Lebanon attacked Israel."),
    Case("The Harbour Herald reported that the bridge was closed.", "The bridge was closed."),
    Case("The World Bank declared the outbreak over.", "The World Health Organization declared the outbreak over."),
    Case("The spokesman said there was danger.", "A spokesman said there was no danger to the public."),
    Case("The ship is safe.", "The ship is unsafe."),
    Case("The talks were successful.", "The talks were unsuccessful."),
    Case("The claim is true.", "The claim is false."),
    Case("The price is £3.50.", "Tickets cost $3.50."),
    Case("Around three quarters of the staff are women.", "Some 25 percent of the staff are women."),
    Case("Protesters gathered peacefully outside the embassy.", "Prices of bread rose by 3 percent in May."),
    Case("The minister resigned.", "The minister is not going to resign."),
    Case("The vaccine prevents infection.", "The vaccine does not prevent infection."),
    Case("Harrow United won 3-0.", "Harrow United lost 3-0."),
    Case("It rained for 3 days.", "It rained for 3 hours."),
    Case("It was a man who called the police.", "It was a woman who called the police."),
    # Invention.
    Case("Local dolphins have learned to play chess.", HELD, "dolphins"),
    Case(
        "The mayor resigned after a scandal over parking permits.",
        "The bridge closed after engineers found cracks.",
        "mayor",
    ),
    Case("The company has always treated its workers generously.", CRASH, "workers"),
    Case("Critics say the policy is a betrayal of the poor.", MINISTRY, "policy"),
    Case("한국은행은 기준금리를 인상했다.", "서울에서 축제가 열렸다.", "한국은행은"),
]

NOT_SUPPORTED = [
    # At best partial: something is added, hedged away or exchanged.
    Case("Acme sued Globex.", "Globex sued Acme."),
    Case("The company will cut 200 jobs.", "The company may cut 200 jobs."),
    Case("The driver stole the car.", "The driver allegedly stole the car."),
    Case("14 people died.", "At least 14 people died."),
    Case("Nearly 300 people were hurt.", "In all, 297 people were hurt."),
    Case("The bridge closed because the mayor wanted to punish his rivals.", "The bridge closed."),
    Case("Blinken apologised to Park.", "Blinken met Park in Seoul on Thursday."),
    Case("Pyongyang denied it.", "North Korea denied the accusation."),
    Case("Engineers praised the bridge.", "The bridge was closed after engineers found cracks."),
    Case("The company has found a buyer for the Tidewater plant.", PLANT),
    Case("The workers will strike in March.", PLANT),
    Case("The bus overturned near Harrow, and the driver had been drinking heavily all evening.", CRASH),
]


@pytest.mark.parametrize("case", UNSUPPORTED, ids=lambda case: case.claim)
def test_a_false_sentence_is_unsupported_and_says_what_is_missing(case: Case, judge: Judge) -> None:
    finding = judge(case.claim, case.quote, case.nearby, case.title)
    assert finding.verdict is Verdict.UNSUPPORTED
    assert finding.missing
    assert not case.missing or case.missing in finding.missing


@pytest.mark.parametrize("case", NOT_SUPPORTED, ids=lambda case: case.claim)
def test_a_sentence_that_goes_beyond_its_quote_is_not_supported(case: Case, judge: Judge) -> None:
    finding = judge(case.claim, case.quote, case.nearby, case.title)
    assert finding.verdict in {Verdict.PARTIAL, Verdict.UNSUPPORTED}
    assert finding.missing
