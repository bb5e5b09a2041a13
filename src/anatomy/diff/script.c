/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/diff/script.h"

#include <ctype.h>

#define LONG_LITERAL 240 /* of base64 or hex in one piece */
#define ESCAPES 12	 /* "\x68\x74…" */

static const struct {
	const char *what;
	unsigned weight;
} kinds[SCRIPT_KINDS] = {
	[SCRIPT_EXEC] = { "start programs", 12 },
	[SCRIPT_EVAL] = { "run text as code", 14 },
	[SCRIPT_NET] = { "reach the network", 10 },
	[SCRIPT_DECODE] = { "decode hidden text", 10 },
	[SCRIPT_SECRETS] = { "read the environment or secrets", 8 },
	[SCRIPT_HIDE] = { "hide what it does", 22 },
	[SCRIPT_PERSIST] = { "stay after it ended", 15 },
	[SCRIPT_RIGHTS] = { "change rights or accounts", 18 },
	[SCRIPT_PIPE] = { "run at once what it fetches or decodes", 50 },
};

#define JS SCRIPT_JS
#define SH SCRIPT_SHELL
#define PY SCRIPT_PYTHON
#define WIN SCRIPT_WINDOWS

/* Lower case; found anywhere in the statement, case ignored. */
static const struct word {
	uint8_t languages, kind;
	const char *text;
} words[] = {
	{ JS, SCRIPT_EXEC, "child_process" },
	{ JS, SCRIPT_EXEC, "execsync(" },
	{ JS, SCRIPT_EXEC, "spawnsync(" },
	{ JS, SCRIPT_EXEC, "execfile" },
	{ JS, SCRIPT_EXEC, "spawn(" },
	{ JS, SCRIPT_EVAL, "eval(" },
	{ JS, SCRIPT_EVAL, "new function(" },
	{ JS, SCRIPT_EVAL, "runinthiscontext" },
	{ JS, SCRIPT_EVAL, "runinnewcontext" },
	{ JS, SCRIPT_EVAL, "process.binding(" },
	{ JS, SCRIPT_EVAL, "process.dlopen(" },
	{ JS, SCRIPT_NET, "http.get(" },
	{ JS, SCRIPT_NET, "https.get(" },
	{ JS, SCRIPT_NET, "http.request(" },
	{ JS, SCRIPT_NET, "https.request(" },
	{ JS, SCRIPT_NET, "require('http" },
	{ JS, SCRIPT_NET, "require(\"http" },
	{ JS, SCRIPT_NET, "require('net')" },
	{ JS, SCRIPT_NET, "require(\"net\")" },
	{ JS, SCRIPT_NET, "require('dns" },
	{ JS, SCRIPT_NET, "require(\"dns" },
	{ JS, SCRIPT_NET, "node:http" },
	{ JS, SCRIPT_NET, "node:net" },
	{ JS, SCRIPT_NET, "fetch(" },
	{ JS, SCRIPT_NET, "xmlhttprequest" },
	{ JS, SCRIPT_NET, "sendbeacon(" },
	{ JS, SCRIPT_NET, "new websocket(" },
	{ JS, SCRIPT_DECODE, "atob(" },
	{ JS, SCRIPT_DECODE, "'base64'" },
	{ JS, SCRIPT_DECODE, "\"base64\"" },
	{ JS, SCRIPT_DECODE, "`base64`" },
	{ JS, SCRIPT_DECODE, "fromcharcode" },
	{ JS, SCRIPT_DECODE, "createdecipher" },
	{ JS, SCRIPT_DECODE, "unescape(" },
	{ JS, SCRIPT_DECODE, ", 'hex')" },
	{ JS, SCRIPT_DECODE, ",'hex')" },
	{ JS, SCRIPT_DECODE, ", \"hex\")" },
	{ JS, SCRIPT_DECODE, ",\"hex\")" },
	{ JS, SCRIPT_SECRETS, "process.env" },
	{ JS, SCRIPT_SECRETS, "os.hostname" },
	{ JS, SCRIPT_SECRETS, "os.userinfo" },
	{ JS, SCRIPT_SECRETS, "homedir(" },
	{ JS, SCRIPT_SECRETS, "document.cookie" },
	{ JS | PY | SH, SCRIPT_SECRETS, ".npmrc" },
	{ JS | PY | SH, SCRIPT_SECRETS, ".ssh/" },
	{ JS | PY | SH, SCRIPT_SECRETS, ".aws/" },
	{ JS | PY | SH, SCRIPT_SECRETS, "login data" },
	{ JS | PY | SH, SCRIPT_SECRETS, "github_token" },
	{ JS | PY | SH, SCRIPT_SECRETS, "npm_token" },
	{ JS, SCRIPT_HIDE, "_0x" },
	{ JS, SCRIPT_HIDE, "windowshide" },
	{ JS, SCRIPT_HIDE, "detached:" },

	{ PY, SCRIPT_EXEC, "subprocess" },
	{ PY, SCRIPT_EXEC, "os.system(" },
	{ PY, SCRIPT_EXEC, "os.popen(" },
	{ PY, SCRIPT_EXEC, "os.exec" },
	{ PY, SCRIPT_EXEC, "pty.spawn" },
	{ PY, SCRIPT_EVAL, "exec(" },
	{ PY, SCRIPT_EVAL, "eval(" },
	{ PY, SCRIPT_EVAL, "__import__(" },
	{ PY, SCRIPT_EVAL, "marshal.loads" },
	{ PY, SCRIPT_EVAL, "pickle.loads" },
	{ PY, SCRIPT_EVAL, "ctypes." },
	{ PY, SCRIPT_NET, "urllib" },
	{ PY, SCRIPT_NET, "urlopen" },
	{ PY, SCRIPT_NET, "requests." },
	{ PY, SCRIPT_NET, "http.client" },
	{ PY, SCRIPT_NET, "socket.socket" },
	{ PY, SCRIPT_DECODE, "b64decode" },
	{ PY, SCRIPT_DECODE, "bytes.fromhex" },
	{ PY, SCRIPT_DECODE, "codecs.decode" },
	{ PY, SCRIPT_DECODE, "zlib.decompress" },
	{ PY, SCRIPT_DECODE, "fernet(" },
	{ PY, SCRIPT_SECRETS, "os.environ" },
	{ PY, SCRIPT_SECRETS, "getpass" },

	{ SH, SCRIPT_NET, "curl " },
	{ SH, SCRIPT_NET, "wget " },
	{ SH, SCRIPT_NET, "ncat " },
	{ SH, SCRIPT_NET, "netcat " },
	{ SH, SCRIPT_NET, "nc -" },
	{ SH, SCRIPT_NET, "/dev/tcp/" },
	{ SH, SCRIPT_NET, "/dev/udp/" },
	{ SH, SCRIPT_NET, "socat " },
	{ SH, SCRIPT_EVAL, "eval " },
	{ SH, SCRIPT_EVAL, "sh -c" },
	{ SH, SCRIPT_EVAL, "python -c" },
	{ SH, SCRIPT_EVAL, "python3 -c" },
	{ SH, SCRIPT_EVAL, "perl -e" },
	{ SH, SCRIPT_PIPE, "| sh" },
	{ SH, SCRIPT_PIPE, "|sh" },
	{ SH, SCRIPT_PIPE, "| bash" },
	{ SH, SCRIPT_PIPE, "|bash" },
	{ SH, SCRIPT_PIPE, "| /bin/" },
	{ SH, SCRIPT_PIPE, "|/bin/" },
	{ SH, SCRIPT_PIPE, "| python" },
	{ SH, SCRIPT_PIPE, "source <(" },
	{ SH, SCRIPT_PIPE, ". <(" },
	{ SH, SCRIPT_PIPE, "bash <(" },
	{ SH, SCRIPT_PIPE, "eval \"$(curl" },
	{ SH, SCRIPT_PIPE, "eval $(curl" },
	{ SH, SCRIPT_DECODE, "base64 -d" },
	{ SH, SCRIPT_DECODE, "base64 --decode" },
	{ SH, SCRIPT_DECODE, "xxd -r" },
	{ SH, SCRIPT_DECODE, "openssl enc" },
	{ SH, SCRIPT_DECODE, "xz -dc" },
	{ SH, SCRIPT_DECODE, "xz -d" },
	{ SH, SCRIPT_DECODE, "head -c +" },
	{ SH, SCRIPT_HIDE, "nohup " },
	{ SH, SCRIPT_HIDE, "setsid " },
	{ SH, SCRIPT_HIDE, "disown" },
	{ SH, SCRIPT_HIDE, "2>&1 &" },
	{ SH, SCRIPT_HIDE, "/dev/null &" },
	{ SH, SCRIPT_HIDE, "/dev/shm" },
	{ SH, SCRIPT_HIDE, "/var/tmp/" },
	{ SH, SCRIPT_HIDE, " /tmp/" },
	{ SH, SCRIPT_HIDE, ">/tmp/" },
	{ SH, SCRIPT_HIDE, "history -c" },
	{ SH, SCRIPT_PERSIST, "crontab" },
	{ SH, SCRIPT_PERSIST, "/etc/cron" },
	{ SH, SCRIPT_PERSIST, ".bashrc" },
	{ SH, SCRIPT_PERSIST, "authorized_keys" },
	{ SH, SCRIPT_PERSIST, "rc.local" },
	{ SH, SCRIPT_PERSIST, "ld.so.preload" },
	{ SH, SCRIPT_PERSIST, "launchagents" },
	{ SH, SCRIPT_PERSIST, "launchdaemons" },
	{ SH, SCRIPT_PERSIST, "/etc/apt/" },
	{ SH, SCRIPT_RIGHTS, "chmod u+s" },
	{ SH, SCRIPT_RIGHTS, "chmod +s" },
	{ SH, SCRIPT_RIGHTS, "chmod 4" },
	{ SH, SCRIPT_RIGHTS, "chmod 6" },
	{ SH, SCRIPT_RIGHTS, "chmod 777" },
	{ SH, SCRIPT_RIGHTS, "chmod 0777" },
	{ SH, SCRIPT_RIGHTS, "chmod a+w" },
	{ SH, SCRIPT_RIGHTS, "setcap " },
	{ SH, SCRIPT_RIGHTS, "sudoers" },
	{ SH, SCRIPT_RIGHTS, "nopasswd" },
	{ SH, SCRIPT_RIGHTS, "/etc/passwd" },
	{ SH, SCRIPT_RIGHTS, "/etc/shadow" },

	{ WIN, SCRIPT_NET, "invoke-webrequest" },
	{ WIN, SCRIPT_NET, "downloadstring" },
	{ WIN, SCRIPT_NET, "downloadfile" },
	{ WIN, SCRIPT_NET, "net.webclient" },
	{ WIN, SCRIPT_NET, "bitsadmin" },
	{ WIN, SCRIPT_NET, "certutil" },
	{ WIN, SCRIPT_EVAL, "invoke-expression" },
	{ WIN, SCRIPT_EVAL, "iex " },
	{ WIN, SCRIPT_EVAL, "iex(" },
	{ WIN, SCRIPT_EXEC, "start-process" },
	{ WIN, SCRIPT_EXEC, "wscript.shell" },
	{ WIN, SCRIPT_EXEC, "rundll32" },
	{ WIN, SCRIPT_EXEC, "regsvr32" },
	{ WIN, SCRIPT_EXEC, "mshta" },
	{ WIN | JS, SCRIPT_EXEC, "powershell" },
	{ WIN, SCRIPT_DECODE, "frombase64string" },
	{ WIN | JS, SCRIPT_HIDE, "-encodedcommand" },
	{ WIN | JS, SCRIPT_HIDE, "-windowstyle hidden" },
	{ WIN, SCRIPT_PERSIST, "schtasks" },
	{ WIN, SCRIPT_PERSIST, "reg add" },
	{ WIN, SCRIPT_PERSIST, "new-service" },
};

const char *script_kind_what(enum script_kind k)
{
	return kinds[k].what;
}

unsigned script_kind_weight(enum script_kind k)
{
	return kinds[k].weight;
}

static const struct {
	const char *end;
	uint8_t language;
} endings[] = {
	{ ".js", JS },
	{ ".mjs", JS },
	{ ".cjs", JS },
	{ ".jsx", JS },
	{ ".ts", JS },
	{ ".html", JS },
	{ ".sh", SH },
	{ ".bash", SH },
	{ ".m4", SH },
	{ ".mk", SH },
	{ ".am", SH },
	{ ".ac", SH },
	{ ".in", SH },
	{ ".cmake", SH },
	{ ".py", PY },
	{ ".pth", PY },
	{ ".ps1", WIN },
	{ ".psm1", WIN },
	{ ".bat", WIN },
	{ ".cmd", WIN },
	{ ".vbs", WIN },
	{ ".nsi", WIN },
};

static const struct {
	const char *base;
	uint8_t language;
} bases[] = {
	{ "configure", SH },
	{ "Makefile", SH },
	{ "postinst", SH },
	{ "preinst", SH },
	{ "prerm", SH },
	{ "postrm", SH },
	{ "config", SH },
	{ "postinstall", SH },
	{ "preinstall", SH },
	{ ".INSTALL", SH },
};

static bool contains(struct span s, const char *what)
{
	return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static enum script_language by_first_line(struct span text)
{
	struct span line = span_cut(text, 0, 256);

	line = span_cut(line, 0, span_find(line, '\n'));
	if (!span_starts(line, SPAN_LIT("#!")))
		return SCRIPT_NONE;
	return contains(line, "python")	    ? PY :
	    contains(line, "node")	    ? JS :
	    contains(line, "sh")	    ? SH :
					      SCRIPT_NONE;
}

enum script_language script_language_of(const char *path, struct span text)
{
	const char *base = diff_base(path);

	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		if (strcmp(base, bases[i].base) == 0)
			return bases[i].language;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (span_ends(span_str(base), span_str(endings[i].end)))
			return endings[i].language;
	return by_first_line(text);
}

/* Base64 or hex in one piece: a payload. */
static bool has_long_literal(struct span s)
{
	size_t run = 0;

	for (size_t i = 0; i < s.n; i++) {
		run = isalnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '/' || s.p[i] == '=' ? run + 1 : 0;
		if (run >= LONG_LITERAL)
			return true;
	}
	return false;
}

static bool has_escapes(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < s.n; i++)
		n += s.p[i] == '\\' && (s.p[i + 1] == 'x' || s.p[i + 1] == 'u');
	return n >= ESCAPES;
}

#define LOW_MAX 8192

/* A word that begins with a letter does not stand behind another one: "retrieval(" is no "eval(". */
static bool has_word(const char *low, size_t n, const char *word)
{
	const char *p = low, *end = low + n;
	size_t len = strlen(word);

	while ((p = memmem(p, (size_t)(end - p), word, len))) {
		if (!isalpha((uint8_t)word[0]) || p == low || !(isalnum((uint8_t)p[-1]) || p[-1] == '_'))
			return true;
		p++;
	}
	return false;
}

static bool is_comment(enum script_language l, struct span s)
{
	if (l == JS)
		return span_starts(s, SPAN_LIT("//")) || span_starts(s, SPAN_LIT("*")) ||
		    span_starts(s, SPAN_LIT("/*"));
	if (l == WIN)
		return span_starts(s, SPAN_LIT("::")) || span_starts(s, SPAN_LIT("#")) ||
		    span_starts(s, SPAN_LIT("REM ")) || span_starts(s, SPAN_LIT("'"));
	return span_starts(s, SPAN_LIT("#")) || span_starts(s, SPAN_LIT("dnl "));
}

static unsigned kinds_of(enum script_language l, struct span s)
{
	char low[LOW_MAX];
	unsigned set = 0;

	for (size_t i = 0; i < s.n; i++)
		low[i] = (char)tolower(s.p[i]);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].languages & l && !(set & 1u << words[i].kind) &&
		    has_word(low, s.n, words[i].text))
			set |= 1u << words[i].kind;
	return set;
}

unsigned script_kinds(enum script_language l, struct span s)
{
	unsigned set = 0;

	s = span_trim(s);
	if (l == SCRIPT_NONE || is_comment(l, s))
		return 0;
	if (has_long_literal(s) || has_escapes(s))
		set |= 1u << SCRIPT_HIDE;
	/* Pieces overlap, so that no word falls between them. */
	for (size_t at = 0; at < s.n; at += LOW_MAX - 64)
		set |= kinds_of(l, span_cut(s, at, LOW_MAX));
	return set;
}
