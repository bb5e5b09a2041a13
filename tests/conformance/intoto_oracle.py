#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""intoto_oracle: intoto_tool against Debian's in-toto and securesystemslib, on random cases.

intoto_oracle.py TOOL olpc|glob|rules SEED COUNT: prints the number of cases and of differences, and
the first differences. Exit 1 if there are any.
"""
import fnmatch, json, random, subprocess, sys

tool, what, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rnd = random.Random(seed)


def text(alphabet, n):
    return "".join(rnd.choice(alphabet) for _ in range(rnd.randint(0, n)))


# canonical JSON
def value(depth):
    kind = rnd.randint(0, 9 if depth else 5)
    if kind == 0:
        return rnd.choice([True, False, None])
    if kind == 1:
        return rnd.choice([0, -1, 1, 2**31, 2**53 + 1, -(2**63), 2**70, rnd.randint(-1000, 1000)])
    if kind == 2 and rnd.random() < 0.02:
        return rnd.choice([1.5, 1e9, -0.25])
    if kind < 6:
        return text('ab"\\/ \n\t\x01\x7f\u00e4\u20ac\uff5e\U0001f600', 8)
    if kind < 8:
        return [value(depth - 1) for _ in range(rnd.randint(0, 4))]
    return {text('abA"\\\u00e4\uff5e\U0001f600', 4): value(depth - 1) for _ in range(rnd.randint(0, 5))}


def olpc_case():
    from securesystemslib.exceptions import FormatError
    from securesystemslib.formats import encode_canonical
    v = value(4)
    try:
        want = encode_canonical(v)
    except FormatError:
        want = None
    return json.dumps(v, ensure_ascii=rnd.random() < 0.5), want


def olpc_same(want, got):
    return got == "refused" if want is None else got != "refused" and json.loads(got) == want


# patterns
def glob_case():
    pattern = text("ab-]![*?^\\z\u00e4./", 9)
    names = [text("ab-]![*?^\\z\u00e4./\n", 6) for _ in range(40)]
    names += [pattern, pattern.replace("*", "ab"), pattern.replace("?", "a")]
    want = "".join("1" if fnmatch.filter([n], pattern) else "0" for n in names)
    return json.dumps({"pattern": pattern, "names": names}), want


# artifact rules
PATHS = ["a", "b", "a/b", "lib/a", "lib/b", "lib/a/b", "build/a", "build/lib/a", "x.py", "src/x.py", "lib//a", "\u00e4"]
PATTERNS = PATHS + ["*", "?", "*.py", "lib/*", "[ab]", "[!a]", "*/a", "**", "l*b"]
PREFIXES = ["lib", "lib/", "build", "build/lib", "src", "nowhere", ""]


def artifacts():
    return {p: {"sha256": "%064x" % rnd.randint(1, 2)} for p in PATHS if rnd.random() < 0.35}


def word(s):
    return rnd.choice([s, s, s, s.lower(), s.title()])


def rule():
    kind = rnd.choice(["MATCH"] * 4 + ["CREATE", "DELETE", "MODIFY", "ALLOW", "DISALLOW", "DISALLOW", "REQUIRE"])
    r = [word(kind), rnd.choice(PATHS if kind == "REQUIRE" else PATTERNS)]
    if kind == "MATCH":
        if rnd.random() < 0.5:
            r += [word("IN"), rnd.choice(PREFIXES)]
        r += [word("WITH"), word(rnd.choice(["MATERIALS", "PRODUCTS"]))]
        if rnd.random() < 0.5:
            r += [word("IN"), rnd.choice(PREFIXES)]
        r += [word("FROM"), rnd.choice(["one", "two", "three", "none"])]
    if rnd.random() < 0.01:
        r.append("extra")
    return r


def rules_case():
    from in_toto import verifylib
    from in_toto.exceptions import RuleVerificationError
    from in_toto.models.link import Link
    from in_toto.models.metadata import Metablock
    from in_toto.rulelib import unpack_rule
    from securesystemslib.exceptions import FormatError
    links = {n: {"materials": artifacts(), "products": artifacts()} for n in ("one", "two", "three")}
    rules = [rule() for _ in range(rnd.randint(1, 6))]
    side = rnd.choice(["materials", "products"])
    blocks = {n: Metablock(signed=Link(name=n, **v)) for n, v in links.items()}
    try:
        for r in rules:  # as loading the layout does, before any rule is applied
            unpack_rule(r)
        verifylib.verify_item_rules("one", side, rules, blocks)
        want = "holds"
    except (RuleVerificationError, KeyError):
        want = "fails"
    except FormatError:
        want = "malformed"
    return json.dumps({"name": "one", "type": side, "rules": rules, "links": links}), want


make = {"olpc": olpc_case, "glob": glob_case, "rules": rules_case}[what]
same = olpc_same if what == "olpc" else lambda want, got: want == got
cases = [make() for _ in range(count)]
out = subprocess.run([tool, what], input="\n".join(c for c, _ in cases) + "\n", capture_output=True,
                     text=True, encoding="utf-8", check=True).stdout.split("\n")[:-1]
bad = [(c, w, g) for (c, w), g in zip(cases, out) if not same(w, g)]
kinds = {}
for _, w in cases:
    kinds[w] = kinds.get(w, 0) + 1
for c, w, g in bad[:5]:
    print("# differs: %s\n#   theirs: %r\n#   ours:   %r" % (c[:600], w, g))
print("%d cases, %d differences%s" % (len(cases), len(bad) + abs(len(out) - len(cases)),
      "" if what != "rules" else " (" + ", ".join("%d %s" % (n, k) for k, n in sorted(kinds.items())) + ")"))
sys.exit(1 if bad or len(out) != len(cases) else 0)
