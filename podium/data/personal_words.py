"""Personal data by the name of its column: `customer_name`, `Surname`, `tel_no`, `iban`."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

PersonalKind = Literal[
    "name",
    "e-mail",
    "phone",
    "address",
    "card number",
    "account number",
    "national id",
    "birth date",
]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_COUNTS = _set(  # a column that begins so says something about the data, not the data
    "any changed count days flag had has invalid is known missing n nb no num number same total "
    "unique valid verified"
)
_QUALIFIERS = _set(  # what may follow: phone_home, address_line_1, email_hash
    "business full hash hashed home line main masked number no nr num office personal primary "
    "private raw secondary str string text value work"
)
_PEOPLE = _set(
    "accountholder agent applicant beneficiary billing borrower buyer caller candidate cardholder "
    "child citizen client consumer contact cust customer debtor doctor donor driver emp employee "
    "father friend guardian guest holder husband insured member mother nurse owner parent "
    "participant passenger patient payee payer person physician player policyholder pupil "
    "recipient resident reviewer respondent sender shipping spouse staff student subject "
    "subscriber teacher tenant user victim visitor wife witness worker"
)
_PERSONS = _set(  # those of `_PEOPLE` that are never firms, and seldom groups
    "cardholder doctor nurse passenger patient physician policyholder pupil"
)
_WORDS: dict[PersonalKind, frozenset[str]] = {
    "e-mail": _set("email emailaddress emailid mail mailaddress emailadresse courriel"),
    "phone": _set(
        "phone telephone tel telno telnr phoneno mobile mobileno mobilephone msisdn cellphone "
        "contactno contactnumber whatsapp landline fax faxno handy telefon telefonnummer telefono "
        "handynummer rufnummer"
    ),
    "card number": _set(
        "ccnum ccno ccnumber cardno cardnum cardnumber cardnr creditcard debitcard pan "
        "creditcardno creditcardnumber kartennummer"
    ),
    "account number": _set(
        "iban accountno accountnum accountnumber accountnr acctno acctnum acctnumber bankaccount "
        "bankaccountnumber kontonummer kontonr routingnumber sortcode"
    ),
    "national id": _set(
        "ssn socialsecurity socialsecuritynumber socialsecurityno socialinsurance passport "
        "passportno passportnumber nationalid nationalidentity nin nino nhsnumber taxid "
        "taxpayerid aadhaar aadhar curp dni nif cpf driverslicense driverslicence driverlicense "
        "driverlicence sozialversicherungsnummer steuernummer ausweisnummer personnummer"
    ),
    "birth date": _set(
        "dob birth birthday birthdate dateofbirth birthdt datebirth born geburtsdatum geburtstag"
    ),
    "address": _set(
        "street streetname streetaddress streetno addr homeaddress mailingaddress postaladdress "
        "postcode postalcode zip zipcode plz strasse adresse anschrift wohnort direccion "
        "indirizzo endereco ip ipaddress ipaddr clientip"
    ),
    "name": _set(
        "surname forename firstname lastname fullname givenname familyname middlename maidenname "
        "realname nickname username namefirst namelast fname lname vorname nachname familienname "
        "prenom nomfamille apellido apellidos cognome sobrenome voornaam achternaam benutzername"
    ),
}
_ALONE: dict[str, PersonalKind] = {  # columns that are called so, and nothing more
    "cc": "card number",
    "contact": "phone",
}
YES_OR_NO = _set(  # values that only say whether there is something
    "0 1 yes no y n true false t f on off ja nein j oui non si given missing none null na n/a "
    "unknown present absent x -"
)
_OTHER_ADDRESSES = _set("bit bus contract hardware hw mac memory url virtual web")


def kind_by_name(column: str) -> PersonalKind | None:
    """The kind of personal data that a column says by its name that it holds, word by word.

    What counts is how the name ends: `email` and `work_email` do, `email_campaign`, `has_email`
    and `filename` do not. A column `name` alone does not say whose.
    """
    words = _words(column)
    if len(words) == 1 and words[0] in _ALONE:
        return _ALONE[words[0]]
    if not words or (len(words) > 1 and words[0] in _COUNTS):
        return None
    for length in range(len(words), 0, -1):
        kind = _kind_of_end(words[:length])
        if kind is not None:
            return kind
        if words[length - 1] not in _QUALIFIERS:
            return None
    return None


def is_just_name(column: str) -> bool:
    """Whether the column is called `name`, or `names`, and nothing more."""
    return _words(column) in (["name"], ["names"])


def is_just_person(column: str) -> bool:
    """Whether the column is called by one person's part, such as `patient`, and nothing more."""
    words = _words(column)
    return len(words) == 1 and words[0] in _PERSONS


def _words(column: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", str(column).replace("ß", "ss"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return [word.lower() for word in _PARTS.findall(letters)]


def _kind_of_end(words: list[str]) -> PersonalKind | None:
    """By the last word, or by the last two to four written as one."""
    ends = {"".join(words[-count:]) for count in range(1, 5) if count <= len(words)}
    for kind, known in _WORDS.items():
        if ends & known:
            return kind
    before = set(words[:-1])
    if words[-1] == "name" and before & _PEOPLE:
        return "name"
    if words[-1] == "address" and not before & _OTHER_ADDRESSES:
        return "address"
    return None
