#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""yara_rules.py COUNT [SEED]: writes COUNT YARA rules of the shapes that public collections have.

The mix follows what one counts in large public sets: most rules are for PE files and ask for the
signature and a size, most have five to fifteen text strings of which several are asked for, some are
hex patterns with wildcards and jumps, some ask for scripts or documents by text alone, few have only
facts of a module, a regular expression or a digest. Strings are made of words that are in programs
anyway and of random parts, so that some of them are found, and rules match where they do in practice:
seldom. No string is taken from anybody's rules.
"""
import random
import sys

WORDS = """CreateRemoteThread VirtualAllocEx WriteProcessMemory GetProcAddress LoadLibraryA kernel32.dll
ntdll.dll advapi32.dll cmd.exe powershell svchost.exe explorer.exe System32 AppData Roaming Temp
Microsoft Windows CurrentVersion Software Run Mozilla User-Agent Content-Type application multipart
password username login admin config server client socket connect download upload execute inject
shell reverse backdoor keylog screenshot clipboard mutex Global service driver rootkit module loader
payload decrypt encrypt base64 compress archive update install version debug release project
include static const error failed success invalid unable cannot memory buffer string length""".split()
EXT = "exe dll sys pdb php asp jsp ps1 vbs bat tmp dat bin log ini cfg".split()
APIS = [w for w in WORDS if w[0].isupper() and len(w) > 9]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def name(self, lo, hi):
        r = self.r
        return "".join(r.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
                       for _ in range(r.randint(lo, hi)))

    def text(self, own=False):
        """own: a string that a rule would rely on alone."""
        r = self.r
        k = r.uniform(0.2, 0.5) if own else r.random()
        if k < 0.12:
            return r.choice(APIS)
        if k < 0.20:
            return "\\\\".join(["C:", r.choice(WORDS), r.choice(WORDS), self.name(4, 9) + "." + r.choice(EXT)])
        if k < 0.30:
            return "/" + r.choice(WORDS) + "/" + self.name(3, 8) + ".php?" + self.name(2, 4) + "=%s"
        if k < 0.45:
            return self.name(5, 9) + "." + r.choice(EXT)
        if k < 0.55:
            return " ".join(r.choice(WORDS) for _ in range(r.randint(2, 4))) + ": %d " + self.name(2, 5)
        if k < 0.60:
            return r.choice(WORDS)
        return r.choice(WORDS) + r.choice(["_", " ", ".", "::", "="]) + self.name(4, 14)

    def modifiers(self):
        r = self.r
        k = r.random()
        m = [] if k < 0.45 else ["ascii"] if k < 0.62 else ["wide"] if k < 0.78 else ["ascii", "wide"]
        if r.random() < 0.12:
            m.append("nocase")
        if r.random() < 0.25:
            m.append("fullword")
        return "".join(" " + x for x in m)

    def hexa(self):
        r = self.r
        out = []
        for i in range(r.randint(8, 36)):
            k = r.random()
            if i and k < 0.10:
                out.append("??")
            elif i and k < 0.13:
                out.append("%X?" % r.randrange(16))
            elif i and k < 0.16:
                a = r.randint(1, 6)
                out.append("[%d]" % a if r.random() < 0.5 else "[%d-%d]" % (a, a + r.randint(1, 12)))
            elif i and k < 0.18:
                out.append("( %02X | %02X %02X )" % tuple(r.randrange(256) for _ in range(3)))
            else:
                out.append("%02X" % r.choice([0x00, 0x48, 0x8B, 0xE8, 0xFF, 0x15, 0x85, 0x74] +
                                             [r.randrange(256) for _ in range(10)]))
        return "{ " + " ".join(out) + (" %02X }" % r.randrange(256))

    def regex(self):
        r = self.r
        return r.choice([
            r"/%s\.php\?[a-z]{2,5}=[0-9a-f]{32}/" % self.name(4, 7),
            r"/(GET|POST) \/%s\/[^ ]{4,40} HTTP/" % self.name(3, 6),
            r"/%s(_v[0-9]+)?\.(exe|dll)/ nocase" % self.name(5, 8),
            r"/[A-Za-z0-9+\/]{60,}%s/" % self.name(4, 5),
            r"/\$%s\s{0,4}=\s{0,4}(eval|assert)\(/" % self.name(2, 4),
            r"/https?:\/\/[a-z0-9.]{4,30}\/%s/ wide ascii" % self.name(6, 9),
        ])

    def strings(self, n, kinds):
        out = []
        for i in range(n):
            kind = self.r.choice(kinds)
            name = "$%s%d" % ({"t": "s", "x": "op", "r": "re", "d": "x"}[kind], i + 1)
            if kind in "td":
                out.append('%s = "%s"%s' % (name, self.text(kind == "d"), self.modifiers()))
            elif kind == "x":
                out.append("%s = %s" % (name, self.hexa()))
            else:
                out.append("%s = %s" % (name, self.regex()))
        return out

    def some(self, n):
        r = self.r
        if n == 1 or r.random() < 0.45:
            return "all of them"
        return "%d of them" % r.randint(max(2, n // 2), n)

    def size(self):
        r = self.r
        return "filesize < %d%s" % r.choice([(r.randint(10, 900), "KB"), (r.randint(1, 20), "MB")])

    def pe(self):
        r = self.r
        n = r.randint(3, 14)
        s = self.strings(n, "tttttd" if r.random() < 0.75 else "tx")
        c = "uint16(0) == 0x5a4d and " + self.size() + " and "
        k = r.random()
        if k < 0.2 and any(x.startswith("$x") for x in s):
            c += "( 1 of ($x*) or %d of them )" % max(1, n // 2)
        elif k < 0.25:
            c += 'pe.imphash() == "%032x" or ( all of them )' % r.getrandbits(128)
        else:
            c += self.some(n)
        return s, c

    def imphash(self):
        return [], "uint16(0) == 0x5a4d and %s and pe.imphash() == \"%032x\"" % (self.size(), self.r.getrandbits(128))

    def code(self):
        n = self.r.randint(2, 6)
        return self.strings(n, "x"), self.r.choice(["uint16(0) == 0x5a4d and ", ""]) + self.r.choice(["any of them", self.some(n)])

    def elf(self):
        n = self.r.randint(3, 9)
        return self.strings(n, "tttx"), "uint32(0) == 0x464c457f and " + self.size() + " and " + self.some(n)

    def script(self):
        n = self.r.randint(2, 6)
        c = self.r.choice(["", self.size() + " and ", "uint32(0) == 0x68703f3c and ", "not uint16(0) == 0x5a4d and "])
        return self.strings(n, "tttr"), c + self.some(n)

    def document(self):
        n = self.r.randint(2, 5)
        c = self.r.choice(["uint32be(0) == 0xd0cf11e0", "uint32(0) == 0x04034b50", "uint32be(0) == 0x25504446",
                           "$m at 0"])
        s = self.strings(n, "ttx")
        if c.startswith("$m"):
            s.append("$m = { 7B 5C 72 74 }")
        return s, c + " and " + self.size() + " and " + ("1 of ($s*,$op*)" if any("$s" in x for x in s) and
                                                        any("$op" in x for x in s) else self.some(n))

    def plain(self):
        n = self.r.randint(1, 8)
        return self.strings(n, "d"), self.r.choice(["any of them", "1 of ($x*)", self.some(n)])

    def counting(self):
        s = self.strings(2, "d")
        a, b = (x.split(" ")[0][1:] for x in s)
        return s, "#%s > %d and ( $%s in (0..%d) or @%s[1] > 100 )" % (a, self.r.randint(1, 5), b, 4096, b)

    def digest(self):
        return [], "filesize == %d and hash.sha256(0, filesize) == \"%064x\"" % (
            self.r.randint(1000, 900000), self.r.getrandbits(256))

    def xored(self):
        s = ['$x1 = "%s" xor' % self.text(True), '$x2 = "%s" base64' % self.text(True)]
        return s, "%s and any of them" % self.size()

    def rule(self, i):
        kinds = ([self.pe] * 560 + [self.code] * 80 + [self.elf] * 45 + [self.script] * 95 + [self.document] * 45 +
                 [self.plain] * 120 + [self.imphash] * 20 + [self.counting] * 20 + [self.digest] * 9 + [self.xored] * 6)
        s, c = self.r.choice(kinds)()
        out = ["rule Generated_%s_%d : made {" % (self.name(3, 8), i), "\tmeta:",
               '\t\tdescription = "generated rule %d"' % i, '\t\tauthor = "tests/bench/yara_rules.py"',
               "\t\tscore = %d" % self.r.randint(40, 95)]
        if s:
            out += ["\tstrings:"] + ["\t\t" + x for x in s]
        return "\n".join(out + ["\tcondition:", "\t\t" + c, "}", ""])


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    m = Maker(seed)
    print('import "pe"\nimport "hash"\n')
    for i in range(count):
        print(m.rule(i))


main()
