"""The single words of informal schedules, in a dozen languages: `mondays`, `lundi`, `jeden`, `noon`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from aperture_plugin.words.digits import COUNTS
from aperture_plugin.words.schedules import Weekday

__all__ = ["LAST", "WORKDAYS", "Kind", "Token", "folded", "lexicon"]

Kind = Literal[
    "after", "and", "at", "biweekly", "count", "days", "end", "every", "fill", "freq", "hour", "month", "number",
    "ordinal", "other", "part", "past", "time", "to", "unit", "workday",
]  # fmt: skip

LAST: Final = -1
"""The ordinal of the last one."""

WORKDAYS: Final = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
_WEEKENDS: Final = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its meaning; *value* depends on *kind*."""

    kind: Kind
    value: object = None
    word: str = ""


_ORDINALS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": LAST, "final": LAST}
_MONTHS: Final = "january february march april may june july august september october november december"
_UNITS: Final = {
    "second": "s sec secs second seconds",
    "minute": "m min mins minute minutes minuten minuto minutos minuti minuut minuuten минута минуты минут",
    "hour": "h hr hrs hour hours stunde stunden heure heures hora horas ora ore uren час часа часов",
    "day": "d day days tag tage jour jours dia dias giorno giorni dag dagen день дня дней дни",
    "week": "w wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane weken",
    "fortnight": "fortnight fortnights",
    "month": "mo month months monat monate mois mes meses mese mesi maand maanden",
    "quarter": "quarter quarters",
    "year": "y yr yrs year years jahr jahre",
}
_FREQUENCIES: Final = {
    "day": "daily everyday taglich quotidien quotidiennement diario diariamente giornaliero dagelijks codziennie "
    "ежедневно",
    "week": "weekly wochentlich hebdomadaire semanal settimanale wekelijks еженедельно",
    "month": "monthly monatlich mensuel mensual mensile maandelijks ежемесячно",
    "hour": "hourly stundlich ежечасно",
    "minute": "minutely",
    "quarter": "quarterly",
    "year": "yearly annually jahrlich",
    "fortnight": "fortnightly",
}
_FILL: Final = (
    "on the of in a an run runs job please le la les las los el il lo den der das die de do del della des por"
)
_AT: Final = "at @ um a alle om kl kl. klo plkst plkst. в во o as ve"
_EVERY: Final = (
    "every each per all jeden jede jedes chaque tous toutes cada todos todas ogni elke iedere каждый каждую каждое"
)
_AND: Final = "and und et y e i en и un"
_TO: Final = "to through thru till bis until"
_WEEKDAYS: Final = {
    Weekday.MONDAY: "mon monday mondays montag montags lundi lundis lunes lunedi segunda segunda-feira maandag "
    "maandags "
    "poniedzialek mandag maanantai pondeli pondelok понедельник понеділок pirmdiena pirmdien pirmdienas pirmadienis "
    "esmaspaev hetfo luni ponedjeljak pazartesi 月曜 月曜日 星期一 周一 월요일 δευτερα",
    Weekday.TUESDAY: "tue tues tuesday tuesdays dienstag dienstags mardi mardis martes martedi terca terca-feira "
    "dinsdag "
    "dinsdags wtorek tisdag tirsdag tiistai utery utorok вторник вівторок otrdiena otrdien otrdienas antradienis "
    "teisipaev kedd marti utorak sali 火曜 火曜日 星期二 周二 화요일 τριτη",
    Weekday.WEDNESDAY: "wed weds wednesday wednesdays mittwoch mittwochs mercredi mercredis miercoles mercoledi quarta "
    "quarta-feira woensdag woensdags sroda onsdag keskiviikko streda среда среду середа tresdiena tresdien tresdienas "
    "treciadienis kolmapaev szerda miercuri srijeda carsamba 水曜 水曜日 星期三 周三 수요일 τεταρτη",
    Weekday.THURSDAY: "thu thur thurs thursday thursdays donnerstag donnerstags jeudi jeudis jueves giovedi quinta "
    "quinta-feira donderdag donderdags czwartek torsdag torstai ctvrtek stvrtok четверг четвер ceturtdiena ceturtdien "
    "ceturtdienas ketvirtadienis neljapaev csutortok joi cetvrtak persembe 木曜 木曜日 星期四 周四 목요일 πεμπτη",
    Weekday.FRIDAY: "fri friday fridays freitag freitags vendredi vendredis viernes venerdi sexta sexta-feira vrijdag "
    "vrijdags piatek fredag perjantai patek piatok пятница пятницу п'ятниця piektdiena piektdien piektdienas "
    "penktadienis reede pentek vineri petak cuma 金曜 金曜日 星期五 周五 금요일 παρασκευη",
    Weekday.SATURDAY: "sat saturday saturdays samstag samstags sonnabend samedi samedis sabado sabados sabato zaterdag "
    "zaterdags sobota lordag lauantai суббота субботу субота sestdiena sestdien sestdienas sestadienis laupaev szombat "
    "sambata subota cumartesi 土曜 土曜日 星期六 周六 토요일 σαββατο",
    Weekday.SUNDAY: "sun sunday sundays sonntag sonntags dimanche dimanches domingo domingos domenica zondag zondags "
    "niedziela sondag sunnuntai nedele nedela воскресенье неділя svetdiena svetdien svetdienas sekmadienis puhapaev "
    "vasarnap duminica nedjelja pazar 日曜 日曜日 星期日 星期天 周日 일요일 κυριακη",
}
_DAY_SETS: Final = {
    **dict.fromkeys(("weekdays", "workdays", "working days", "business days", "work days", "mo-fr"), WORKDAYS),
    **dict.fromkeys(("weekends", "weekend"), _WEEKENDS),
}
_WORKDAY: Final = ("weekday", "workday", "working day", "business day", "work day")
_LETTERS: Final = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ı": "i", "’": "'", "–": "-", "—": "-"})


def folded(text: str) -> str:
    """Return *text* in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Token]:
    """Return every single word that is known, folded."""
    words: dict[str, Token] = {}
    for day, names in _WEEKDAYS.items():
        words |= dict.fromkeys(map(folded, names.split()), Token("days", frozenset({day})))
    words |= {name: Token("days", days) for name, days in _DAY_SETS.items()}
    words |= {name: Token("workday") for name in _WORKDAY}
    for number, month in enumerate(_MONTHS.split(), start=1):
        words |= dict.fromkeys((month, month[:3]), Token("month", number))
    words["sept"] = Token("month", 9)
    for unit, names in _UNITS.items():
        words |= dict.fromkeys(map(folded, names.split()), Token("unit", unit))
    for unit, names in _FREQUENCIES.items():
        words |= dict.fromkeys(map(folded, names.split()), Token("freq", unit))
    words |= {word: Token("ordinal", number, word) for word, number in _ORDINALS.items()}
    words |= {word: Token("number", count) for word, count in COUNTS.items() if word not in {"a", "an"}}
    kinds: tuple[tuple[Kind, str], ...] = (
        ("fill", _FILL), ("at", _AT), ("every", _EVERY), ("and", _AND), ("to", _TO), ("biweekly", "biweekly bi-weekly"),
        ("after", "starting beginning from"),
    )  # fmt: skip
    for kind, names in kinds:
        words |= dict.fromkeys(map(folded, names.split()), Token(kind))
    words |= dict.fromkeys(("other", "alternate", "alternating"), Token("other"))
    words |= {word: Token("count", count) for count, word in enumerate(("once", "twice", "thrice"), start=1)}
    for part in ("night", "morning", "evening"):
        words |= dict.fromkeys((part, f"{part}s"), Token("part", part))
    words["nightly"] = Token("part", "night")
    return words
