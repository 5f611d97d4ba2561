"""Personal data by what values look like: patterns, check digits, known given names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from podium.data.given_names import given_names
from podium.data.personal_words import PersonalKind

_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{2,63})+")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{0,2}[ \-./(]{0,2}\d(?:[ \-./()]{0,2}\d){5,12}")
_AMERICAN = re.compile(r"(?:\+?1[ \-.])?(?:\(\d{3}\) ?|\d{3}[\-. ])\d{3}[\-. ]\d{4}(?: ?x\d{1,5})?")
_NATIONAL = re.compile(r"\(?00?[1-9]\d{0,3}\)?[ /\-]\d{3,8}(?:[ \-]\d{2,6}){0,3}")
_DECIMALS = re.compile(r"[+-]?\d+\.\d+(?:[ ,;/]*[+-]?\d+\.\d+/?)?")  # one, or a place on earth
_CARD = re.compile(r"[2-6]\d{3}(?:[ -]?\d){9,15}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}")
_SOCIAL_SECURITY = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_STREETS = (
    r"St|Street|Ave|Avenue|Rd|Road|Ln|Lane|Dr|Drive|Blvd|Boulevard|Ct|Court|Pl|Place|Sq|Square|"
    r"Terrace|Way|Highway|Hwy|Parkway|Pkwy|Close|Crescent"
)
_HOUSE_FIRST = re.compile(
    rf"\d{{1,5}}[A-Za-z]?,? (?:[\w.'’]+ ){{1,4}}(?:{_STREETS})\b.*", re.IGNORECASE
)
_STREET_FIRST = re.compile(
    r"(?:[\w.'’-]+ )?(?:[\w-]*(?:straße|strasse|str\.|gasse|platz|laan|straat)|"
    r"(?:Rue|Via|Calle|Rua|Avenida|Viale|Piazza) .+),? \d{1,4}(?: ?[a-z])?(?:,.*)?",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Herr|Frau|Monsieur|Madame|Señora?)\b\.?")
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_]*(?:[-'’][^\W\d_]+)*\.?")
_SURELY = 4  # this many words at most are a name
_MAIL_WITHIN, _LONGEST_PHONE, _LONGEST_ADDRESS = 2_000, 40, 200  # characters


def looks_like_mail(text: str) -> bool:
    """An e-mail address somewhere in the first 2,000 characters of the text."""
    start = text[:_MAIL_WITHIN]
    return "@" in start and _MAIL.search(start) is not None


def looks_like_phone(text: str) -> bool:
    """A number written as phone numbers are; bare digits could be anything."""
    if len(text) > _LONGEST_PHONE or not 8 <= sum(c.isdigit() for c in text) <= 15:
        return False
    if _DECIMALS.fullmatch(text):
        return False
    return any(shape.fullmatch(text) for shape in (_INTERNATIONAL, _AMERICAN, _NATIONAL))


def looks_like_card(text: str) -> bool:
    """13 to 19 digits that begin as cards do, with Luhn's check digit (ISO/IEC 7812-1)."""
    if not _CARD.fullmatch(text):
        return False
    digits = [int(c) for c in reversed(text) if c.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def looks_like_iban(text: str) -> bool:
    """An account number by ISO 13616: the remainder by 97 is 1."""
    if not _IBAN.fullmatch(text):
        return False
    packed = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in packed[4:] + packed[:4])) % 97 == 1


def looks_like_social_security(text: str) -> bool:
    """123-45-6789, without what is never given out."""
    return _SOCIAL_SECURITY.fullmatch(text) is not None


def looks_like_address(text: str) -> bool:
    """A street with a number."""
    if len(text) > _LONGEST_ADDRESS or not any(c.isdigit() for c in text):
        return False
    return bool(_HOUSE_FIRST.fullmatch(text) or _STREET_FIRST.fullmatch(text))


def looks_like_person(text: str) -> bool:
    """One to four words, one of them a common given name, or a title before a name."""
    if not 3 <= len(text) <= 80 or any(c.isdigit() for c in text):
        return False
    words = text.replace(",", " ").split()
    if not all(
        _NAME_WORD.fullmatch(word.strip('()"')) and word.strip('()"')[0].isupper()
        for word in words
        if word.strip('()"')
    ):
        return False
    if _TITLE.search(text):
        return len(words) > 1
    return len(words) <= _SURELY and any(_plain(word) in _given() for word in words)


def looks_like_surname(text: str) -> bool:
    """One to four words that begin with capitals, whether known as names or not."""
    words = text.replace(",", " ").split()[: _SURELY + 1] if len(text) <= 80 else []
    named = [word[0].isupper() and _NAME_WORD.fullmatch(word) for word in words]
    return 0 < len(words) <= _SURELY and all(named)


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word.strip('.()"')).casefold()
    return "".join(c for c in letters if not unicodedata.combining(c))


@cache
def _given() -> frozenset[str]:
    return given_names()


# In the order in which they are asked; with the share of the values that must look so.
BY_VALUE: tuple[tuple[PersonalKind, Callable[[str], bool], float], ...] = (
    ("e-mail", looks_like_mail, 0.1),
    ("card number", looks_like_card, 0.5),
    ("account number", looks_like_iban, 0.3),
    ("national id", looks_like_social_security, 0.5),
    ("phone", looks_like_phone, 0.5),
    ("address", looks_like_address, 0.3),
    ("name", looks_like_person, 0.4),
)
