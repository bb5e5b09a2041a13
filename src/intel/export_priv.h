/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* export_priv: what the writers of export.c share. */

#include "base/map.h"
#include "intel/export.h"
#include "wire/json.h"

#define EXPORT_TYPE(t) (1u << (t))
#define EXPORT_ARENA_MAX (1u << 30)

struct export;

/* A value that is to be acted on. */
struct export_entry {
	enum indicator_type type;
	const char *value;
	/* DOMAIN: is it meant, are names below it? As an exception: is it still to be blocked? */
	bool self, below;
	int confidence;
	ts until; /* when the last claim ends; TS_FOREVER */
};

struct export_writer {
	const char *name;
	bool record, block, folder;
	bool tree;	/* a name covers those below it */
	bool expires;	/* what ends does so by itself */
	uint32_t types; /* that it can say */
	int (*begin)(struct export *x);
	int (*claim)(struct export *x, const struct indicator *i);    /* record */
	int (*entry)(struct export *x, const struct export_entry *e); /* not record */
	/* What is ordinary below or inside of an entry. */
	int (*pass)(struct export *x, const struct export_entry *e);
	int (*end)(struct export *x);
};

extern const struct export_writer export_csv, export_stix, export_rpz, export_unbound,
    export_dnsdist, export_hosts, export_nftables, export_suricata, export_yara, export_osquery;

struct export
{
	const struct shelf *s;
	const struct export_query *q;
	const struct export_writer *w;
	struct export_result r;
	FILE *(*file)(void *ctx, const char *name, struct fault *f);
	void *ctx;
	struct fault *f;
	FILE *out;
	struct arena arena;
	struct map
	    made;  /* STIX: ids of objects that are out; else: values of the overlay that are */
	void *own; /* the writer's, in the arena */
	/* The value before, of which more claims may come. */
	enum indicator_type last_type;
	char last[INDICATOR_VALUE_MAX + 1];
	bool last_wanted;
};

void export_wrote(struct export *x, enum indicator_type t);
void export_leave(struct export *x, enum export_left why);
/* A comment that says by when to write it again, if anything in it ends. */
void export_note_end(struct export *x, const char *comment);
FB_MUST int export_open(struct export *x, const char *name, FILE **ret);

/* Networks and addresses, kept until the end. */
struct export_net {
	uint8_t b[16];
	uint8_t prefix, family; /* 4, 6 */
	ts until;
};
struct export_nets {
	struct export_net *e;
	size_t n, cap;
};
/* "192.0.2.0/24", "2001:db8::1": false when it is neither. */
bool export_net_of(const char *value, struct export_net *ret);
static inline bool export_net_is_host(const struct export_net *n)
{
	return n->prefix == (n->family == 4 ? 32 : 128);
}
FB_MUST int export_nets_add(struct export *x, struct export_nets *n, const struct export_net *e);
/* In order, without those inside of others; returns how many those were. */
size_t export_nets_sort(struct export_nets *n);
/* As text, with its prefix when it is a network. */
#define EXPORT_NET_TEXT 64
char *export_net_text(const struct export_net *n, char out[static EXPORT_NET_TEXT]);
