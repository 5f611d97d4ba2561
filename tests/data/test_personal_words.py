"""Names of columns that say that they hold personal data, and those that only sound like it."""

from __future__ import annotations

import pytest

from podium.data.personal_words import kind_by_name


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("customer_name", "name"),
        ("Surname", "name"),
        ("firstName", "name"),
        ("FIRST NAME", "name"),
        ("cardholder_name", "name"),
        ("Nachname", "name"),
        ("prénom", "name"),
        ("email", "e-mail"),
        ("E-Mail", "e-mail"),
        ("workEmailAddress", "e-mail"),
        ("email_hash", "e-mail"),
        ("mail", "e-mail"),
        ("emp_name", "name"),
        ("Contact No.", "phone"),
        ("tel_no", "phone"),
        ("phone_home", "phone"),
        ("Phone2", "phone"),
        ("Handynummer", "phone"),
        ("street", "address"),
        ("Straße", "address"),
        ("billing.address.line1", "address"),
        ("ZIPCode", "address"),
        ("cc_num", "card number"),
        ("creditCardNumber", "card number"),
        ("iban", "account number"),
        ("Account No.", "account number"),
        ("ssn", "national id"),
        ("PassportNumber", "national id"),
        ("date_of_birth", "birth date"),
    ],
)
def test_names_of_columns_are_read_word_by_word(column: str, kind: str) -> None:
    assert kind_by_name(column) == kind


NOT_PERSONAL = """
filename hostname column_name product_name name carrier email_domain
EmailCampaign has_phone num_addresses address_count address_type mac_address
web_address phone_service n_emails street_count street_width account_id
account_age card_type panel telemetry titanic smart_5_raw is_email emailed
discard mobility zipped passport_control ssnx 123 _
"""


@pytest.mark.parametrize(
    "column",
    NOT_PERSONAL.split(),
)
def test_names_that_only_sound_like_it_are_not_suspected(column: str) -> None:
    assert kind_by_name(column) is None
