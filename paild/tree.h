/*
 * Reads YAML into a tree whose nodes know their position in the file.
 * Deliberately a small subset of YAML: one document, maps with scalar keys,
 * sequences, scalars; no anchors, aliases, tags or merge keys.
 */
#ifndef PAILD_TREE_H
#define PAILD_TREE_H

#include <stddef.h>

#define TREE_FILE_MAX	(1024 * 1024)	/* bytes of one file */
#define TREE_DEPTH_MAX	16
#define TREE_NODES_MAX	20000

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_mark {
	unsigned	 line;		/* from 1 */
	unsigned	 column;	/* from 1, in characters */
};

struct tree_node {
	enum tree_kind		 kind;
	struct tree_mark	 at;
	char			*name;	/* in a map: the key; else NULL */
	struct tree_mark	 name_at;
	char			*value;	/* scalar; no NUL inside */
	size_t			 len;
	int			 plain;	/* scalar: written without quotes */
	struct tree_node	*child;	/* first child, in the file's order */
	struct tree_node	*last;
	struct tree_node	*next;
	size_t			 n;	/* children */
};

/*
 * Reads len bytes, without a BOM at their beginning.  Returns the tree, or NULL
 * with the position and the reason; an empty document is an error, too.  Free
 * it with tree_free(), which wipes it.
 */
struct tree_node *tree_read(const void *text, size_t len,
	    struct tree_mark *at, char *why, size_t size);
/* One more node at the end of a map (with that name) or list (NULL), empty, and
 * in the place of as. */
struct tree_node *tree_add(struct tree_node *up, enum tree_kind kind,
	    const char *name, const struct tree_node *as);
/* Removes the children and the value of n. */
void	 tree_empty(struct tree_node *n);
/* Moves what sub consists of into the empty n, which keeps its name; frees
 * sub. */
void	 tree_move(struct tree_node *n, struct tree_node *sub);
void	 tree_free(struct tree_node *n);	/* NULL is fine */

#endif
