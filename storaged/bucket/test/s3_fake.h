/*
 * A small S3 inside a test: objects in memory on a loopback port, and a
 * script of failures.  Checks that each body has the SHA-256 that its header
 * says.  Only for unit tests.
 */
#ifndef STORAGED_S3_FAKE_H
#define STORAGED_S3_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#define S3_FAKE_STEPS	32	/* of a script */

struct event_base;
struct s3_fake;

enum fake_mode {
	FAKE_TRUE,		/* conditions hold */
	FAKE_IGNORES,		/* says 200 whatever the condition */
	FAKE_TWO_WIN,		/* two creates of a key win */
	FAKE_LOSES,		/* If-Match with the last ETag but one */
	FAKE_NO_LIST,		/* 403 for a missing key */
	FAKE_RACES_CREATE,	/* looks, and writes a moment later */
	FAKE_RACES_MATCH,
	FAKE_CUTS_RACED,	/* half of the reads of what the probe races */
	FAKE_CUTS_SOME,		/* one read of sixteen */
	FAKE_WEAK_GET,		/* GET's ETag is weak, PUT's and HEAD's are
				   not */
	FAKE_WEAK_HEAD,
	FAKE_NO_PUT_ETAG,
	FAKE_STALE_304,		/* says 304 to an ETag of long ago */
	FAKE_NO_304,
	FAKE_NO_RANGE,		/* gives the whole, with 200 */
	FAKE_NO_416,
	FAKE_LISTS_LATE,	/* a list shows nothing */
	FAKE_TEXT,		/* CR LF becomes LF on the way */
	FAKE_SIZE_ETAG,		/* the ETag is the length */
	FAKE_NO_DATE,
	FAKE_HANGS,		/* never answers what comes meanwhile */
	FAKE_501,		/* does not implement conditions */
	FAKE_OVERWRITES		/* says 412 to If-Match, and writes */
};

enum fake_act {
	FAKE_STATUS,		/* answers status, with code in the body */
	FAKE_BODY,		/* answers status, with text as the body */
	FAKE_CLOSE,		/* closes without an answer, does nothing */
	FAKE_LOST,		/* does it, then closes without an answer */
	FAKE_CUT,		/* half an answer, then closes */
	FAKE_CUT_HEAD,		/* text, part of an answer's head; closes */
	FAKE_SLOW,		/* answers rightly after number ms */
	FAKE_HUGE,		/* number bytes of body */
	FAKE_BAD_ETAG,		/* does it, but with another ETag */
	FAKE_NO_ETAG,
	FAKE_WHOLE		/* ignores Range */
};

struct fake_step {
	const char	*method;	/* of the request it waits for */
	enum fake_act	 act;
	int		 status;
	const char	*text;		/* code or body */
	long		 number;
	const char	*header, *value;
};

/*
 * Requests of the probe's steps that stay without a clear answer: of this
 * verb, for an object whose name begins with letter after its last slash,
 * with this header (NULL: with or without), after skip of them; n of them.
 */
struct fake_unsure {
	const char	*method;
	char		 letter;
	const char	*header;
	unsigned	 skip, n;
	bool		 done;		/* a PUT; it happens all the same, and
					   the connection is lost */
	bool		 alone;		/* the mode is for this letter only */
};

/* Listens on a free port of 127.0.0.1, served by base's loop; a failure ends
 * the test. */
struct s3_fake *s3_fake_new(struct event_base *base);
void	 s3_fake_free(struct s3_fake *f);
int	 s3_fake_port(const struct s3_fake *f);
/* From the next request on; FAKE_TRUE at first. */
void	 s3_fake_mode(struct s3_fake *f, enum fake_mode mode);
/*
 * Copied, but for the texts: at most S3_FAKE_STEPS.  Used up in order, each
 * by the first request with its method; replaces what was left.
 */
void	 s3_fake_script(struct s3_fake *f, const struct fake_step *steps,
	    unsigned n);
/* Answers all requests so, until NULL; step is borrowed. */
void	 s3_fake_always(struct s3_fake *f, const struct fake_step *step);
/* Copied; NULL: none.  Counts PUTs by letter from now on. */
void	 s3_fake_unsure(struct s3_fake *f, const struct fake_unsure *u);
unsigned s3_fake_puts(const struct s3_fake *f, char letter);
/*
 * Far away: what comes is held until nothing more has come for ms (0: not
 * any more), and answered together.  Each time is one wait of the client's;
 * counts them from now on.
 */
void	 s3_fake_far(struct s3_fake *f, unsigned ms);
unsigned s3_fake_waits(const struct s3_fake *f);
/* From the next s3_fake_far() on (borrowed; NULL: none any more): of the
 * requests of wait number at, the last PUT with text in its URI is answered
 * only by wait number until. */
void	 s3_fake_late(struct s3_fake *f, const char *text, unsigned at,
	    unsigned until);
unsigned s3_fake_connections(const struct s3_fake *f);	/* so far */
/* Is there an object of that name?  Its body, NUL-terminated, dies with it. */
const char *s3_fake_body(struct s3_fake *f, const char *name);
/* It was written so many seconds earlier. */
void	 s3_fake_age(struct s3_fake *f, const char *name, int seconds);
bool	 s3_fake_tagged(const struct s3_fake *f, const char *name);
unsigned s3_fake_left(const struct s3_fake *f);		/* of the script */
/* Requests so far with that method ("": all), and objects. */
unsigned s3_fake_count(const struct s3_fake *f, const char *method);
unsigned s3_fake_objects(const struct s3_fake *f);
unsigned s3_fake_bad(const struct s3_fake *f);	/* unsigned or wrong hash */

#endif
