"""What figures are measured in."""

from __future__ import annotations

from collections.abc import Sequence

from rag.verify.numerals import Lexeme, touching, word_at

_SPELLED = {
    "percent": "percent % pct",
    "point": "pp",
    "basis point": "bp bps",
    "$": "dollar dollars usd $ buck bucks",
    "€": "euro euros eur €",
    "£": "pound pounds gbp sterling £",
    "lb": "lb lbs",
    "¥": "yen jpy ¥",
    "₩": "won krw ₩",
    "yuan": "yuan renminbi rmb cny",
    "₹": "rupee rupees inr ₹",
    "rouble": "rouble roubles ruble rubles rub ₽",
    "cent": "cent cents",
    "penny": "pence penny",
    "year": "year years yr yrs",
    "month": "month months",
    "week": "week weeks",
    "day": "day days",
    "hour": "hour hours hr hrs",
    "minute": "minute minutes min mins",
    "second": "seconds sec secs",
    "km": "km kms kilometre kilometres kilometer kilometers",
    "mile": "mile miles",
    "m": "m metre metres meter meters",
    "cm": "cm centimetre centimetres centimeter centimeters",
    "foot": "foot feet ft",
    "inch": "inch inches",
    "kg": "kg kilo kilos kilogram kilograms",
    "tonne": "tonne tonnes ton tons",
    "litre": "litre litres liter liters",
    "gallon": "gallon gallons",
    "barrel": "barrel barrels",
    "hectare": "hectare hectares",
    "acre": "acre acres",
    "degree": "degree degrees °",
    "mph": "mph",
    "megawatt": "mw megawatt megawatts",
    "gigawatt": "gw gigawatt gigawatts",
    "decade": "decade decades",
    "century": "century centuries",
}
_UNITS = {word: unit for unit, spelled in _SPELLED.items() for word in spelled.split()}
_PAIRS = {
    ("per", "cent"): "percent",
    ("percentage", "point"): "point",
    ("percentage", "points"): "point",
    ("percent", "points"): "point",
    ("basis", "point"): "basis point",
    ("basis", "points"): "basis point",
    ("us", "dollars"): "$",
    ("pounds", "sterling"): "£",
}
MONEY_SIGNS = {"$": "$", "€": "€", "£": "£", "¥": "¥", "₩": "₩", "₹": "₹", "₽": "rouble", "usd": "$", "eur": "€"}
MULTIPLES = {
    "decade": ("year", 10), "century": ("year", 100), "week": ("day", 7), "minute": ("second", 60),
    "hour": ("second", 3600), "km": ("cm", 100_000), "m": ("cm", 100), "tonne": ("kg", 1000),
    "gigawatt": ("megawatt", 1000),
    "foot": ("inch", 12),
}  # fmt: skip
"""Units that are whole multiples of a smaller one."""
STRICT = frozenset({"percent", "point", "basis point", "$", "€", "£", "¥", "₩", "₹", "yuan", "rouble", "cent", "penny"})
"""Units that a figure must carry in the quote as well; others may be left out there, as in "aged 52"."""


def unit_at(row: Sequence[Lexeme], at: int) -> tuple[str, int]:
    """Return the unit that begins at a lexeme, or nothing, and the place after it."""
    hyphen = word_at(row, at) == "-" and touching(row, at) and touching(row, at + 1)
    place = at + hyphen
    pair = _PAIRS.get((word_at(row, place), word_at(row, place + 1)))
    if pair:
        return pair, place + 2
    unit = _UNITS.get(word_at(row, place), "")
    if unit == "year":
        aged = place + 1 + (word_at(row, place + 1) == "-")
        return unit, aged + 1 if word_at(row, aged) in {"old", "olds"} else place + 1
    return (unit, place + 1) if unit else ("", at)
