"""Companies in the database, and who belongs to them."""

from __future__ import annotations

import msgspec

from harness.sandbox.store.database import Database


class Company(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A company: `company_key` is Intercom's id, `company_id` the application's own."""

    company_key: str
    created_at: int
    updated_at: int
    company_id: str | None = None
    name: str | None = None
    remote_created_at: int | None = None
    last_request_at: int | None = None
    monthly_spend: int | float = 0
    session_count: int = 0
    plan: str | None = None
    size: int | None = None
    website: str | None = None
    industry: str | None = None
    custom_attributes: dict[str, object] = {}


_company = msgspec.msgpack.Decoder(Company).decode
_encode = msgspec.msgpack.Encoder().encode


class CompanyStore:
    """The companies of one workspace."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add_company(self, company: Company) -> None:
        """Let a new company in."""
        self._db.execute(
            "INSERT INTO companies (company_key, company_id, name, document) VALUES (?, ?, ?, ?)",
            (company.company_key, company.company_id, company.name, _encode(company)),
        )

    def put_company(self, company: Company) -> None:
        """Write a company that is there already."""
        self._db.execute(
            "UPDATE companies SET company_id = ?, name = ?, document = ? WHERE company_key = ?",
            (company.company_id, company.name, _encode(company), company.company_key),
        )

    def company(self, company_key: str) -> Company | None:
        """The company with this id of Intercom's."""
        return self._company_where("company_key", company_key)

    def company_by_id(self, company_id: str) -> Company | None:
        """The company that the application calls so."""
        return self._company_where("company_id", company_id)

    def company_named(self, name: str) -> Company | None:
        """The company of that name."""
        return self._company_where("name", name)

    def _company_where(self, column: str, value: str) -> Company | None:
        row = self._db.one(f"SELECT document FROM companies WHERE {column} = ? ORDER BY seq", (value,))  # noqa: S608
        return _company(row[0]) if row else None

    def all_companies(self) -> list[Company]:
        """Every company, the newest first."""
        return [_company(document) for (document,) in self._db.all("SELECT document FROM companies ORDER BY seq DESC")]

    def companies_before(self, place: int | None, limit: int) -> list[tuple[int, Company]]:
        """Return companies before a place in the order, the newest first, each with its place."""
        rows = self._db.all(
            "SELECT seq, document FROM companies WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            (2**62 if place is None else place, limit),
        )
        return [(seq, _company(document)) for seq, document in rows]

    def delete_company(self, company_key: str) -> None:
        """Remove a company, and everybody from it."""
        self._db.execute("DELETE FROM memberships WHERE company_key = ?", (company_key,))
        self._db.execute("DELETE FROM companies WHERE company_key = ?", (company_key,))

    def companies_of(self, person_id: str) -> list[Company]:
        """The companies that somebody belongs to, the first joined first."""
        rows = self._db.all(
            "SELECT document FROM memberships JOIN companies USING (company_key) WHERE person_id = ? "
            "ORDER BY memberships.seq",
            (person_id,),
        )
        return [_company(document) for (document,) in rows]

    def members_of(self, company_key: str) -> list[str]:
        """The ids of those who belong to a company."""
        rows = self._db.all("SELECT person_id FROM memberships WHERE company_key = ? ORDER BY seq", (company_key,))
        return [person_id for (person_id,) in rows]

    def join(self, person_id: str, company_key: str) -> None:
        """Make somebody belong to a company; they may already."""
        self._db.execute(
            "INSERT OR IGNORE INTO memberships VALUES (?, ?, ?)", (person_id, company_key, self._db.next("memberships"))
        )

    def leave(self, person_id: str, company_key: str) -> None:
        """Take somebody out of a company."""
        self._db.execute("DELETE FROM memberships WHERE person_id = ? AND company_key = ?", (person_id, company_key))
