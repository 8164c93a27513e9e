#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""golden.py - hold the samples of tests/data/evidence against a second
implementation of challenge, response and binding, made from their description
in the headers of src/evidence and not from their code.

The C tests beside this file hold the same samples against the plugins' code.
Without arguments: those of this source tree.  Otherwise: of the folder named.
"""
import base64
import calendar
import hashlib
import json
import os
import re
import struct
import sys
import time

CHALLENGE = {
    "nonce": r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]",
    "trust_domain": r"[a-z0-9._-]{1,255}",
    "server_id": r"[A-Za-z0-9._:/-]{1,255}",
    "sts_host": r"([A-Za-z0-9_.-]{1,255}|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?",
    "region": r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
}
RESPONSE = {
    "access_key_id": r"ASIA[A-Z0-9]{12,60}",
    "amz_date": r"[0-9]{8}T[0-9]{6}Z",
    "session_token": r"[A-Za-z0-9+/=]{16,8192}",
    "signature": r"[0-9a-f]{64}",
}


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def binding(case):
    parts = [b"spire-aws-fargate/v1"]
    for name in ("trust_domain", "plugin_name", "server_id", "task_arn",
                 "sts_host"):
        parts.append(case[name].encode())
    for name in ("server_nonce", "agent_nonce"):
        nonce = bytes.fromhex(case[name])
        assert len(nonce) == 32, name
        parts.append(nonce)
    whole = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return {"header": "v1." + base64url(hashlib.sha256(whole).digest())}


def fields(case, grammar):
    """The members of a message, each within its grammar."""
    message = {"version": 1}
    for name, form in grammar.items():
        value = case[name]
        if name == "nonce":
            value = base64url(bytes.fromhex(value))
        assert re.fullmatch(form, value), name + " is " + value
        message[name] = value
    return message


def spelt(case, message):
    """The text we write; every other spelling of it says the same."""
    for other in case.get("also", []):
        assert json.loads(other) == message, "differs: " + other
    return json.dumps(message, separators=(",", ":"))


def challenge(case):
    message = fields(case, CHALLENGE)
    message["ttl"] = case["ttl"]
    assert 1 <= case["ttl"] <= 600, "ttl"
    return {"message": spelt(case, message)}


def response(case):
    then = time.strptime(case["amz_date"], "%Y%m%dT%H%M%SZ")
    return {
        "message": spelt(case, fields(case, RESPONSE)),
        "seconds": calendar.timegm(then),
    }


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(here, "..", "data", "evidence")
    if len(sys.argv) > 1:
        folder = sys.argv[1]
    wrong = 0
    for name, make in (("binding", binding), ("challenge", challenge),
                       ("response", response)):
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as f:
            cases = json.load(f)
        assert cases, name + " has no case"
        for case in cases:
            for key, value in make(case).items():
                if case[key] != value:
                    wrong += 1
                    print(f"{name}, {case['name']}: {key} is {case[key]}, "
                          f"not {value}")
        print(f"{name}: {len(cases)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
