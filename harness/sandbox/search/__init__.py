"""The query language of `POST /contacts/search`, the searchable fields, and segments."""
