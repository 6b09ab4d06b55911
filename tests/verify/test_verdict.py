"""The verifier on sentences that a careful reader can judge: what is supported, what is not, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from rag.embed import EmbeddedModel
from rag.types import Source, Verdict
from rag.verify import Finding, Quote, verify


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


@pytest.fixture(scope="module")
def model() -> EmbeddedModel:
    return EmbeddedModel()


def judged(case: Case, model: EmbeddedModel) -> Finding:
    def similarity(claim: str, quotes: Sequence[str]) -> list[float]:
        vectors = model.embed_documents([claim, *quotes])
        return [sum(a * b for a, b in zip(vectors[0], vector, strict=True)) for vector in vectors[1:]]

    published = datetime(2023, 11, 12, tzinfo=UTC)
    source = Source(article_id="a", title=case.title, publisher="Tidewater Courier", published=published)
    return verify(case.claim, [Quote(text=case.quote, source=source, nearby=case.nearby or case.quote)], similarity)


@pytest.mark.parametrize("case", SUPPORTED, ids=lambda case: case.claim)
def test_a_faithful_sentence_is_supported(case: Case, model: EmbeddedModel) -> None:
    finding = judged(case, model)
    assert (finding.verdict, finding.missing) == (Verdict.SUPPORTED, ())


@pytest.mark.parametrize("case", UNSUPPORTED, ids=lambda case: case.claim)
def test_a_false_sentence_is_unsupported_and_says_what_is_missing(case: Case, model: EmbeddedModel) -> None:
    finding = judged(case, model)
    assert finding.verdict is Verdict.UNSUPPORTED
    assert finding.missing
    assert not case.missing or case.missing in finding.missing


@pytest.mark.parametrize("case", NOT_SUPPORTED, ids=lambda case: case.claim)
def test_a_sentence_that_goes_beyond_its_quote_is_not_supported(case: Case, model: EmbeddedModel) -> None:
    finding = judged(case, model)
    assert finding.verdict in {Verdict.PARTIAL, Verdict.UNSUPPORTED}


@pytest.mark.parametrize("case", SUPPORTED + UNSUPPORTED, ids=lambda case: case.quote)
def test_a_copy_of_the_quote_is_supported_with_and_without_its_source(case: Case, model: EmbeddedModel) -> None:
    assert judged(case._replace(claim=case.quote), model).verdict is Verdict.SUPPORTED
    with_source = f"Tidewater Courier, 12 November 2023: {case.quote}"
    assert judged(case._replace(claim=with_source), model).verdict is Verdict.SUPPORTED
