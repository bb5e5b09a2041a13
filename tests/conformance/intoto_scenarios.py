#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""intoto_scenarios: supply chains for intoto.t, made and judged by Debian's in-toto.

intoto_scenarios.py DIR makes DIR/NAME/ for each scenario and prints a line for each, with tabs:
NAME, the exit code of in-toto-verify ("-": it cannot be asked), the exit code that is expected of
"firebreak intoto verify", a code that must be among its reasons ("-": any), its arguments, and why
the two differ, if they do. Nothing is random but the keys.
"""
import base64, copy, hashlib, json, os, shutil, subprocess, sys

import in_toto.in_toto_verify
from in_toto import verifylib
from in_toto.models.layout import Inspection, Layout, Step
from in_toto.models.link import Link
from in_toto.models.metadata import Metablock
from securesystemslib import interface, keys

top = os.path.abspath(sys.argv[1])
os.makedirs(top + "/keys")
os.chdir(top + "/keys")
PASS, FAIL, UNKNOWN = 0, 1, 2


def public(k):
    k = copy.deepcopy(k)
    k["keyval"].pop("private", None)
    k["keyval"]["private"] = ""
    return k


def new_key(name, k):
    pub = {x: k[x] for x in ("keytype", "scheme", "keyid_hash_algorithms") if x in k}
    pub["keyval"] = {"public": k["keyval"]["public"]}
    with open(name + ".pub", "w") as f:
        if k["keytype"] == "rsa":
            f.write(k["keyval"]["public"])
        else:
            json.dump(pub, f)
    K[name] = k


def p384_key():
    """securesystemslib verifies P-384 but does not make such keys or signatures."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat)
    secret = ec.generate_private_key(ec.SECP384R1())
    pem = secret.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    theirs = keys.create_signature

    def sign(key, data):
        if key["scheme"] != "ecdsa-sha2-nistp384":
            return theirs(key, data)
        return {"keyid": key["keyid"], "sig": secret.sign(data, ec.ECDSA(hashes.SHA384())).hex()}

    keys.create_signature = sign
    return keys.import_ecdsakey_from_private_pem(pem, "ecdsa-sha2-nistp384")


K = {}
for who in ("alice", "diana", "erin"):
    new_key(who, keys.generate_ed25519_key())
new_key("bob", keys.generate_rsa_key(2048))
new_key("carl", keys.generate_ecdsa_key())
new_key("p384", p384_key())
new_key("pkcs1", keys.generate_rsa_key(2048, "rsa-pkcs1v15-sha256"))
TYPES = {"alice": "ed25519", "diana": "ed25519", "erin": "ed25519", "bob": "rsa", "carl": "ecdsa"}
TARGET = b"print('foo')\n"


def H(s):
    return {"sha256": hashlib.sha256(s if isinstance(s, bytes) else s.encode()).hexdigest()}


def arts(d):
    return {p: v if isinstance(v, dict) else H(v) for p, v in d.items()}


class Chain:
    """One scenario: a folder, a layout that is written at the end, links that are written at once."""

    def __init__(self, name):
        self.name, self.dir = name, top + "/" + name
        os.makedirs(self.dir + "/product")
        self.layout = Layout(expires="2035-01-01T00:00:00Z")
        self.owners, self.verify_with, self.params = ["alice"], ["alice"], None
        self.inspect = False
        self.edit = lambda text: text
        self.links = self.dir

    def step(self, name, who, materials=(), products=(), threshold=1):
        s = Step(name=name, threshold=threshold, pubkeys=[K[w]["keyid"] for w in who])
        for r in materials:
            s.add_material_rule_from_string(r)
        for r in products:
            s.add_product_rule_from_string(r)
        self.layout.steps.append(s)
        for w in who:
            self.layout.add_functionary_key(public(K[w]))
        return s

    def inspection(self, name, run, materials=(), products=()):
        i = Inspection(name=name, run=run)
        for r in materials:
            i.add_material_rule_from_string(r)
        for r in products:
            i.add_product_rule_from_string(r)
        self.layout.inspect.append(i)
        self.inspect = True

    def link(self, name, who, materials={}, products={}, sign=None, file_as=None, folder=None, **kw):
        m = Metablock(signed=Link(name=kw.pop("link_name", name), materials=arts(materials),
                                  products=arts(products), **kw))
        m.sign(K[sign or who])
        path = "%s/%s.%.8s.link" % (folder or self.links, name, K[file_as or who]["keyid"])
        m.dump(path)
        return path

    def product(self, **files):
        for name, text in files.items():
            with open(self.dir + "/product/" + name.replace("_", "."), "w") as f:
                f.write(text)

    def write(self):
        m = Metablock(signed=self.layout)
        for w in self.owners:
            m.sign(K[w])
        with open(self.dir + "/root.layout", "w") as f:
            f.write(self.edit(str(m)))


def edit_file(path, change):
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(change(text))


def oracle(c):
    """The exit code of in-toto-verify, in a child so that nothing stays behind."""
    sys.stdout.flush()
    work = c.dir + "/product.oracle"
    shutil.copytree(c.dir + "/product", work)
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.chdir(work)
        code = 99
        try:
            if c.params is not None:  # the command line has no option for them
                m = Metablock.load(c.dir + "/root.layout")
                pubs = interface.import_publickeys_from_file(
                    [top + "/keys/%s.pub" % w for w in c.verify_with], [TYPES[w] for w in c.verify_with])
                try:
                    verifylib.in_toto_verify(m, pubs, c.dir, c.params)
                    code = 0
                except Exception:
                    code = 1
            else:
                sys.argv = ["in-toto-verify", "-q", "-l", c.dir + "/root.layout", "--link-dir", c.dir,
                            "-k"] + [top + "/keys/%s.pub" % w for w in c.verify_with] + \
                           ["-t"] + [TYPES[w] for w in c.verify_with]
                in_toto.in_toto_verify.main()
        except SystemExit as e:
            code = e.code or 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


SCENARIOS = []


def scenario(want, code="-", differs=None, ask=True):
    def add(fn):
        SCENARIOS.append((fn.__name__, fn, want, code, differs, ask))
        return fn
    return add


# --- artifact rules: one step, its rules, what it took and made -----------------------------------
STAR = "DISALLOW *"
OPEN = ("leftovers_allowed", "no_rules")  # told, but allowed


def rule_case(name, want, rules, materials={}, products={}, side="products", other=None):
    def build(c):
        c.step("other", ["bob"])
        c.link("other", "bob", *(other or ({}, {})))
        if side == "products":
            c.step("it", ["diana"], products=rules)
        else:
            c.step("it", ["diana"], materials=rules)
        c.link("it", "diana", materials, products)
    code = "intoto.rule" if want == FAIL else "intoto.unaccounted" if name in OPEN else "-"
    SCENARIOS.append(("rule_" + name, build, want, code, None, True))


for n, w, r, m, p in [
    ("create", PASS, ["CREATE a", STAR], {}, {"a": "1"}),
    ("create_existing", FAIL, ["CREATE a", STAR], {"a": "1"}, {"a": "2"}),
    ("create_pattern", PASS, ["CREATE out/*", STAR], {"in": "1"}, {"out/a": "1", "out/b/c": "2"}),
    ("create_other_name", FAIL, ["CREATE a", STAR], {}, {"b": "1"}),
    ("modify", PASS, ["MODIFY a", STAR], {"a": "1"}, {"a": "2"}),
    ("modify_same", FAIL, ["MODIFY a", STAR], {"a": "1"}, {"a": "1"}),
    ("modify_new", FAIL, ["MODIFY a", STAR], {}, {"a": "1"}),
    ("allow", PASS, ["ALLOW *.py", STAR], {}, {"a.py": "1", "d/b.py": "1"}),
    ("allow_other", FAIL, ["ALLOW *.py", STAR], {}, {"a.py": "1", "b.sh": "1"}),
    ("disallow_some", FAIL, ["DISALLOW *.sh", "ALLOW *"], {}, {"a.sh": "1"}),
    ("disallow_none", PASS, ["DISALLOW *.sh", "ALLOW *"], {}, {"a.py": "1"}),
    ("disallow_too_early", FAIL, [STAR, "ALLOW *"], {}, {"a": "1"}),
    ("require", PASS, ["REQUIRE a", "ALLOW *"], {}, {"a": "1"}),
    ("require_absent", FAIL, ["REQUIRE a", "ALLOW *"], {}, {"b": "1"}),
    ("require_consumed", FAIL, ["ALLOW *", "REQUIRE a"], {}, {"a": "1"}),
    ("require_is_no_pattern", FAIL, ["REQUIRE *.py"], {}, {"a.py": "1"}),
    ("nothing_left_over", PASS, [STAR], {}, {}),
    ("leftovers_allowed", PASS, ["CREATE a"], {}, {"a": "1", "b": "2"}),
    ("no_rules", PASS, [], {}, {"a": "1"}),
    ("glob_question", PASS, ["ALLOW ?.py", STAR], {}, {"a.py": "1"}),
    ("glob_question_two", FAIL, ["ALLOW ?.py", STAR], {}, {"ab.py": "1"}),
    ("glob_set", PASS, ["ALLOW [a-c].py", STAR], {}, {"b.py": "1"}),
    ("glob_set_not", FAIL, ["ALLOW [!a-c].py", STAR], {}, {"b.py": "1"}),
    ("glob_backwards", FAIL, ["ALLOW [c-a].py", STAR], {}, {"b.py": "1"}),
    ("glob_unclosed", PASS, ["ALLOW [a", STAR], {}, {"[a": "1"}),
    ("glob_case", FAIL, ["ALLOW A", STAR], {}, {"a": "1"}),
    ("lower_keywords", PASS, ["create a", "disallow *"], {}, {"a": "1"}),
]:
    rule_case(n, w, r, m, p)
for n, w, r, m, p in [
    ("delete", PASS, ["DELETE a", STAR], {"a": "1"}, {}),
    ("delete_kept", FAIL, ["DELETE a", STAR], {"a": "1"}, {"a": "1"}),
    ("materials_allow", PASS, ["ALLOW a", STAR], {"a": "1"}, {"z": "1"}),
    ("materials_extra", FAIL, ["ALLOW a", STAR], {"a": "1", "b": "1"}, {}),
]:
    rule_case(n, w, r, m, p, side="materials")
for n, w, r, m, o in [
    ("match", PASS, ["MATCH a WITH PRODUCTS FROM other"], {"a": "1"}, ({}, {"a": "1"})),
    ("match_hash", FAIL, ["MATCH a WITH PRODUCTS FROM other"], {"a": "1"}, ({}, {"a": "2"})),
    ("match_path", FAIL, ["MATCH * WITH PRODUCTS FROM other"], {"a": "1"}, ({}, {"b": "1"})),
    ("match_materials", PASS, ["MATCH a WITH MATERIALS FROM other"], {"a": "1"}, ({"a": "1"}, {})),
    ("match_wrong_side", FAIL, ["MATCH a WITH MATERIALS FROM other"], {"a": "1"}, ({}, {"a": "1"})),
    ("match_source", PASS, ["MATCH * IN lib WITH PRODUCTS FROM other"], {"lib/a": "1"}, ({}, {"a": "1"})),
    ("match_source_slash", PASS, ["MATCH * IN lib/ WITH PRODUCTS FROM other"], {"lib/a": "1"}, ({}, {"a": "1"})),
    ("match_source_not", FAIL, ["MATCH * IN lib WITH PRODUCTS FROM other"], {"library/a": "1"}, ({}, {"a": "1"})),
    ("match_dest", PASS, ["MATCH * WITH PRODUCTS IN out FROM other"], {"a": "1"}, ({}, {"out/a": "1"})),
    ("match_both", PASS, ["MATCH * IN lib WITH PRODUCTS IN out/x FROM other"], {"lib/a": "1"},
     ({}, {"out/x/a": "1"})),
    ("match_both_not", FAIL, ["MATCH * IN lib WITH PRODUCTS IN out FROM other"], {"lib/a": "1"},
     ({}, {"out/x/a": "1"})),
    ("match_no_step", FAIL, ["MATCH * WITH PRODUCTS FROM nobody"], {"a": "1"}, ({}, {"a": "1"})),
    ("match_prefix_no_glob", FAIL, ["MATCH * IN l* WITH PRODUCTS FROM other"], {"lib/a": "1"}, ({}, {"a": "1"})),
    ("match_partly", FAIL, ["MATCH * WITH PRODUCTS FROM other"], {"a": "1", "b": "1"}, ({}, {"a": "1"})),
    ("match_more_hashes", FAIL, ["MATCH a WITH PRODUCTS FROM other"],
     {"a": dict(H("1"), sha512="0" * 128)}, ({}, {"a": "1"})),
]:
    rule_case(n, w, r + [STAR], m, {}, side="materials", other=o)


# --- signatures, keys, time -----------------------------------------------------------------------
def two_steps(c, writer="bob", packer="carl"):
    c.step("write", [writer], products=["CREATE foo.py", STAR])
    c.step("pack", [packer], ["MATCH foo.py WITH PRODUCTS FROM write", STAR], ["CREATE foo.tar", STAR])
    c.link("write", writer, {}, {"foo.py": TARGET})
    c.link("pack", packer, {"foo.py": TARGET}, {"foo.tar": "tar"})


@scenario(PASS)
def chain_holds(c):
    two_steps(c)


@scenario(PASS)
def chain_ed25519(c):
    two_steps(c, "diana", "erin")


@scenario(PASS)
def chain_p384_and_pkcs1(c):
    two_steps(c, "p384", "pkcs1")


@scenario(PASS)
def one_key_does_all(c):
    two_steps(c, "alice", "alice")


@scenario(FAIL, "intoto.signature")
def layout_wrong_key(c):
    two_steps(c)
    c.verify_with = ["diana"]


@scenario(FAIL, "intoto.signature")
def layout_unsigned(c):
    two_steps(c)
    c.owners = []


@scenario(PASS)
def layout_rsa_owner(c):
    two_steps(c)
    c.owners = c.verify_with = ["bob"]


@scenario(PASS)
def layout_ecdsa_owner(c):
    two_steps(c)
    c.owners = c.verify_with = ["carl"]


@scenario(PASS)
def layout_two_owners(c):
    two_steps(c)
    c.owners = c.verify_with = ["alice", "diana"]


@scenario(PASS)
def layout_two_owners_one_asked(c):
    two_steps(c)
    c.owners = ["alice", "diana"]


@scenario(FAIL, "intoto.signature")
def layout_one_of_two_owners(c):
    two_steps(c)
    c.verify_with = ["alice", "diana"]


@scenario(FAIL, "intoto.signature")
def layout_tampered(c):
    two_steps(c)
    c.edit = lambda t: t.replace('"CREATE"', '"ALLOW"', 1)


@scenario(FAIL, "intoto.signature")
def layout_signature_claimed(c):
    """A signature under alice's id that diana made."""
    two_steps(c)
    c.owners = ["diana"]
    c.edit = lambda t: t.replace(K["diana"]["keyid"], K["alice"]["keyid"])


@scenario(FAIL, "intoto.expired")
def layout_expired(c):
    two_steps(c)
    c.layout.expires = "2020-01-01T00:00:00Z"


@scenario(PASS)
def layout_far_future(c):
    two_steps(c)
    c.layout.expires = "9999-12-31T23:59:59Z"


@scenario(FAIL, "intoto.layout")
def layout_cut(c):
    two_steps(c)
    c.edit = lambda t: t[:-20]


@scenario(FAIL, "intoto.layout")
def layout_is_a_link(c):
    c.write = lambda: os.rename(c.link("x", "alice"), c.dir + "/root.layout")


@scenario(FAIL, "intoto.link-ignored")
def link_unauthorised(c):
    """Diana's link under bob's file name."""
    two_steps(c)
    c.link("write", "diana", {}, {"foo.py": TARGET}, file_as="bob")


@scenario(FAIL, "intoto.threshold")
def link_tampered(c):
    two_steps(c)
    edit_file(c.link("write", "bob", {}, {"foo.py": "evil"}), lambda t: t.replace(H("evil")["sha256"], H(TARGET)["sha256"]))


@scenario(FAIL, "intoto.threshold")
def link_signature_stripped(c):
    two_steps(c)
    def strip(t):
        d = json.loads(t)
        d["signatures"] = []
        return json.dumps(d)
    edit_file(c.link("write", "bob", {}, {"foo.py": TARGET}), strip)


@scenario(UNKNOWN, "intoto.link-missing")
def link_missing(c):
    two_steps(c)
    os.remove("%s/pack.%.8s.link" % (c.dir, K["carl"]["keyid"]))


@scenario(FAIL, "intoto.link")
def link_malformed(c):
    two_steps(c)
    edit_file(c.link("write", "bob", {}, {"foo.py": TARGET}), lambda t: t[:100])


@scenario(FAIL, "intoto.rule")
def product_replaced_between_steps(c):
    two_steps(c)
    c.link("pack", "carl", {"foo.py": "evil"}, {"foo.tar": "tar"})


@scenario(FAIL, "intoto.rule")
def extra_file_slipped_in(c):
    two_steps(c)
    c.link("pack", "carl", {"foo.py": TARGET}, {"foo.tar": "tar", "backdoor.so": "x"})


@scenario(PASS, "intoto.command")
def other_command(c):
    two_steps(c)
    c.layout.steps[0].expected_command = ["vi", "foo.py"]


@scenario(PASS, "intoto.return-value")
def command_failed(c):
    two_steps(c)
    c.link("write", "bob", {}, {"foo.py": TARGET}, byproducts={"return-value": 1, "stdout": "", "stderr": ""})


@scenario(PASS)
def odd_text_in_link(c):
    two_steps(c)
    c.link("write", "bob", {}, {"foo.py": TARGET},
           byproducts={"stdout": "\u00e4 \U0001f600 \" \\ \x01\x7f\n", "n": [1, -5, 2**70, None, True, {}]})


@scenario(PASS)
def odd_names(c):
    c.step("a b.c \u00e4", ["bob"], products=["CREATE \u00fc?", STAR])
    c.link("a b.c \u00e4", "bob", {}, {"\u00fc\U0001f600": "1"})


@scenario(PASS)
def no_steps(c):
    pass


# --- thresholds -----------------------------------------------------------------------------------
def trio(c, threshold, products):
    c.step("test", ["bob", "carl", "diana"], threshold=threshold, products=["ALLOW ok", STAR])
    for w, p in products.items():
        c.link("test", w, {}, {"ok": p})


@scenario(PASS)
def threshold_two_of_three(c):
    trio(c, 2, {"bob": "1", "diana": "1"})


@scenario(PASS)
def threshold_three_of_three(c):
    trio(c, 3, {"bob": "1", "carl": "1", "diana": "1"})


@scenario(UNKNOWN, "intoto.link-missing")
def threshold_too_few(c):
    trio(c, 2, {"bob": "1"})


@scenario(FAIL, "intoto.links-differ")
def threshold_disagreement(c):
    trio(c, 2, {"bob": "1", "carl": "2"})


@scenario(FAIL, "intoto.links-differ")
def threshold_one_too_many_disagrees(c):
    trio(c, 2, {"bob": "1", "carl": "1", "diana": "2"})


@scenario(FAIL, "intoto.threshold")
def threshold_forged_second(c):
    trio(c, 2, {"bob": "1"})
    c.link("test", "erin", {}, {"ok": "1"}, file_as="carl")


@scenario(PASS, "intoto.link-ignored")
def threshold_forged_third(c):
    trio(c, 2, {"bob": "1", "carl": "1"})
    c.link("test", "erin", {}, {"ok": "2"}, file_as="diana")


@scenario(PASS)
def threshold_command_may_differ(c):
    trio(c, 2, {"bob": "1", "carl": "1"})
    c.link("test", "carl", {}, {"ok": "1"}, command=["other"], byproducts={"return-value": 0})


# --- delegation -----------------------------------------------------------------------------------
def delegate(c, expires="2035-01-01T00:00:00Z", rules=("CREATE foo.py", STAR), signer="bob", upper=()):
    c.step("write", ["bob"], products=["CREATE foo.py", STAR])
    c.step("pack", ["carl"], upper or ["MATCH foo.py WITH PRODUCTS FROM write", STAR], ["CREATE foo.tar"])
    c.link("pack", "carl", {"foo.py": TARGET}, {"foo.tar": "tar"})
    sub = Chain(c.name + "/sub.tmp")
    sub.layout.expires = expires
    sub.step("type", ["diana"], products=list(rules))
    sub.step("check", ["erin"], ["MATCH * WITH PRODUCTS FROM type", STAR], ["ALLOW *"])
    folder = "%s/write.%.8s" % (c.dir, K["bob"]["keyid"])
    os.makedirs(folder)
    sub.link("type", "diana", {}, {"foo.py": TARGET}, folder=folder)
    sub.link("check", "erin", {"foo.py": TARGET}, {"foo.py": TARGET}, folder=folder)
    sub.owners = [signer]
    sub.write()
    os.rename(sub.dir + "/root.layout", folder + ".link")
    shutil.rmtree(sub.dir)
    return folder


@scenario(PASS)
def delegated(c):
    delegate(c)


@scenario(UNKNOWN, "intoto.link-missing")
def delegated_link_missing(c):
    os.remove("%s/check.%.8s.link" % (delegate(c), K["erin"]["keyid"]))


@scenario(FAIL, "intoto.expired")
def delegated_expired(c):
    delegate(c, expires="2020-01-01T00:00:00Z")


@scenario(FAIL, "intoto.rule")
def delegated_rule_broken(c):
    delegate(c, rules=["CREATE bar.py", STAR])


@scenario(FAIL, "intoto.threshold")
def delegated_by_nobody(c):
    delegate(c, signer="erin")


@scenario(FAIL, "intoto.rule")
def delegated_product_unmatched(c):
    delegate(c)
    c.link("pack", "carl", {"foo.py": "evil"}, {"foo.tar": "tar"})


@scenario(FAIL, "intoto.rule")
def delegated_steps_stay_inside(c):
    delegate(c, upper=["MATCH foo.py WITH PRODUCTS FROM type", STAR])


@scenario(PASS)
def delegated_twice(c):
    folder = delegate(c)
    inner = Chain(c.name + "/inner.tmp")
    inner.step("key", ["alice"], products=["CREATE foo.py", STAR])
    inner.owners = ["diana"]
    sub = "%s/type.%.8s" % (folder, K["diana"]["keyid"])
    os.makedirs(sub)
    inner.link("key", "alice", {}, {"foo.py": TARGET}, folder=sub)
    inner.write()
    os.rename(inner.dir + "/root.layout", sub + ".link")
    shutil.rmtree(inner.dir)


# --- parameters -----------------------------------------------------------------------------------
def with_params(c, params, rule="CREATE foo-{version}.py", name="foo-1.2.py"):
    c.step("write", ["bob"], products=[rule, STAR])
    c.link("write", "bob", {}, {name: TARGET})
    c.params = params


@scenario(PASS)
def param(c):
    with_params(c, {"version": "1.2"})


@scenario(FAIL, "intoto.rule")
def param_other_value(c):
    with_params(c, {"version": "1.3"})


@scenario(FAIL, "intoto.layout")
def param_not_given(c):
    with_params(c, {"other": "1"})


@scenario(PASS)
def param_is_a_pattern(c):
    with_params(c, {"version": "*"})


@scenario(FAIL, "intoto.rule")
def param_none_given(c):
    with_params(c, None)


@scenario(PASS)
def param_none_given_literally(c):
    with_params(c, None, name="foo-{version}.py")


@scenario(PASS)
def param_braces(c):
    with_params(c, {"version": "1.2"}, rule="CREATE {{x}}{version}", name="{x}1.2")


@scenario(FAIL, "intoto.layout")
def param_lone_brace(c):
    with_params(c, {"version": "1.2"}, rule="CREATE {version", name="1.2")


@scenario(FAIL, "intoto.layout")
def param_position(c):
    with_params(c, {"0": "1.2"}, rule="CREATE {0}", name="1.2")


@scenario(PASS)
def param_unused(c):
    with_params(c, {"version": "1.2", "more": "x"})


# --- inspections ----------------------------------------------------------------------------------
def inspected(c, run, text=TARGET.decode(), rules=("MATCH foo.py WITH PRODUCTS FROM write", STAR)):
    two_steps(c)
    c.product(foo_py=text)
    c.inspection("look", run, rules)


@scenario(PASS)
def inspection_holds(c):
    inspected(c, ["true"])


@scenario(FAIL, "intoto.inspection")
def inspection_fails(c):
    inspected(c, ["false"])


@scenario(FAIL, "intoto.inspection")
def inspection_no_such_command(c):
    inspected(c, ["no-such-command-anywhere"])


@scenario(FAIL, "intoto.rule")
def product_replaced(c):
    inspected(c, ["true"], text="evil\n")


@scenario(FAIL, "intoto.rule")
def product_with_extra_file(c):
    inspected(c, ["true"])
    c.product(backdoor_so="x")


@scenario(PASS)
def product_with_link_files(c):
    inspected(c, ["true"])
    c.product(write_link="{}", x_pyc="1")


@scenario(PASS)
def inspection_makes_a_file(c):
    two_steps(c)
    c.product(foo_py=TARGET.decode())
    c.inspection("copy", ["cp", "foo.py", "bar.py"], ["MATCH foo.py WITH PRODUCTS FROM write", STAR],
                 ["CREATE bar.py", "ALLOW foo.py", STAR])
    c.inspection("again", ["cmp", "foo.py", "bar.py"], ["MATCH * WITH PRODUCTS FROM copy", STAR])


@scenario(FAIL, "intoto.rule")
def inspection_not_run_when_steps_fail(c):
    inspected(c, ["touch", "ran"])
    c.link("pack", "carl", {"foo.py": "evil"}, {"foo.tar": "tar"})


@scenario(UNKNOWN, "intoto.inspection", "we run inspections only when told to")
def inspection_not_asked_for(c):
    inspected(c, ["true"])
    c.inspect = False


# --- where this program is stricter, or knows more -------------------------------------------------
@scenario(FAIL, "intoto.link-ignored", "a link is for the step that it names (specification 4.4)")
def stricter_link_of_another_step(c):
    two_steps(c)
    c.link("write", "bob", {}, {"foo.py": TARGET}, link_name="test")


@scenario(FAIL, "intoto.links-differ", "two functionaries who disagree: the order of pubkeys is no reason")
def stricter_disagreement_below_threshold(c):
    trio(c, 1, {"bob": "1", "carl": "2"})


@scenario(UNKNOWN, "intoto.link-missing", "one key under two names is one functionary")
def stricter_one_key_twice(c):
    twin = copy.deepcopy(K["diana"])
    twin["keyid"] = "ab" * 32
    K["twin"] = twin
    c.step("test", ["diana", "twin"], threshold=2, products=["ALLOW *"])
    for w in ("diana", "twin"):
        c.link("test", w, {}, {"ok": "1"})


@scenario(FAIL, "intoto.layout", "a threshold of 0 asks for nothing")
def stricter_threshold_zero(c):
    trio(c, 0, {"bob": "1"})


@scenario(FAIL, "intoto.link", "a digest set without digests is any file")
def stricter_no_digests(c):
    two_steps(c)
    c.link("write", "bob", {}, {"foo.py": {}})
    c.link("pack", "carl", {"foo.py": {}}, {"foo.tar": "tar"})


@scenario(FAIL, "intoto.link", "SHA-1 alone does not say which file")
def stricter_sha1_only(c):
    two_steps(c)
    c.link("write", "bob", {}, {"foo.py": {"sha1": "0" * 40}})
    c.link("pack", "carl", {"foo.py": {"sha1": "0" * 40}}, {"foo.tar": "tar"})


@scenario(FAIL, "intoto.link", "a sha256 of 8 digits is none")
def stricter_short_digest(c):
    two_steps(c)
    c.link("write", "bob", {}, {"foo.py": {"sha256": "0" * 8}})
    c.link("pack", "carl", {"foo.py": {"sha256": "0" * 8}}, {"foo.tar": "tar"})


@scenario(FAIL, "intoto.layout", "what is not signed does not belong there")
def stricter_unsigned_member(c):
    two_steps(c)
    c.edit = lambda t: t.rstrip()[:-1] + ', "note": "trust me"}'


@scenario(FAIL, "intoto.signature", "in-toto drops members that it does not know before it checks")
def stricter_unknown_signed_member(c):
    two_steps(c)
    c.edit = lambda t: t.replace('"_type": "layout"', '"_type": "layout", "rootcas": {}')


@scenario(FAIL, "intoto.link", "JSON with a member twice has two readings")
def stricter_member_twice(c):
    two_steps(c)
    edit_file(c.link("write", "bob", {}, {"foo.py": TARGET}),
              lambda t: t.replace('"command"', '"name": "write", "command"', 1))


@scenario(FAIL, "intoto.layout", "a step's name is part of a file's name")
def stricter_name_with_slash(c):
    os.makedirs(c.dir + "/a")
    c.step("a/b", ["bob"])
    c.link("a/b", "bob", {}, {})


def envelope(body, who, keyid=True):
    payload = body.encode()
    kind = b"application/vnd.in-toto+json"
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    s = keys.create_signature(K[who], pae)
    return json.dumps({"payload": base64.b64encode(payload).decode(), "payloadType": kind.decode(),
                       "signatures": [{"keyid": s["keyid"] if keyid else "",
                                       "sig": base64.b64encode(bytes.fromhex(s["sig"])).decode()}]})


def dsse_all(c, keyid=True):
    for f in os.listdir(c.dir):
        if f.endswith(".link"):
            who = [w for w in K if K[w]["keyid"].startswith(f.split(".")[1])][0]
            edit_file(c.dir + "/" + f, lambda t: envelope(json.dumps(json.loads(t)["signed"]), who, keyid))
    c.edit = lambda t: envelope(json.dumps(json.loads(t)["signed"]), "alice", keyid)


NO_DSSE = "in-toto 1.3.1 does not know DSSE (ITE-5)"


@scenario(PASS, "-", NO_DSSE)
def dsse(c):
    two_steps(c)
    dsse_all(c)


@scenario(PASS, "-", NO_DSSE)
def dsse_without_keyids(c):
    two_steps(c, "p384", "pkcs1")
    dsse_all(c, False)


@scenario(FAIL, "intoto.threshold")
def dsse_wrong_signer(c):
    two_steps(c)
    dsse_all(c)
    edit_file("%s/write.%.8s.link" % (c.dir, K["bob"]["keyid"]),
              lambda t: envelope(base64.b64decode(json.loads(t)["payload"]).decode(), "erin", False))


# --- GPG ------------------------------------------------------------------------------------------
def gpg_keys():
    from securesystemslib.gpg import functions
    home = top + "/gpg"
    os.makedirs(home, 0o700)
    out = {}
    for name, algo in (("rsa", "rsa2048"), ("eddsa", "ed25519"), ("subkey", "rsa2048")):
        subprocess.run(["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key",
                        name + "@example.org", algo, "sign", "never"], check=True, capture_output=True)
        lines = subprocess.run(["gpg", "--homedir", home, "--batch", "--with-colons", "-k", name + "@example.org"],
                               check=True, capture_output=True, text=True).stdout.split("\n")
        fpr = [l.split(":")[9] for l in lines if l.startswith("fpr")][0].lower()
        if name == "subkey":  # from then on gpg signs with it
            subprocess.run(["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", "--quick-add-key",
                            fpr, "rsa2048", "sign", "never"], check=True, capture_output=True)
        out[name] = functions.export_pubkey(fpr, home)
    return home, out


def gpg_chain(c, home, pubs, name):
    pub = pubs[name]
    c.layout.keys[pub["keyid"]] = pub
    s = Step(name="write", pubkeys=[pub["keyid"]])
    s.add_product_rule_from_string("CREATE foo.py")
    c.layout.steps.append(s)
    m = Metablock(signed=Link(name="write", products=arts({"foo.py": TARGET})))
    path = "%s/write.%.8s.link" % (c.dir, m.sign_gpg(pub["keyid"], home)["keyid"])
    m.dump(path)
    return path


def gpg_expired(c, home, pubs, name):
    gpg_chain(c, home, pubs, name)
    pub = copy.deepcopy(pubs[name])
    for k in [pub] + list(pub.get("subkeys", {}).values()):
        k["creation_time"], k["validity_period"] = 1000000000, 1000
    c.layout.keys[pub["keyid"]] = pub


def flip_header(t):
    d = json.loads(t)
    h = d["signatures"][0]["other_headers"]
    d["signatures"][0]["other_headers"] = h[:-1] + ("0" if h[-1] != "0" else "1")
    return json.dumps(d)


def add_gpg():
    try:
        home, pubs = gpg_keys()
    except Exception as e:
        print("# no GPG scenarios: %r" % e, file=sys.stderr)
        return
    for name in pubs:
        SCENARIOS.append(("gpg_" + name, lambda c, n=name: gpg_chain(c, home, pubs, n), PASS, "-", None, True))
        SCENARIOS.append(("gpg_%s_tampered" % name, lambda c, n=name: edit_file(
            gpg_chain(c, home, pubs, n), lambda t: t.replace(H(TARGET)["sha256"], H("evil")["sha256"])),
            FAIL, "intoto.threshold", None, True))
        SCENARIOS.append(("gpg_%s_expired" % name, lambda c, n=name: gpg_expired(c, home, pubs, n),
                          FAIL, "intoto.threshold", None, True))
        SCENARIOS.append(("gpg_%s_header" % name, lambda c, n=name: edit_file(
            gpg_chain(c, home, pubs, n), flip_header), FAIL, "intoto.threshold", None, True))


if shutil.which("gpg"):
    add_gpg()

for name, build, want, code, differs, ask in SCENARIOS:
    c = Chain(name)
    build(c)
    c.write()
    args = ["--layout", c.dir + "/root.layout", "--links", c.dir]
    for w in c.verify_with:
        args += ["--key", "%s/keys/%s.pub" % (top, w)]
    for k, v in (c.params or {}).items():
        args += ["--param", "%s=%s" % (k, v)]
    if c.inspect:
        args += ["--run-inspections", c.dir + "/product"]
    print("\t".join([name, str(oracle(c)) if ask else "-", str(want), code, " ".join(args), differs or ""]))
