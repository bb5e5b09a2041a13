/* SPDX-License-Identifier: Apache-2.0 */

/*
 * autostart_words: which programs a command line names. Not a shell: what is expanded, looped over or
 * read from elsewhere is not found; what stands where a command stands is.
 */

#include "sense/host/autostart_priv.h"

#include <errno.h>

enum token { TOKEN_END = 0, TOKEN_WORD, TOKEN_OPERATOR };

struct lexer {
	struct span rest;
	bool shell;
	struct buf word;
	bool quoted; /* the word at hand began with a quote: no keyword */
};

static bool is_operator(const struct lexer *l, uint8_t c)
{
	return l->shell ? strchr(";|&(){}\n", c) != NULL && c : c == ';';
}

/* ">&" and "<&" are one. */
static bool redirects(const struct lexer *l)
{
	return l->rest.p[0] == '&' && l->word.n && strchr("<>", l->word.p[l->word.n - 1]);
}

static void take(struct lexer *l)
{
	buf_putc(&l->word, (char)l->rest.p[0]);
	l->rest = span_from(l->rest, 1);
}

static void quoted(struct lexer *l)
{
	uint8_t q = l->rest.p[0];

	l->rest = span_from(l->rest, 1);
	while (l->rest.n && l->rest.p[0] != q) {
		if (l->rest.p[0] == '\\' && q == '"' && l->rest.n > 1)
			l->rest = span_from(l->rest, 1);
		take(l);
	}
	l->rest = span_from(l->rest, 1);
}

static enum token next(struct lexer *l)
{
	buf_reset(&l->word);
	l->quoted = false;
	while (l->rest.n && (l->rest.p[0] == ' ' || l->rest.p[0] == '\t'))
		l->rest = span_from(l->rest, 1);
	if (!l->rest.n || (l->shell && l->rest.p[0] == '#'))
		return TOKEN_END;
	if (is_operator(l, l->rest.p[0]) && (l->shell || l->rest.n == 1 || l->rest.p[1] == ' ')) {
		l->rest = span_from(l->rest, 1);
		return TOKEN_OPERATOR;
	}
	l->quoted = l->rest.p[0] == '"' || l->rest.p[0] == '\'';
	while (l->rest.n && l->rest.p[0] != ' ' && l->rest.p[0] != '\t' &&
	    !(l->shell && is_operator(l, l->rest.p[0]) && !redirects(l))) {
		if (l->rest.p[0] == '"' || l->rest.p[0] == '\'') {
			quoted(l);
			continue;
		}
		if (l->rest.p[0] == '\\' && l->rest.n > 1)
			l->rest = span_from(l->rest, 1);
		take(l);
	}
	return TOKEN_WORD;
}

static bool one_of(const char *s, const char *list)
{
	size_t n = strlen(s);

	for (const char *p = list; n && (p = strstr(p, s)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* "2>&1", ">file", "<": of the last kind the file is the next word. */
static bool is_redirection(const char *w)
{
	return w[strspn(w, "0123456789&")] == '>' || w[strspn(w, "0123456789")] == '<';
}

static bool is_assignment(const char *w)
{
	const char *eq = strchr(w, '=');
	return eq && eq != w && strcspn(w, "/") > (size_t)(eq - w);
}

/* Starts the command behind it. */
static bool is_wrapper(const char *w)
{
	return one_of(base(w), "env nohup nice ionice setsid exec command time timeout sudo chronic stdbuf "
			       "start-stop-daemon catchsegv flock runuser eatmydata systemd-cat chrt taskset");
}

static bool is_keyword(const char *w)
{
	return one_of(w, "if then else elif do while until !");
}

/* Says or changes something of the shell; what follows is no program. */
static bool is_builtin(const char *w)
{
	return one_of(w, "test [ [[ cd echo printf true false : export set unset exit return for case esac "
			 "fi done umask ulimit trap wait read shift local readonly eval alias function in");
}

static bool is_interpreter(const char *w)
{
	const char *b = base(w);

	return one_of(b, "sh bash dash zsh ksh ash fish perl ruby node nodejs php lua tclsh wish java mono wine "
			 "run-parts busybox pwsh . source") ||
	    strncmp(b, "python", 6) == 0;
}

static int add(struct autostart_words *w, struct arena *a, const char *text, bool script)
{
	if (w->n == AUTOSTART_PROGRAMS_MAX || !text[0])
		return 0;
	w->program[w->n] = arena_str(a, span_str(text));
	w->script[w->n] = script;
	return w->program[w->n] ? (w->n++, 0) : -ENOMEM;
}

static int parse(struct autostart_words *w, struct span command, bool shell, struct arena *a, int nest);

/* Behind an interpreter: "-c CODE", or options and a script. */
static int script(struct autostart_words *w, struct lexer *l, struct arena *a, int nest)
{
	enum token t;

	while ((t = next(l)) == TOKEN_WORD) {
		const char *s = buf_str(&l->word);
		if (s[0] == '-' && s[1] && strchr(s, 'c') && s[1] != '-') {
			if (next(l) != TOKEN_WORD)
				return 0;
			return nest < AUTOSTART_NEST_MAX ? parse(w, buf_span(&l->word), true, a, nest + 1) : 0;
		}
		if (s[0] != '-' || !s[1])
			return s[0] == '-' ? 0 : add(w, a, s, true);
		if (strcmp(s, "-m") == 0 || strcmp(s, "-e") == 0)
			return 0; /* a module, code */
	}
	return 0;
}

static int parse(struct autostart_words *w, struct span command, bool shell, struct arena *a, int nest)
{
	struct lexer l = { .rest = command, .shell = shell, .word = BUF_INIT(AUTOSTART_FILE_MAX) };
	bool start = true, wrapped = false;
	enum token t;
	int rc = 0;

	while (rc == 0 && (t = next(&l)) != TOKEN_END) {
		const char *s = buf_str(&l.word);
		if (t == TOKEN_OPERATOR) {
			start = true;
			wrapped = false;
		} else if (shell && !l.quoted && is_redirection(s)) {
			if (strchr("<>", s[strlen(s) - 1]))
				(void)next(&l);
		} else if (!start || is_assignment(s) || (shell && !l.quoted && is_keyword(s)) ||
		    (wrapped && (s[0] == '-' || strspn(s, "0123456789.smhd") == strlen(s)))) {
			continue;
		} else if (is_wrapper(s)) {
			wrapped = true;
		} else if (shell && !l.quoted && is_builtin(s)) {
			start = false;
		} else {
			start = false;
			bool interpreter = is_interpreter(s);
			if (strcmp(s, ".") != 0 && strcmp(s, "source") != 0)
				rc = add(w, a, s, false);
			if (rc == 0 && interpreter)
				rc = script(w, &l, a, nest);
		}
	}
	buf_free(&l.word);
	return rc;
}

int autostart_words(struct autostart_words *ret_w, struct span command, bool shell, struct arena *a)
{
	*ret_w = (struct autostart_words){ .n = 0 };
	return parse(ret_w, command, shell, a, 0);
}
