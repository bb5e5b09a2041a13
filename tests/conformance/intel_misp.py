# SPDX-License-Identifier: Apache-2.0
"""intel_misp.py EVENT.json GOT …: what intel_tool gave, against what the event says: a line each.

Digests, names and addresses are compared as sets of (type, value); of the others every attribute
must be accounted for: given, or rejected."""
import ipaddress
import json
import sys

DIGEST = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
ONE = {"domain": "domain", "hostname": "domain", "md5": "md5", "sha1": "sha1", "sha256": "sha256",
       "imphash": "imphash", "ip-src": "ip", "ip-dst": "ip"}
TEXT = {"text", "link", "comment", "other", "datetime", "port", "target-location", "size-in-bytes"}
NOT_HUNTED = {"btc", "xmr", "dash", "windows-scheduled-task", "user-agent"}


def attributes(event):
    for a in event.get("Attribute", []):
        yield a, False
    for o in event.get("Object", []):
        digest = any(a["type"] in DIGEST for a in o.get("Attribute", []))
        for a in o.get("Attribute", []):
            yield a, digest


def address(value):
    try:
        net = ipaddress.ip_network(value)
    except ValueError:
        return None
    text = str(net.network_address) if net.num_addresses == 1 else str(net)
    return ("ipv4" if net.version == 4 else "ipv6", text)


def simple(kind, value):
    """(type, value) of what has one spelling that is easily told; None for the rest."""
    value = value.strip()
    if kind == "ip":
        return address(value)
    return (kind, value.lower())


def expect(event, want, tally):
    marks = any(a["to_ids"] for a, _ in attributes(event))
    for a, digest in attributes(event):
        t, v = a["type"], a["value"]
        tally["records"] += 1
        if a["deleted"] or t in TEXT or (t == "filename" and digest) or (marks and not a["to_ids"]):
            tally["context"] += 1
        elif t in NOT_HUNTED:
            tally["unmatched"] += 1
        elif t == "domain|ip":
            name, ip = v.split("|")
            want.update((simple("domain", name), simple("ip", ip)))
        elif t.startswith("filename|"):
            want.add(simple(t.split("|")[1], v.rsplit("|", 1)[1]))
        elif t in ONE:
            want.add(simple(ONE[t], v))
        else:
            tally["rest"] += 1


def compare(event, result):
    with open(event, encoding="utf-8-sig") as f:
        doc = json.load(f)
    want, tally = set(), {"records": 0, "context": 0, "unmatched": 0, "rest": 0}
    response = doc.get("response", doc)
    for e in response if isinstance(response, list) else [response]:
        expect(e.get("Event", e), want, tally)
    got, bad, rest, kinds = set(), 0, 0, {"context": 0, "unmatched": 0}
    simple_types = set(ONE.values()) | {"ipv4", "ipv6"}
    for line in open(result, encoding="utf-8"):
        f = line.rstrip("\n").split("\t")
        if f[0].startswith("!"):
            if f[0] == "!bad":
                bad += 1
            else:
                kinds[f[0][1:]] += 1
        elif f[0].startswith("="):
            assert f[1] == "0" and f[2] == "misp" and int(f[3]) == tally["records"], f
        elif f[0] in simple_types:
            got.add((f[0], f[1]))
        else:
            rest += 1
    assert kinds == {k: tally[k] for k in kinds}, (kinds, tally)
    missing = {w for w in want if w not in got}
    # A URL that is a bare host is a name.
    assert all(t == "domain" for t, _ in got - want), got - want
    rest += len(got - want)
    assert len(missing) <= bad, missing
    assert rest + bad == tally["rest"] + len(missing), (rest, bad, tally, missing)
    return f"{len(want)} values and {tally['rest']} others, {tally['context']} context, {bad} bad"


for pair in zip(sys.argv[1::2], sys.argv[2::2]):
    name = pair[0].rsplit("/", 1)[-1]
    try:
        print(f"ok {name}: {compare(*pair)}")
    except AssertionError as e:
        print(f"not {name}: {e}")
