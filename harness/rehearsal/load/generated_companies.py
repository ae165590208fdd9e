"""The companies of a generated workspace."""

from __future__ import annotations

import random

from harness.rehearsal.load.generated_names import COMPANY_KINDS, COMPANY_WORDS, INDUSTRIES, PLANS, company_domain
from harness.sandbox.store.belongings import Company
from harness.sandbox.store.ids import Ids


def generated_company(rng: random.Random, ids: Ids, number: int, object_number: int, created_at: int) -> Company:
    """Make a company. Names repeat, as they do; ids and domains do not.

    number: its own, from 1. object_number: that of its id, which is counted with those of people.
    """
    first = COMPANY_WORDS[number % len(COMPANY_WORDS)]
    kind = COMPANY_KINDS[int(rng.random() * len(COMPANY_KINDS))]
    industry = INDUSTRIES[int(rng.random() * len(INDUSTRIES))]
    return Company(
        company_key=ids.object_id(created_at, object_number),
        created_at=created_at,
        updated_at=created_at,
        company_id=f"acct-{number}",
        name=f"{first} {kind}",
        remote_created_at=created_at,
        monthly_spend=int(rng.random() * 500),
        plan=PLANS[int(rng.random() * len(PLANS))],
        size=int(1 / (0.002 + rng.random())),
        website=f"https://{company_domain(number)}" if industry else None,
        industry=industry,
    )
