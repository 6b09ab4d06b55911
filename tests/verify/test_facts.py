"""Facts in other clothes, which are borne out, and facts that look alike, which are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.types import Verdict
from rag.verify import Finding

Judge = Callable[[str, str, str, str], Finding]

SAME = [
    # Figures.
    ("The scheme costs €2.5 billion.", "The scheme will cost 2.5bn euros."),
    ("About 1.5 million people live there.", "Some 1,500,000 people live in the region."),
    ("Twenty-five ships were delayed.", "A total of 25 ships were delayed by the strike."),
    ("Unemployment rose by 0.5 percentage points.", "The unemployment rate rose by half a percentage point."),
    ("Half of the voters stayed away.", "Some 50 percent of the voters stayed away."),
    ("One in three households has a pet.", "A third of households have a pet."),
    ("A quarter of pupils were absent.", "25% of pupils were absent on Monday."),
    ("Two out of five drivers are uninsured.", "40 percent of drivers are uninsured."),
    ("The boy, aged seven, was found unharmed.", "The seven-year-old boy was found unharmed."),
    ("The 34-year-old was jailed.", "Brandt, 34, was jailed on Monday."),
    ("Rovers beat United 3-1.", "Rovers won 3-1 against United."),
    ("The race began at 2.30pm.", "The race started at 14:30."),
    ("The shop opens at noon.", "The shop opens at 12 p.m. every day."),
    ("Temperatures of between 30 and 35 degrees were measured.", "Temperatures of 30-35 degrees were measured."),
    ("It was her second win of the season.", "The win was her 2nd of the season."),
    ("The strike lasted two weeks.", "The strike lasted a fortnight."),
    ("The repairs took two decades.", "The repairs took 20 years."),
    ("The flight was delayed by half an hour.", "The flight was delayed by 30 minutes."),
    ("The road is 2 km long.", "The road is 2,000 metres long."),
    ("A dozen people were arrested.", "Police arrested 12 people."),
    ("The fine was $1,000.", "The fine was a thousand dollars."),
    ("Profits doubled to £4m.", "Profits doubled to 4 million pounds."),
    ("The tax will raise 300 million dollars a year.", "The tax will raise $300m annually."),
    ("The turnout was 43%, four points higher than in 2020.", "Turnout was 43 percent, against 39 percent in 2020."),
    # Dates.
    ("The bridge closed on 9 November.", "The bridge closed on Thursday."),
    ("The bridge closed on Thursday.", "The bridge closed on 9 November."),
    ("The trial began on 6 November 2023.", "The trial began last Monday."),
    ("The summit opens on 13 November.", "The summit opens tomorrow."),
    ("The law took effect in September 2023.", "The law took effect two months ago."),
    ("The museum opened in 2013.", "The museum opened ten years ago."),
    ("The vote took place this month.", "The vote took place on 7 November."),
    ("The storm struck in early November.", "The storm struck on 2 November."),
    ("The accord was signed earlier this month.", "The accord was signed on 3 November."),
    ("She resigned in the summer of 2023.", "She resigned in July."),
    ("He was born on 4 May 1970.", "He was born on May 4, 1970."),
    ("The factory dates from the 19th century.", "The factory was built in the 1800s."),
    ("The ban will be lifted in 2024.", "The ban will be lifted next year."),
    ("The talks ended on Wednesday evening.", "The talks ended on the evening of 8 November."),
    # Names.
    ("Pyongyang denied the report.", "North Korea denied the report."),
    ("French police arrested two men.", "Police in France arrested two men."),
    ("The UN's refugee agency opened a camp.", "The United Nations refugee agency opened a camp."),
    ("Dr Vostrey said the ward was safe.", "Halina Vostrey said the ward was safe."),
    ("The IMF lent the country $2bn.", "The International Monetary Fund lent the country $2bn."),
    ("President Lund signed the bill.", "Lund signed the bill on Monday."),
    ("Washington imposed new sanctions.", "The United States imposed new sanctions."),
    ("The Danes won the match.", "Denmark won the match."),
    ("The U.S. Senate passed the bill.", "The United States Senate passed the bill."),
    # Negation and attitude.
    ("The minister has not ruled out an early election.", "The minister did not rule out an early election."),
    ("The mayor refuses to apologise.", "The mayor will not apologise."),
    ("The firm no longer makes engines.", "The firm has stopped making engines."),
    ("The ship left without its captain.", "The ship sailed without the captain."),
    ("The talks ended without an agreement.", "The talks ended with no agreement."),
    ("The plan was voted down.", "Councillors rejected the plan."),
    ("The ministry rejected the accusation.", "The ministry denied the accusation."),
    ("It is unlikely that the talks will succeed.", "The talks are unlikely to succeed."),
    ("She failed to win a medal.", "She did not win a medal."),
    ("The jury acquitted the treasurer.", "The jury found the treasurer not guilty."),
    ("No one was injured.", "There were no injuries, police said."),
    ("The cause remains unknown.", "The cause is not yet known."),
    ("The court dismissed the appeal.", "The court rejected the appeal."),
    # Voices, nominalisations, reported speech.
    ("The factory's closure will put 340 people out of work.", "340 workers will lose their jobs as the plant closes."),
    ("The bill was approved by parliament.", "Parliament approved the bill."),
    ("According to police, the driver fled.", "The driver fled, police said."),
    ("The election of Lund surprised many.", "Many were surprised when Lund was elected."),
    ("Parliament's approval of the budget came on Monday.", "Parliament approved the budget on Monday."),
]

OTHER = [
    # Figures.
    ("The scheme costs €2.5 million.", "The scheme will cost 2.5bn euros."),
    ("About 150,000 people live there.", "Some 1,500,000 people live in the region."),
    ("Unemployment rose by 0.5 percent.", "The unemployment rate rose by half a percentage point."),
    ("Two thirds of the voters stayed away.", "Some 50 percent of the voters stayed away."),
    ("One in four households has a pet.", "A third of households have a pet."),
    ("The boy, aged eleven, was found unharmed.", "The seven-year-old boy was found unharmed."),
    ("Rovers beat United 3-2.", "Rovers won 3-1 against United."),
    ("The race began at 2.30am.", "The race started at 14:30."),
    ("Temperatures of between 30 and 38 degrees were measured.", "Temperatures of 30-35 degrees were measured."),
    ("It was her third win of the season.", "The win was her 2nd of the season."),
    ("The strike lasted three weeks.", "The strike lasted a fortnight."),
    ("The flight was delayed by half an hour.", "The flight was delayed by 50 minutes."),
    ("The road is 2 miles long.", "The road is 2 km long."),
    ("The fine was £1,000.", "The fine was $1,000."),
    ("The tax will raise $300m a month.", "The tax will raise $300m a year."),
    ("Profits fell to £4m.", "Profits rose to £4m."),
    ("Men earned £300 and women £400.", "Women earned £300 and men £400."),
    ("Women earned an average of £400.", "Women earned £300, compared with £400 for men."),
    ("The storm killed 20 and injured 5.", "The storm killed 5 and injured 20."),
    ("At most 300 people died.", "At least 300 people died."),
    ("Inflation is 3.4 percent.", "Inflation fell from 4.3 percent to 3.9 percent."),
    # Dates.
    ("The bridge closed on 8 November.", "The bridge closed on Thursday."),
    ("The bridge closed on Friday.", "The bridge closed on 9 November."),
    ("The summit opened on 11 November.", "The summit opens tomorrow."),
    ("The law took effect in October 2023.", "The law took effect two months ago."),
    ("The museum opened in 2012.", "The museum opened ten years ago."),
    ("The vote took place last month.", "The vote took place on 7 November."),
    ("The ban will be lifted in 2025.", "The ban will be lifted next year."),
    ("He was born on 5 April 1970.", "He was born on May 4, 1970."),
    ("The talks ended on Thursday evening.", "The talks ended on the evening of 8 November."),
    # Names.
    ("Seoul denied the report.", "Pyongyang denied the report."),
    ("German police arrested two men.", "Police in France arrested two men."),
    ("The WHO lent the country $2bn.", "The International Monetary Fund lent the country $2bn."),
    ("The Swedes won the match.", "Denmark won the match."),
    ("The House passed the bill.", "The United States Senate passed the bill."),
    ("Maria Lund signed the bill.", "Tom Lund signed the bill on Monday."),
    ("The Defence Ministry called for calm.", "The Finance Ministry called for calm."),
    # Negation and attitude.
    ("The minister ruled out an early election.", "The minister did not rule out an early election."),
    ("The mayor has apologised.", "The mayor refused to apologise."),
    ("The firm still makes engines.", "The firm no longer makes engines."),
    ("The ship sailed with its captain.", "The ship sailed without its captain."),
    ("The talks ended with an agreement.", "The talks ended without an agreement."),
    ("The plan was approved by councillors.", "The plan was voted down by councillors."),
    ("The ministry confirmed the report.", "The ministry denied the report."),
    ("The talks are likely to succeed.", "The talks are unlikely to succeed."),
    ("She won a medal.", "She failed to win a medal."),
    ("The jury convicted the treasurer.", "The jury cleared the treasurer."),
    ("Several people were injured.", "No one was injured, police said."),
    ("The cause is known.", "The cause is not yet known."),
    ("The court upheld the appeal.", "The court rejected the appeal."),
    ("The firm may close the plant.", "The firm will not close the plant."),
    ("The firm will close the plant.", "The firm may close the plant."),
    ("The man killed his wife.", "The man allegedly killed his wife."),
    # Who, whom and who says so.
    ("The union said the plant was safe.", "The company said the plant was safe."),
    ("Lund accused Okafor of lying.", "Okafor accused Lund of lying."),
    ("The bill was drafted by Okafor.", "The bill was drafted by Lund."),
    ("Lund shot the intruder.", "Lund was shot by the intruder."),
    ("All of the hostages were freed.", "Some of the hostages were freed."),
    ("Most of the hostages were freed.", "A few of the hostages were freed."),
    ("The tunnel was closed to traffic on Monday.", "The bridge was closed to traffic on Monday."),
    ("The governor of the state opened the new library.", "The mayor of the state opened the new library."),
    ("The petition for the closure was signed by 300 people.", "The petition against the closure was signed by 300."),
    ("The driver admitted causing the crash.", "The driver is accused of causing the crash."),
    ("The minister confirmed that the talks had failed.", "The minister said that the talks had failed."),
    ("The storm caused the bridge to collapse.", "The bridge collapsed before the storm."),
    ("The police opened fire before the crowd threw stones.", "The crowd threw stones before the police opened fire."),
]


@pytest.mark.parametrize(("claim", "quote"), SAME, ids=str)
def test_the_same_fact_in_other_words_is_borne_out(claim: str, quote: str, judge: Judge) -> None:
    finding = judge(claim, quote, "", "")
    assert finding.verdict in {Verdict.SUPPORTED, Verdict.PARTIAL}, finding.missing


@pytest.mark.parametrize(("claim", "quote"), OTHER, ids=str)
def test_another_fact_in_like_words_is_unsupported(claim: str, quote: str, judge: Judge) -> None:
    finding = judge(claim, quote, "", "")
    assert finding.verdict is Verdict.UNSUPPORTED
    assert finding.missing
