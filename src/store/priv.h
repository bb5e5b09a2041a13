/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* priv: what the files of this room share about an open store. */

#include "base/buf.h"
#include "crypto/key.h"
#include "crypto/merkle.h"
#include "crypto/note.h"
#include "store/db.h"
#include "store/ledger.h"
#include "store/store.h"

#define STORE_DB "firebreak.db"
#define STORE_APPLICATION_ID 0x46425245 /* "FBRE", for file(1) and for refusing other databases */
#define STORE_STMTS 24
#define STORE_ORIGIN "firebreak.local/ledger/" /* + the first 16 hex digits of key_id */
#define STORE_ORIGIN_MAX 64

/* The end of the ledger, where entries are added. */
struct ledger_head {
	bool loaded;
	bool dirty;      /* entries were added: commit signs a checkpoint */
	int64_t version; /* of the database when loaded (PRAGMA data_version) */
	uint64_t first;  /* seq of the first entry of this transaction */
	struct merkle_edge tree;
};

/* Two sibling hashes that are known to be under a signed root. */
struct known_pair {
	bool set;
	uint64_t parent; /* index of their parent, one level up */
	struct mhash h[2];
};

struct store {
	char *dir;    /* absolute, without symlinks */
	char *dbpath; /* dir/firebreak.db */
	int dirfd;
	unsigned flags;
	bool in_tx;
	int tx_rc; /* a write in this transaction failed half way: it cannot be committed */
	sqlite3 *db;
	struct {
		sqlite3_stmt *st;
		bool busy;
		unsigned used; /* for throwing out the oldest */
	} stmt[STORE_STMTS];
	unsigned stmt_clock;
	struct key *key;               /* private when opened for writing, else public */
	char origin[STORE_ORIGIN_MAX]; /* of the checkpoints */
	struct ledger_head head;
	struct buf note; /* the checkpoint that this transaction signed */
	struct known_pair known[64]; /* by level */
	struct merkle_edge whole;    /* the entries that whole.c has looked at */
};

/* dir.c: s->dir, s->dirfd. A directory that may hold, or become, the state. */
FB_MUST int store_dir_open(struct store *s, const char *dir, struct fault *f);
/* Waits for the lock that covers creating, migrating and sweeping; closing the fd releases it. */
FB_MUST int store_dir_lock(struct store *s, int *ret_fd, struct fault *f);

/* schema.c: may this database be read, or written to? Changes nothing. */
FB_MUST int schema_check(struct store *s, struct fault *f);
FB_MUST int schema_check_writable(struct store *s, struct fault *f);
/* Brings the record to STORE_SCHEMA, making it (with its key) when it is empty. */
FB_MUST int schema_upgrade(struct store *s, struct fault *f);
/* The statements that make an empty database a current one, into db. */
FB_MUST int schema_apply(sqlite3 *db, int from);

/* keys.c */
enum keys_state { KEYS_NONE = 0, KEYS_UNFINISHED, KEYS_READY };
FB_MUST int keys_look(struct store *s, enum keys_state *ret, struct fault *f);
FB_MUST int keys_make(struct store *s, struct fault *f);   /* unfinished until keys_settle */
FB_MUST int keys_settle(struct store *s, struct fault *f); /* the record that they sign is there */
FB_MUST int keys_load(struct store *s, struct fault *f);
/* 1, with a fault, when ledger.vkey is not the public half of ledger.key. */
FB_MUST int keys_compare(struct store *s, struct fault *f);

/* blob.c */
FB_MUST int blobs_prepare(struct store *s, struct fault *f);

/* head.c: 1 with the newest checkpoint that was noted beside the key, 0 when there is none of use,
 * -ENOMEM. Read it before the database: then it cannot be ahead of an honest one. */
FB_MUST int head_read(struct store *s, struct checkpoint *ret_c);
void head_write(struct store *s, struct span note);
/* -EUCLEAN when the database has fewer entries than were seen. */
FB_MUST int head_check(struct store *s, const struct checkpoint *seen, uint64_t size,
    struct fault *f);

/* entry.c: an entry's canonical bytes. */
#define ENTRY_ARENA_MAX (160u << 20) /* enough to read the largest entry */
FB_MUST int entry_write(struct buf *out, const struct ledger_new *e, uint64_t seq, uint64_t batch,
    struct fault *f);
/* Strings and data live in the arena and in body. -EBADMSG with a fault that does not say which. */
FB_MUST int entry_read(struct ledger_entry *ret_e, struct span body, struct arena *a,
    struct fault *f);

/* ledger.c: a row (seq, kind, subject, at, body, leaf) against its body. */
#define ENTRY_COLUMNS "seq, kind, subject, at, body, leaf"
struct entry_row {
	uint64_t seq;
	struct span kind, subject, body, leaf;
	ts at;
};
struct entry_row entry_row(struct db_q *q);
/* The name of the first column that says something else than e; NULL when all agree. */
const char *entry_row_differs(const struct entry_row *r, const struct ledger_entry *e);

/* As ledger_checkpoint and ledger_checkpoint_at, and what the note says. */
FB_MUST int ledger_note_newest(struct store *s, struct buf *out, struct checkpoint *ret_c,
    struct fault *f);
FB_MUST int ledger_note_at(struct store *s, uint64_t size, struct buf *out,
    struct checkpoint *ret_c, struct fault *f);

/* tree.c: tree_get is the merkle_get_fn of the nodes that are kept; ctx is a tree_io. */
struct tree_io {
	struct store *s;
	struct fault *f;
};
FB_MUST int tree_get(void *ctx, unsigned level, uint64_t idx, struct mhash *ret);
/* s->head, as the newest signed checkpoint has it. -EUCLEAN when it does not. */
FB_MUST int tree_load(struct store *s, struct fault *f);
/* Is this the leaf hash at seq in that tree? After tree_load; seq < its size. -EBADMSG: it is not. */
FB_MUST int tree_proves(struct store *s, uint64_t seq, const struct mhash *leaf, struct fault *f);
FB_MUST int tree_add(struct store *s, const struct mhash *leaf, struct fault *f);
/* Signs and keeps a checkpoint of s->head. Inside a transaction. */
FB_MUST int tree_seal(struct store *s, struct fault *f);

/* whole.c: tree_load, and that no entry is hidden from a query: -EBADMSG. Once for each entry. */
FB_MUST int ledger_whole(struct store *s, struct fault *f);
