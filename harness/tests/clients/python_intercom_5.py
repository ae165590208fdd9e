"""The four conversions with PyPI python-intercom 5, through its own methods: python_intercom_5.py OPERATION ARGUMENT…

With a base URL where INTERCOM_BASE_URL is set, otherwise with the host that the client has written into it.
"""

from __future__ import annotations

import os
import sys

from intercom import Intercom
from intercom.visitors.types import UserWithUserId, VisitorWithUserId

base_url = os.environ.get("INTERCOM_BASE_URL")
client = Intercom(token=os.environ["INTERCOM_ACCESS_TOKEN"], base_url=base_url)
operation, *rest = sys.argv[1:]

if operation == "visitor_to_lead":
    visitor = VisitorWithUserId(user_id=rest[0])
    contact = client.visitors.merge_to_contact(type="lead", user=UserWithUserId(user_id=rest[0]), visitor=visitor)
elif operation == "visitor_to_user":
    visitor = VisitorWithUserId(user_id=rest[0])
    contact = client.visitors.merge_to_contact(type="user", user=UserWithUserId(user_id=rest[1]), visitor=visitor)
elif operation == "lead_to_user":
    contact = client.contacts.update(rest[0], role="user", email=rest[1])
elif operation == "lead_into_user":
    contact = client.contacts.merge_lead_in_user(lead_id=rest[0], contact_id=rest[1])
else:
    sys.exit(f"unknown operation {operation}")

sys.stdout.write(contact.json() + "\n")
