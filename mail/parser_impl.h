/* Shared by parser.c (lines and parts) and parser_field.c (fields). */
#ifndef MAIL_PARSER_IMPL_H
#define MAIL_PARSER_IMPL_H

#include "common/arena.h"
#include "mail/decode.h"
#include "mail/envelope.h"
#include "mail/parser.h"

#define LINE_MAX_HELD	1024	/* longer lines are no boundaries */
#define BOUNDARY_MAX	250	/* RFC 2046 says 70 */
#define BUCKETS		256	/* of boundaries */
#define FIELD_NAME_MAX	40	/* the fields we read have shorter names */
#define FIELD_MAX	(64 * 1024)	/* of one unfolded value */
#define STRINGS_MAX	(192 * 1024)	/* of all parts' strings */
#define PREVIEW_TEXT	4096	/* decoded octets looked at */
#define PREVIEW_HTML	(32 * 1024)

enum parse_state {
	PARSE_HEADER,		/* of the newest part */
	PARSE_BODY,		/* of the newest part, a leaf */
	PARSE_SKIP		/* preamble, epilogue, parts not recorded */
};

struct level {
	uint32_t	 part;
	uint64_t	 lines0;	/* line feeds before its body */
	uint64_t	 hash;		/* of the boundary */
	uint16_t	 blen;		/* 0: none is active */
	uint16_t	 full;		/* with the spaces at its end */
	uint8_t		 next;		/* of its bucket, + 1; 0: the last */
	bool		 digest;	/* multipart/digest */
	char		 boundary[BOUNDARY_MAX];
};

/* The values of the part's header that is being read. */
struct header_values {
	struct str	 content[8];	/* enum content_field, on the arena */
	struct envelope_values env;	/* on values_arena */
	struct str	 references;
};
enum content_field {
	CF_TYPE, CF_ENCODING, CF_ID, CF_DESCRIPTION, CF_MD5, CF_DISPOSITION,
	CF_LANGUAGE, CF_LOCATION
};

struct mail_parser {
	struct mail_tree tree;
	size_t		 room;		/* of tree.v */
	struct arena	*strings;	/* what parts point to */
	struct arena	*values;	/* of the current header */
	struct arena	*top;		/* of the root's header */
	bool		 failed;	/* no memory */
	bool		 finished;

	enum parse_state state;
	struct level	*levels;	/* MAIL_DEPTH_MAX + 1 open parts */
	size_t		 nlevels;
	/* Active boundaries by their hash: level + 1 of the innermost. */
	uint8_t		 buckets[BUCKETS];

	uint64_t	 offset;	/* of the next octet */
	uint64_t	 line_off;	/* of the current line */
	uint64_t	 feeds;		/* line feeds before the current line */
	uint8_t		 term;		/* octets of the last line's end */
	uint8_t		 last;		/* the last octet seen */
	bool		 midline;
	size_t		 held;
	uint8_t		 line[LINE_MAX_HELD];

	/* the header that is being read */
	bool		 first_line;
	int		 field;		/* known field number, -1: none */
	struct buf	 value;		/* unfolded so far */
	bool		 value_cut;	/* at FIELD_MAX */
	/* of fields that are joined: all values so far */
	struct buf	 joined[ENV_FIELDS];
	struct header_values hv;
	struct header_values root;

	/* the leaf that is being read */
	struct decoder	 decoder;
	uint8_t		 pend[2];	/* a line's end held back */
	uint8_t		 npend;
	struct buf	*capture;	/* preview text goes here */
	struct parser_texts *texts;	/* mail_parser_sink(); or NULL */
	size_t		 capture_max;

	struct buf	 header;	/* the root's header */
	struct buf	 text, html;	/* decoded beginnings */
	int		 text_part, html_part;	/* -1: none */
};

/* parser_field.c: the lines of a header; values of known fields are kept. */
void	 field_line(struct mail_parser *p, const uint8_t *data, size_t len,
	    bool start);
void	 field_end(struct mail_parser *p);
void	 field_reset(struct mail_parser *p);	/* a new header begins */
bool	 field_looks(const uint8_t *data, size_t len);
/* Whole fields, none of which is read here. */
bool	 field_prefix(struct str s);
/* The header is complete: fills in the part, and sets the boundary of the
 * level. */
void	 field_apply(struct mail_parser *p, struct mail_part *part,
	    bool digest_default, struct level *level);
/* parser_leaf.c: the body of the newest part, a leaf. */
void	 leaf_begin(struct mail_parser *p);
/* A piece of a line, len > 0. */
void	 leaf_line(struct mail_parser *p, const uint8_t *data, size_t len);
/* with_term: the last line end belongs to the body. */
void	 leaf_end(struct mail_parser *p, bool with_term);
void	 leaf_free(struct mail_parser *p);
/* digest_encode.c; prefix is as mail_parser_finish_prefixed() wants it. */
int	 digest_make(const struct mail_parser *p, struct str prefix,
	    struct buf *out);

#endif
