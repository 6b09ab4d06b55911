"""Sentences that a careful reader finds borne out by their quote."""

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
    nearby: str = ""
    title: str = ""


HELD = "The central bank held its benchmark rate at 4.25 percent on Thursday, as most economists had expected."
CRASH = "Two people were killed and five injured when a bus overturned near Harrow on Friday night."
MINISTRY = "The Foreign Ministry on Saturday called his remarks irresponsible and provocative."
TALKS = (
    "Antony Blinken met Park Jin in Seoul on Thursday. He said the North's Foreign Ministry had lied to the council."
)
PLANT = "Halvorsen Foods will close its Tidewater plant in March, with the loss of 340 jobs, the company said."

SUPPORTED = [
    # Paraphrases with the same figures.
    Case("The central bank left its key rate unchanged at 4.25 percent.", HELD),
    Case("Interest rates were kept at 4.25% by the central bank.", HELD),
    Case("On Thursday the bank kept its benchmark rate at 4.25 percent.", HELD),
    Case("A bus overturned near Harrow, killing two people and injuring five.", CRASH),
    Case("2 people died and 5 were hurt when a bus overturned near Harrow.", CRASH),
    Case("Halvorsen Foods is shutting its plant in Tidewater, and 340 jobs will be lost.", PLANT),
    Case("The company said 340 people will lose their jobs when the Tidewater plant closes in March.", PLANT),
    Case("The scheme will cost 1.2bn pounds.", "The project will cost 1.2 billion pounds, the ministry said."),
    Case("The deal is worth $5m.", "The agreement is worth 5 million dollars, the two companies said."),
    Case("It raised £1,200 million from investors.", "The company raised £1.2bn from investors last month."),
    Case("Half a million people were left without power.", "The storm left 500,000 people without power."),
    Case("A dozen eggs now cost 4 dollars.", "The price of 12 eggs has reached $4, the survey found."),
    Case(
        "Unemployment rose to 5.1% in the third quarter.", "Unemployment climbed to 5.1 per cent in the third quarter."
    ),
    Case("A third of voters stayed at home.", "One-third of the voters stayed at home, officials said."),
    Case("Half of the houses were damaged.", "Officials said 50 percent of the houses had been damaged."),
    Case("It was the country's third attempt.", "The launch was the country's 3rd attempt to reach orbit."),
    Case("The suspect, 52, was arrested.", "Police arrested the 52-year-old suspect at his home."),
    Case("The rate was raised by 25 basis points.", "The bank raised the rate by 0.25 percentage points."),
    Case("Rovers won 2-1.", "Rovers beat United 2-1 at home."),
    Case("The meeting begins at 3 pm.", "The meeting will begin at 15:00 in the town hall."),
    Case("Between 2 and 3 million people took part.", "Two to three million people took part in the marches."),
    Case("One and a half million tonnes were exported.", "The port exported 1.5m tonnes of grain."),
    Case("The temperature fell to minus 3 degrees.", "The temperature fell to -3 degrees overnight."),
    Case("About 300 people were evacuated.", "Some 300 people were evacuated from the building."),
    # Dates against the day of publication, Sunday 12 November 2023.
    Case("On 11 November the Foreign Ministry called his remarks irresponsible.", MINISTRY),
    Case("The Foreign Ministry called the remarks provocative on Saturday, 11 November 2023.", MINISTRY),
    Case("On November 11, 2023, the ministry said the remarks were irresponsible and provocative.", MINISTRY),
    Case("The council voted on 7 November 2023.", "The council voted last Tuesday."),
    Case("The council voted on 11 November.", "The council voted yesterday."),
    Case("The vote will be held on 18 November 2023.", "The vote will be held next Saturday."),
    Case("The school opened in 2022.", "The school opened last year."),
    Case("The spy agency briefed parliament on 29 October 2023.", "The spy agency briefed parliament two weeks ago."),
    Case("The bridge was finished in October 2023.", "The bridge was finished last month."),
    Case("The bridge was closed in May 2021.", "The bridge closed on 4 May 2021."),
    Case("The fire broke out on Friday.", "The fire broke out on 10 November."),
    # Names and what stands for them.
    Case("The ministry called the remarks irresponsible.", MINISTRY),
    Case("Blinken met Park in Seoul.", "Antony Blinken met Park Jin in Seoul on Thursday."),
    Case(
        "Antony Blinken said the ministry had lied.",
        "Blinken said the ministry had lied.",
        nearby=f"{TALKS} Blinken said the ministry had lied.",
    ),
    Case(
        "Blinken said the Foreign Ministry had lied to the council.",
        "He said the North's Foreign Ministry had lied to the council.",
        nearby=TALKS,
    ),
    Case(
        "The Foreign Ministry said the ship was safe.",
        "The ministry said the ship was safe.",
        nearby="The Foreign Ministry was asked about the ship. The ministry said the ship was safe.",
    ),
    Case("The UN condemned the launch.", "The United Nations condemned the launch."),
    Case("The United Nations condemned the launch.", "The U.N. condemned the launch."),
    Case("American troops left the base.", "U.S. troops left the base."),
    Case("North Korean officials denied it.", "Officials in North Korea denied it."),
    Case("Müller won the race.", "Muller won the race in record time."),
    Case("Globex was sued by Acme over its patents.", "Acme sued Globex over its patents."),
    # Negation and attitude, said in other words.
    Case("The bank was not considering a cut.", "The bank was not discussing a cut."),
    Case("The minister refused to resign.", "The minister declined to resign."),
    Case("He did not deny that he had met the lobbyist.", "He did not deny meeting the lobbyist."),
    Case("The ministry denied supplying arms.", "The ministry denied that it had supplied arms."),
    Case("Not only the bridge but also the road was closed.", "The bridge and the road were closed."),
    # Said in quite other words.
    Case("The mayor has quit.", "The mayor resigned on Monday after weeks of pressure."),
    Case("Ferry fares will go up by 8 percent.", "Ferry passengers face an 8 percent increase in ticket prices."),
    Case("Rescuers pulled 14 passengers from the water.", "Fourteen passengers were rescued from the sea."),
    Case("The museum will stay shut until spring.", "The museum will remain closed until the spring."),
    Case("The library never opened on Sundays.", "The library was always closed on Sundays."),
    Case("The council has not decided yet.", "The council is yet to decide."),
    Case("She is 34 years old.", "Brandt, 34, took office in May."),
    Case("The trial starts on Monday.", "The trial will begin on 13 November."),
    # More of all of these.
    Case("The Supreme Court of the United States ruled on it.", "The US Supreme Court ruled on it in June."),
    Case("Births peak in April and June.", "Births peak in April or June."),
    Case("The islands will stop getting tax breaks.", "The government will end tax breaks for the islands."),
    Case("The budget was lifted to 3.4 billion euros.", "The government increased the budget to €3.4bn."),
    Case("The firm employs 1,500 people.", "The firm has a staff of 1500."),
    Case("Twenty-three people were arrested.", "Police arrested 23 people."),
    Case(
        "The ministry said on Saturday the launch had failed.",
        "The Foreign Ministry said yesterday that the launch had failed.",
    ),
    Case("The president of the council resigned.", "Council President Maria Lund resigned."),
    Case("Okafor lost to Lund.", "Lund beat Okafor in the election."),
    Case("The ferry had 3 passengers and a crew of 14 aboard.", "The ferry was carrying 3 passengers and 14 crew."),
    Case("She was born in 1987.", "Brandt was born in 1987 in Harrow."),
    Case("Sales were up 12% last year.", "Sales rose by 12 per cent last year."),
    Case("The meeting took place on Nov. 9.", "The meeting took place on Thursday."),
    Case("The centre opened in the 1990s.", "The centre opened in the 1990s, officials said."),
    Case("Russia gets military equipment from North Korea.", "North Korea supplies military equipment to Russia."),
    Case("According to the Tidewater Courier, the bridge was closed.", "The bridge was closed."),
    Case("Mr Okafor said the harbour was safe.", "Okafor said the harbour was safe."),
    Case("The WHO declared the outbreak over.", "The World Health Organization declared the outbreak over."),
    Case("The spokesman said there was no danger.", "A spokesman said there was no danger to the public."),
    Case("Around a quarter of the staff are women.", "Some 25 percent of the staff are women."),
    Case(
        "It is the town's first new library since 1974.", "The library is the first to be built in the town since 1974."
    ),
    Case("No decision was made.", "The committee made no decision."),
    Case("The committee didn't make a decision.", "The committee made no decision."),
    Case("Neither side would comment.", "Both sides declined to comment."),
    Case("The match ended 3-0 to Harrow.", "Harrow United won 3-0."),
    Case("The Tidewater Courier reported on 12 November 2023 that the bridge was closed.", "The bridge was closed."),
    # Other scripts.
    Case("한국은행은 기준금리를 3.5%로 동결했다.", "한국은행은 기준금리를 3.5%로 동결했다."),
    Case("中国人民銀行は金利を据え置いた。", "中国人民銀行は金利を据え置いた。"),
    Case("Центробанк сохранил ставку на уровне 15%.", "Центробанк сохранил ставку на уровне 15%."),
]


@pytest.mark.parametrize("case", SUPPORTED, ids=lambda case: case.claim)
def test_a_faithful_sentence_is_supported(case: Case, judge: Judge) -> None:
    finding = judge(*case)
    assert (finding.verdict, finding.missing) == (Verdict.SUPPORTED, ())


@pytest.mark.parametrize("case", SUPPORTED, ids=lambda case: case.quote)
def test_a_copy_of_the_quote_is_supported_with_and_without_its_source(case: Case, judge: Judge) -> None:
    assert judge(case.quote, case.quote, "", "").verdict is Verdict.SUPPORTED
    with_source = f"Tidewater Courier, 12 November 2023: {case.quote}"
    assert judge(with_source, case.quote, "", "").verdict is Verdict.SUPPORTED
