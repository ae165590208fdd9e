"""A pipeline of command lines: the standard library only, one conversion per call."""

import json
import os
import sys
import urllib.error
import urllib.request


def ask(method: str, path: str, body: object) -> object:
    """One request to the workspace that the environment names."""
    request = urllib.request.Request(
        os.environ["INTERCOM_BASE_URL"] + path, json.dumps(body).encode(), method=method,
        headers={
            "Authorization": "Bearer " + os.environ["INTERCOM_ACCESS_TOKEN"],
            "Content-Type": "application/json", "Intercom-Version": "2.16",
        },
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def main(what: str, source: str, user_id: str = "", email: str = "", external_id: str = "") -> object:
    """Convert the source into a lead, or into the user whom the first identifier that is not empty names."""
    if what == "visitor_to_lead":
        return ask("POST", "/visitors/convert", {"visitor": {"user_id": source}, "type": "lead"})
    if not (user_id or email or external_id):
        sys.exit("nobody to convert into")
    if what == "visitor_to_user":
        user = {"id": user_id} if user_id else {"user_id": external_id} if external_id else {"email": email}
        return ask("POST", "/visitors/convert", {"visitor": {"user_id": source}, "user": user, "type": "user"})
    if user_id:
        body = {"from": source, "into": user_id, "skip_duplicate_validation": True}
        return ask("POST", "/contacts/merge", body)
    identity = {"email": email} if email else {"external_id": external_id}
    return ask("PUT", f"/contacts/{source}", {"role": "user", **identity})


if __name__ == "__main__":
    try:
        print(json.dumps(main(*sys.argv[1:])))
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{refusal.code} {refusal.read().decode()}")
