/*
 * The configuration: pail.yaml(5) read, checked and kept as items; the part
 * that a daemon receives is its slice.  Only paild and pailctl read it.
 */
#ifndef PAILD_CONF_H
#define PAILD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_setup.h"
#include "paild/conf_key.h"
#include "paild/tree.h"

#define CONF_DEFAULT_FILE	"/etc/pail.yaml"
#define CONF_ERRORS_MAX		100
#define CONF_PATH_MAX		128	/* of a key's path, with NUL */

struct conf_item {
	const struct conf_key	*key;
	char			*path;		/* "auth.0.path" */
	char			*value;		/* normalised, NUL-terminated */
	size_t			 len;
	char			*written;	/* the path, as in the file */
	struct tree_mark	 at;		/* of the value; 0: a default */
	struct tree_mark	 name_at;
	bool			 inside;	/* a secret in this file */
	bool			 copied;	/* of its shorter form */
	bool			 bad;		/* an error was reported */
	bool			 forgotten;	/* a secret that was wiped */
};

struct conf_error {
	struct tree_mark	 at;
	bool			 warning;	/* not an error */
	char			*text;
};

struct conf {
	char			*file;
	char			*base;		/* directory of the file */
	bool			 no_secrets;	/* they were not read */
	bool			 bad_url;	/* store.url: it says nothing */
	struct conf_item	*items;
	size_t			 n, size;
	struct conf_error	*errors;	/* sorted by place */
	size_t			 nerrors;
	size_t			 nwarnings;	/* of them */
	char			**vars;		/* that say something */
	size_t			 nvars;
};

/*
 * Reads and checks file, with what variables of the environment say in its
 * place (conf_env.h); CONF_DEFAULT_FILE may be missing if there are any.
 * Returns the configuration, never NULL, with all its errors; see conf_ok().
 * no_secrets: skip what pailctl may not read (secrets, certificates and keys).
 */
struct conf *conf_load(const char *file, bool no_secrets);
/* The same from memory; file is used in messages and for relative paths. */
struct conf *conf_load_text(const char *file, const void *text, size_t len,
	    bool no_secrets);
/* Reads the password files; adds a warning for each invalid line. */
void	 conf_users(struct conf *c);
void	 conf_free(struct conf *c);		/* wipes; NULL is fine */
bool	 conf_ok(const struct conf *c);		/* only warnings */
/* Prints "PLACE: text" for each to stderr. */
void	 conf_print_errors(const struct conf *c);
/* The first that is no warning, in one line; "": there is none. */
void	 conf_first_error(const struct conf *c, char *dst, size_t size);

/* Where it is: "/etc/pail.yaml:3:1", or the variable "PAIL_LISTEN". */
void	 conf_place(const struct conf *c, struct tree_mark at, char *dst,
	    size_t size);

/* NULL: not set and without a default, or invalid. */
const struct conf_item *conf_item(const struct conf *c, const char *path);
/* Written in the file (a default is not), good or bad; or NULL. */
const struct conf_item *conf_written(const struct conf *c, const char *path);
const char *conf_str(const struct conf *c, const char *path);
uint64_t conf_num(const struct conf *c, const char *path);	/* 0 for NULL */
/* The value at the path given by fmt; NULL as above. */
const char *conf_at(const struct conf *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Does a value of "listen" begin with protocol? */
bool	 conf_listens(const struct conf *c, const char *protocol);
/* How many processes: processes.imapd and the other keys of that map. */
uint32_t conf_processes(const struct conf *c, enum proc_kind kind);

/*
 * A daemon has its slice: the secrets in it, and those that no daemon is given
 * as they are, are wiped from c.  And before its next one: they are read anew,
 * with the configuration file; -1 with the reason in why if they cannot be.
 */
void	 conf_forget(struct conf *c, enum proc_kind kind);
int	 conf_recall(struct conf *c, enum proc_kind kind, char *why,
	    size_t size);

/* Internal to the configuration code. */
void	 conf_error(struct conf *c, struct tree_mark at, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	 conf_warning(struct conf *c, struct tree_mark at, const char *fmt,
	    ...) __attribute__((format(printf, 3, 4)));
/*
 * store.url: adds to the tree what the line says, as if it had been written key
 * by key, so that everything is checked as usual.  A key that is also written
 * must say the same.  Messages never show the line, which may hold a secret.
 */
void	 conf_url(struct conf *c, struct tree_node *root);
/*
 * Puts what variables of the environment say in the tree, in the place of what
 * the file does.  conf_env_any(): are there any whose name begins with PAIL_,
 * but for those that Kubernetes makes of a service with the name pail?
 */
void	 conf_env(struct conf *c, struct tree_node *root);
bool	 conf_env_any(void);
/* Marks of variables are lines from here on. */
#define CONF_PLACE_ENV	(1U << 30)
/* The mark of one more variable. */
struct tree_mark conf_place_add(struct conf *c, const char *name);
/* Its name; NULL: the mark is of the file.  The configuration's. */
const char *conf_place_name(const struct conf *c, struct tree_mark at);
/* "line 3", or "PAIL_LISTEN"; overwritten by the next call. */
const char *conf_place_line(const struct conf *c, struct tree_mark at);
void	 conf_walk(struct conf *c, const struct tree_node *root);
void	 conf_check(struct conf *c);		/* conf_check.c */
void	 conf_secure(struct conf *c);		/* conf_secure.c */

#endif
