#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""binary_oracle.py elf|pe: lines of JSON from "binary_tool facts" on standard input, against readelf
or pefile. Prints each difference, then "N files, D differences, O odd"."""

import json
import re
import subprocess
import sys

differences = 0


def differ(path, what, theirs, ours):
    global differences
    differences += 1
    theirs, ours = set(theirs), set(ours)
    print(f"{path}: {what}: only theirs {sorted(theirs - ours, key=str)[:4]}, "
          f"only ours {sorted(ours - theirs, key=str)[:4]}")


def compare(path, what, theirs, ours):
    if set(theirs) != set(ours):
        differ(path, what, theirs, ours)


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True,
                          errors="replace", check=False).stdout


SYMBOL = re.compile(r"^\s*\d+: [0-9a-f]+\s+\S+\s+(<[^>]*>: \d+|[^\s<]\S*)\s+(<[^>]*>: \d+|[^\s<]\S*)\s+(\S+)\s+(?:\[.*?\]\s+)?"
                    r"(UND|ABS|COM|\d+) (\S+)( \(\d+\))?", re.M)


def elf_symbols(path):
    imports, exports = set(), set()
    for kind, bind, visibility, index, name, needed in SYMBOL.findall(readelf(path, "--dyn-syms")):
        if bind == "LOCAL" or kind in ("SECTION", "FILE"):
            continue
        if index == "UND" or needed:
            imports.add(name)
        elif visibility in ("HIDDEN", "INTERNAL"):
            continue
        elif not (index == "ABS" and name.split("@@")[-1] == name.split("@")[0]):
            exports.add(name)
    return imports, exports


def elf(path, facts):
    s = facts["slices"][0]
    text = readelf(path, "-d", "-S", "-l", "-h")
    if re.search(r"Type:\s+REL ", text):
        return
    compare(path, "needed", re.findall(r"\(NEEDED\)\s+Shared library: \[(.*?)\]", text),
            s["libraries"])
    theirs = re.findall(r"^  \[\s*\d+\] (\S*)\s+(\S+(?: <unknown>)?)\s+[0-9a-f]{8,16} ([0-9a-f]+) "
                        r"([0-9a-f]+)", text, re.M)
    theirs = [(n, int(o, 16), int(z, 16)) for n, t, o, z in theirs if t not in ("NOBITS", "NULL")]
    compare(path, "sections", theirs,
            [(x["name"], x["offset"], x["size"]) for x in s["sections"] if not x.get("no_bytes")])
    imports, exports = elf_symbols(path)
    compare(path, "imports", imports, s["imports"])
    compare(path, "exports", exports, s["exports"])
    search = ["interpreter:" + x
              for x in re.findall(r"Requesting program interpreter: (.*?)\]", text)]
    search += [f"{k.lower()}:{v}" for k, v in re.findall(r"\((RPATH|RUNPATH)\).*?\[(.*?)\]", text)]
    compare(path, "search", search, s["search"])
    build = re.findall(r"Build ID: (\S+)", readelf(path, "-n"))
    compare(path, "build id", build[:1], [s["build_id"]] if "build_id" in s else [])
    size = re.findall(r"\((?:PREINIT_|INIT_|FINI_)ARRAYSZ\)\s+(\d+)", text)
    width = 8 if "ELF64" in text else 4
    most = sum(int(x) // width for x in size) + len(re.findall(r"\((?:INIT|FINI)\)", text))
    if len(s["init"]) > most or (most and not s["init"]):
        differ(path, "initialisers", [most], [len(s["init"])])


def leaves(directory):
    return sum(leaves(e.directory) if hasattr(e, "directory") else 1 for e in directory.entries)


def words(b):
    return b.decode("utf-8", "replace")


def callbacks(p):
    if not hasattr(p, "DIRECTORY_ENTRY_TLS"):
        return []
    base, width = p.OPTIONAL_HEADER.ImageBase, 8 if p.PE_TYPE == 0x20b else 4
    at, found = p.DIRECTORY_ENTRY_TLS.struct.AddressOfCallBacks, []
    while at:
        try:
            va = int.from_bytes(p.get_data(at - base, width), "little")
        except Exception:
            break
        if not va:
            break
        found.append(f"tls:0x{va:x}")
        at += width
    return found


def version(p):
    names = {"ProductName": "product", "CompanyName": "company",
             "OriginalFilename": "original_name", "FileVersion": "version"}
    found = {}
    for info in getattr(p, "FileInfo", None) or []:
        for e in info:
            for table in getattr(e, "StringTable", []):
                for k, v in table.entries.items():
                    v = v.decode("utf-8", "replace").strip()
                    if v and words(k) in names:
                        found.setdefault(names[words(k)], v)
    return found


def pe(path, facts):
    import pefile
    s, p = facts["slices"][0], pefile.PE(path)
    compare(path, "imphash", [p.get_imphash()], [s.get("imphash", "")])
    imports, libraries, exports, forwards = set(), set(), set(), set()
    for kind, prefix in (("DIRECTORY_ENTRY_IMPORT", ""), ("DIRECTORY_ENTRY_DELAY_IMPORT", "delay:")):
        for e in getattr(p, kind, []):
            libraries.add(prefix + words(e.dll))
            for i in e.imports:
                name = words(i.name) if i.name else f"#{i.ordinal}"
                imports.add(words(e.dll) + "!" + name)
    if hasattr(p, "DIRECTORY_ENTRY_EXPORT"):
        for x in p.DIRECTORY_ENTRY_EXPORT.symbols:
            name = words(x.name) if x.name else f"#{x.ordinal}"
            exports.add(name)
            if x.forwarder:
                forwards.add(f"forward:{name}={words(x.forwarder)}")
    compare(path, "libraries", libraries, s["libraries"])
    compare(path, "imports", imports, s["imports"])
    compare(path, "exports", exports, s["exports"])
    compare(path, "forwarders", forwards, [t for t in s["traits"] if t.startswith("forward:")])
    compare(path, "sections",
            [(words(x.Name.rstrip(b"\0")), x.PointerToRawData, x.SizeOfRawData,
              x.get_hash_sha256()) for x in p.sections if x.SizeOfRawData],
            [(x["name"], x["offset"], x["size"], x.get("sha256"))
             for x in s["sections"] if x["size"]])
    for x, y in zip(p.sections, s["sections"]):
        if abs(x.get_entropy() - y["entropy"] / 1000) > 0.001 and x.SizeOfRawData:
            differ(path, "entropy", [x.get_entropy()], [y["entropy"]])
    compare(path, "TLS callbacks", callbacks(p), s["init"])
    count = leaves(p.DIRECTORY_ENTRY_RESOURCE) if hasattr(p, "DIRECTORY_ENTRY_RESOURCE") else 0
    compare(path, "resources", [count], [s.get("resources", 0)])
    compare(path, "Rich header", [bool(p.parse_rich_header())],
            [any(t.startswith("rich:") for t in s["traits"])])
    compare(path, "version", version(p).items(),
            [(k, facts[k]) for k in version(p) if k in facts])


def main():
    n = odd = 0
    for line in sys.stdin:
        d = json.loads(line)
        n += 1
        if "facts" not in d:
            differ(d["path"], "not read", [], [d["error"]])
            continue
        for words_of in d["facts"]["odd"]:
            odd += 1
            print(f"{d['path']}: odd: {words_of}")
        {"elf": elf, "pe": pe}[sys.argv[1]](d["path"], d["facts"])
    print(f"{n} files, {differences} differences, {odd} odd")


main()
