/*
 * Pieces that several pages have: tables, lists of facts, fields of forms, and
 * members of the JSON that commands answer.  Captions, heads, labels and
 * classes are ours; what comes from elsewhere goes through html.h.
 */
#ifndef ADMIND_WEB_PART_H
#define ADMIND_WEB_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define PART_ROWS	200	/* of a table */

/* -- JSON: what is missing, null, or of another type is "", 0 or false -- */

/* false: it is none, has control characters, or does not fit. */
bool	 part_text(struct str object, const char *name, char *dst,
	    size_t size);
bool	 part_number(struct str object, const char *name, int64_t *n);
int64_t	 part_time(struct str object, const char *name);	/* Unix time */
bool	 part_true(struct str object, const char *name);
/* An array for json_element(); false: it is none, or empty. */
bool	 part_list(struct str object, const char *name, struct str *list);

/* -- tables; heads end with NULL, and those of numbers begin with '#' -- */

void	 part_table(struct buf *b, const char *caption,
	    const char *const *heads);
void	 part_table_end(struct buf *b);
/* <td> of a member, as html_json() has it. */
void	 part_cell(struct buf *b, struct str object, const char *name);
void	 part_cell_number(struct buf *b, struct str object, const char *name);
void	 part_cell_bytes(struct buf *b, struct str object, const char *name);
void	 part_cell_time(struct buf *b, struct str object, const char *name);
/* Those that are not shown, if n > 0. */
void	 part_more(struct buf *b, uint64_t n);

/* -- a list of facts: <dl>; the value is what is written in between -- */

void	 part_facts(struct buf *b);
void	 part_fact(struct buf *b, const char *name);
void	 part_fact_end(struct buf *b);
void	 part_facts_end(struct buf *b);

/* -- words -- */

/* In a colour, which never says more than the word does: class "ok", "warn" or
 * "bad". */
void	 part_status(struct buf *b, const char *class, const char *word);
/* "3 d 4 h", "12 s" */
void	 part_duration(struct buf *b, int64_t seconds);
/* "1.2 GiB of 10.0 GiB", by put(); or without a quota, "1.2 GiB" and boundless;
 * or unknown. */
void	 part_used(struct buf *b, struct str object, const char *used,
	    const char *quota, void (*put)(struct buf *, uint64_t),
	    const char *boundless, const char *unknown);
/* The time, and how far from now that is: "(in 3 d 4 h)"; 0: "never". */
void	 part_when(struct buf *b, int64_t t, int64_t now);
void	 part_paragraph(struct buf *b, const char *text);

/* -- forms: each in a paragraph; id is its name, too, if name is NULL -- */

struct part_field {
	const char	*id;
	const char	*name;
	const char	*label;
	const char	*type;
	const char	*complete;	/* autocomplete, or NULL */
	const char	*hint;		/* below it, or NULL */
	struct str	 value;
	bool		 required;
};
void	 part_field(struct buf *b, const struct part_field *f);
void	 part_button(struct buf *b, const char *class, const char *word);
/* One of several in a form, which sends name=value; about: what it is done to,
 * for who hears the word without its row. */
void	 part_choice(struct buf *b, const char *word, const char *name,
	    struct str value, const char *about, struct str whose);

#endif
