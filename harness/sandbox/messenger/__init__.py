"""The Messenger: what a page in a browser talks to, and the only way by which visitors come into being (facts §9).

The script that a page loads (`script`, `messenger.js`), the endpoints that it calls (`paths`, `service`), what they
read of a form (`forms`), who is meant (`rules`, `arrivals`) and what they answer (`answers`). Intercom's REST paths are
not here.
"""
