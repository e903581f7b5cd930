"""Drives the simulator with zammad_py, a client that nobody here wrote.

Usage: zammad_py_check.py URL ADMIN_TOKEN AGENT_TOKEN
"""

import json
import re
import sys

from requests import HTTPError
from zammad_py import ZammadAPI

URL, ADMIN_TOKEN, AGENT_TOKEN = sys.argv[1:]


def connect(token, **options):
    return ZammadAPI(url=f"{URL}/api/v1/", http_token=token, **options)


def error_of(call, *arguments):
    """The text of `error` in the answer that makes `call` raise."""
    try:
        result = call(*arguments)
    except HTTPError as error:
        return json.loads(str(error))["error"]
    raise AssertionError(f"no error, but {result!r}")


def ids(page):
    return [user["id"] for user in page]


def check_me():
    me = connect(ADMIN_TOKEN).user.me()
    assert me["id"] == 3, me
    assert me["email"] == "ada.lindqvist@example.com", me
    assert connect(AGENT_TOKEN).user.me()["login"] == "family-plan@example.com"


def check_paging():
    first = connect(ADMIN_TOKEN).user.all()
    assert ids(first) == list(range(1, 11)), ids(first)
    assert len(first) == 10 and not first.is_last_page()
    assert first[0]["login"] == "-" and first[0]["email"] == "" and first[0]["active"] is False
    assert first[1]["roles"] == ["Customer"] and first[1]["organization"] == "Example Foundation"
    second = first.next_page()
    assert ids(second) == [11, 12, 13, 14] and second.is_last_page()
    assert ids(second.prev_page()) == list(range(1, 11))

    page = connect(ADMIN_TOKEN).user.all(filters={"per_page": 7})
    seen = ids(page)
    while not page.is_last_page():
        page = page.next_page()
        seen += ids(page)
    # The last page was full, so an empty one had to be asked for.
    assert seen == list(range(1, 15)) and len(page) == 0, seen


def check_find():
    user = connect(ADMIN_TOKEN).user.find(2)
    assert user["firstname"] == "Nora" and user["organization_id"] == 1, user
    assert "roles" not in user and "password" not in user, user
    assert error_of(connect(ADMIN_TOKEN).user.find, 999).startswith("Couldn't find User")


def check_changes():
    users = connect(ADMIN_TOKEN).user
    created = users.create({"firstname": "pia", "lastname": "Test", "email": "Pia@Example.org", "nonsense": 1})
    assert created["firstname"] == "Pia" and created["email"] == "pia@example.org", created
    assert created["role_ids"] == [3] and created["created_by_id"] == 3 and "nonsense" not in created, created

    taken = error_of(users.create, {"email": "pia@example.org"})
    assert taken == "Email address 'pia@example.org' is already used for another user.", taken

    updated = users.update(created["id"], {"lastname": "Tester"})
    assert updated["lastname"] == "Tester" and updated["email"] == "pia@example.org", updated
    found = users.search("Tester")
    assert ids(found) == [created["id"]] and found.is_last_page(), ids(found)
    assert found[0]["created_by"] == "ada.lindqvist@example.com", found[0]

    refused = error_of(connect(AGENT_TOKEN).user.destroy, created["id"])
    assert refused == "Not authorized", refused
    assert users.destroy(created["id"]) == {}
    assert len(users.search("Tester")) == 0
    error_of(users.find, created["id"])
    assert error_of(users.destroy, 4) == "Can't delete, object has references."


def check_credentials():
    assert error_of(connect("nobody").user.me) == "Can't find User for Token"
    bearer = ZammadAPI(url=f"{URL}/api/v1/", oauth2_token=AGENT_TOKEN)
    assert bearer.user.me()["id"] == 4
    basic = ZammadAPI(url=f"{URL}/api/v1/", username="ada.lindqvist@example.com", password="wrong")
    assert error_of(basic.user.me) == "Invalid BasicAuth credentials"


def check_on_behalf_of():
    api = connect(ADMIN_TOKEN, on_behalf_of="tomas.ribeiro@example.com")
    assert api.user.me()["id"] == 5
    with api.request_on_behalf_of("nora.brandt@example.org"):
        assert api.user.me()["id"] == 2
        assert ids(api.user.all()) == [2]
    assert api.user.me()["id"] == 5
    assert error_of(connect(ADMIN_TOKEN, on_behalf_of="nobody").user.me) == "No such user 'nobody'"
    refused = error_of(connect(AGENT_TOKEN, on_behalf_of="2").user.me)
    assert refused == "Current user has no permission to use 'From'/'X-On-Behalf-Of'!", refused


def check_tokens():
    # zammad_py has no resource for tokens; its session can still be used.
    api = connect(AGENT_TOKEN)
    path = api.url + "user_access_token"
    body = {"name": "zammad_py", "permission": ["user_preferences.access_token"], "expires_at": "2999-12-31"}
    minted = api.session.post(path, json=body)
    assert minted.status_code == 200 and list(minted.json()) == ["token"], minted.text
    value = minted.json()["token"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", value), value

    narrow = connect(value)
    assert narrow.user.me()["id"] == 4
    assert error_of(narrow.user.search, "Nora") == "Token authorization failed."

    listed = api.session.get(path).json()["tokens"]
    [token] = [it for it in listed if it["name"] == "zammad_py"]
    assert token["expires_at"] == "2999-12-31T00:00:00.000Z" and "token" not in token, token
    nameless = api.session.post(path, json={"permission": []})
    assert nameless.status_code == 422, nameless.text
    assert nameless.json()["error"] == "The required parameter 'name' is missing.", nameless.text

    assert api.session.delete(f"{path}/{token['id']}").json() == {}
    assert api.session.delete(f"{path}/{token['id']}").status_code == 422
    assert error_of(narrow.user.me) == "Can't find User for Token"


CHECKS = [
    check_me,
    check_paging,
    check_find,
    check_changes,
    check_credentials,
    check_on_behalf_of,
    check_tokens,
]

for check in CHECKS:
    check()
    print(f"{check.__name__}: ok")
print(f"{len(CHECKS)} checks passed")
