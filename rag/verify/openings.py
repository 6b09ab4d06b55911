"""Capitalised words: those that are no names but open a sentence or stand before one, and names for one country."""

from __future__ import annotations

OPENING_WORDS = frozenset(
    """
    according accounts accusations activists actor actress adult adults afternoon aid air aircraft airlines all
    allegations allies almost along already although analysts another any anybody anyone anything apart armed
    army around as aside asked attackers attempts attendance authorities average aviation back banks based
    beaches because before beginning big bill billions boat boats both boys bridge bridges budget build
    buildings bus buses business businesses but buyers called calls campaigners car cars cases cash catch center
    central ceo chairman charities chief child children church cities citing city civil civilians class clearly
    climate clubs coach coast coastguard commander companies compared concern concerns construction consumers
    corn cost costs council councillors country county court courts credit crews critic critics crowd crowds
    currently customers cut cuts dangerous data days deaths defence defense delegates demand demonstrators
    department despite details detectives diplomats director doctors dozens drinking driver drivers drought each
    earlier early earthquake economic economists economy editor education eight either elections electricity
    eleven elsewhere employees employers energy engineers enough environmental environmentalists especially even
    eventually every everybody everyone everything evidence exactly executives expect experts exports families
    family fans far farmers fast father federal ferries ferry few fewer fifty fighting figures film final
    financial fire firefighters firms first fish fishermen fishing five flights flooding floods floodwaters
    following food football for forecasters foreign forget former forty founded four free friends fuel full
    funding further future gas generally getting girls given giving global going good government governments
    grants groups growing growth guards gunmen half harbor harbour hard having he health heavy help high
    historians history home homes hospitals hotels hours houses how however human humans hundreds husband if
    immediately imports in including income increased indeed individual industry inflation initial initially
    inquiry inside inspectors instead interest international investigation investigators investment investors
    its jobs joint journalists judge judges judging jury just kids know land large last late later law lawmakers
    lawyers leaders leading left legal less let life lifeboats lifeguards like listen little living local long
    look looking lorries lorry lots low major make making male man managers many markets maybe mayor me
    meanwhile measures media medical members men mental merchants migrants military millions miners minister
    ministers ministry money month months more moreover morning most mother motorists much multiple museum music
    national natural naval nearby nearly negotiators neighbors neighbourhood neighbours neither never
    nevertheless new news newspapers next night nine no nobody none nor normally not nothing now nuclear nurses
    observers obviously odds of officers official officials often oil old on once one only open opening opinion
    opponents opposition or organisers organizers others otherwise our out outside over overall owners parents
    parking parliament part particularly parties passengers passersby past patients pay pedestrians pensioners
    people per perhaps personnel pilots plan planners planning plans players please point police politicians
    polls poor potential power presidential press previous previously price prices prime prior prisoners private
    problems production professor profits property prosecutors protesters protests public pupils put quite radio
    rail rain rather read rebels recent recently records refugees regional regular regulators relations
    relatives religious repairs report reporters reports rescue rescuers research researchers reservations
    residents results retail retailers retired revenue right rising road roads rules safety sailors sales same
    school schools scientists search second secretary security see seeing senators send senior sentencing
    separately services seven several share shares sheriff ships shopping shops short should show signal similar
    simply since six small so social soldiers some somebody someone something sometimes soon sources space
    speaking special spending spokesman spokeswoman sports staff state statement states station stations
    statistics still stock stop storms street streets striker strikes students studies study such suddenly
    supermarkets support supporters surely survivors take talking talks tax taxes teachers technology teenagers
    television ten tenants tens tests than thanks that theatre then there thieves think thirty this though
    thousands three through ticket tickets tides time today together tomorrow top torture total tourism tourists
    towns trade traders trading traffic train trains transport travel travellers trees trial troops trustees two
    typical ultimately under underground undersea unemployment unfortunately union unions unless unlike until up
    users using usually vaccine victims video villagers villages violence virtually visitors volunteers voters
    votes voting wages war warning warnings watch water weapons weather website week weekend well what whatever
    when whenever where whereas whether which while who whoever why wildlife will winds winning winter with
    within without witnesses wives woman women words work workers working world worse wreckage yes yesterday yet
    you young yourself zoo
    """.split()  # noqa: SIM905  a list of words reads better as text
)
TITLES = frozenset(
    """
    admiral ambassador archbishop bishop capt captain cardinal ceo chair chairman chairwoman chancellor chief
    coach col colonel commissioner congressman congresswoman councillor dame defence defense deputy detective
    director doctor dr father finance foreign former gen general gov governor inspector interior judge justice
    king lady lieutenant lord lt major mayor minister ministers miss mr mrs ms officer pope premier president
    prime prince princess prof professor queen rep representative rev reverend secretary sen senator sergeant
    sgt sheriff sir sister spokesman spokeswoman state superintendent vice
    """.split()  # noqa: SIM905  as above
)
ALIASES = {
    "america": "us", "american": "us", "americans": "us", "usa": "us", "britain": "uk", "british": "uk", "briton": "uk",
    "britons": "uk", "french": "france", "spanish": "spain", "dutch": "netherlands", "holland": "netherlands",
    "swiss": "switzerland", "welsh": "wales", "danish": "denmark", "danes": "denmark", "turkish": "turkey",
    "turks": "turkey", "polish": "poland", "poles": "poland", "greek": "greece", "greeks": "greece", "irish": "ireland",
    "swedish": "sweden", "swedes": "sweden", "finnish": "finland", "finns": "finland", "thai": "thailand",
    "filipino": "philippines", "european": "europe", "europeans": "europe", "afghan": "afghanistan",
    "afghans": "afghanistan", "scottish": "scotland", "scots": "scotland", "english": "england", "norwegian": "norway",
    "peruvian": "peru", "christmas": "christmas", "korean": "korea", "koreans": "korea",
}  # fmt: skip
CAPITALS = {
    "washington": "us", "london": "uk", "beijing": "china", "moscow": "russia", "kremlin": "russia", "tokyo": "japan",
    "pyongyang": "korea", "seoul": "korea", "paris": "france", "berlin": "germany", "kyiv": "ukraine",
    "tehran": "iran", "delhi": "india", "ankara": "turkey", "brussels": "eu", "madrid": "spain", "rome": "italy",
    "ottawa": "canada", "canberra": "australia", "baghdad": "iraq", "kabul": "afghanistan", "damascus": "syria",
    "jerusalem": "israel", "cairo": "egypt", "riyadh": "arabia", "islamabad": "pakistan", "taipei": "taiwan",
}  # fmt: skip
"""Seats of government, which may stand for their country, and for which a country may stand: loosely the same."""
