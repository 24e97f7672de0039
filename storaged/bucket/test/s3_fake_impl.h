/* Between the files of the fake S3 (s3_fake.h): its objects and verbs, and the
 * script of what goes wrong. */
#ifndef STORAGED_S3_FAKE_IMPL_H
#define STORAGED_S3_FAKE_IMPL_H

#include "common/compat.h"

#include <event2/event.h>
#include <event2/http.h>

#include "storaged/bucket/test/s3_fake.h"

struct s3_object {
	TAILQ_ENTRY(s3_object) entry;	/* in the order of the names */
	char		*name;
	uint8_t		*data;
	size_t		 len;
	char		 etag[40], before[40];
	int		 creates;
	time_t		 modified;
	bool		 tagged;
};

#define VERBS	6

struct s3_fake {
	struct event_base *base;
	struct evhttp	*http;
	int		 port;
	enum fake_mode	 mode;
	TAILQ_HEAD(, s3_object) objects;
	struct fake_step steps[S3_FAKE_STEPS];
	unsigned	 nsteps;
	const struct fake_step *always;
	struct { char method[8]; unsigned n; } counts[VERBS];
	unsigned	 bad;
	unsigned	 serial;
	unsigned	 gets;
	unsigned	 connections;
	struct fake_unsure unsure;
	struct fake_far	*far;		/* NULL: near by */
	const char	*late;		/* when it is next far away */
	unsigned	 late_at, late_until;
	unsigned	 puts[UINT8_MAX + 1];	/* by letter */
	bool		 checked;	/* do_put(): the condition was */
};

extern bool fake_dateless;		/* FAKE_NO_DATE */
extern const char fake_half[];		/* an answer that is cut */

/* s3_fake_verb.c */
const char *fake_method(struct evhttp_request *r);
struct s3_object *fake_find(struct s3_fake *f, const char *name);
/* With an error's code (or NULL: with text), and closing after half an answer
 * (or none: NULL). */
void	 fake_answer(struct evhttp_request *r, int status, const char *code,
	    const char *text, size_t len);
void	 fake_shut(struct evhttp_request *r, const char *half);
/* Of the request; NULL: it has none. */
const char *fake_header(struct evhttp_request *r, const char *name);
/* What the object's name begins with after its last slash. */
uint8_t	 fake_letter(struct evhttp_request *r);
/* 0, or the status that the condition asks for. */
int	 fake_refused(struct s3_fake *f, struct evhttp_request *r,
	    struct s3_object *o);
/* Of "/bucket/name?query". */
void	 fake_name(struct evhttp_request *r, char *name, size_t size);
void	 fake_request(struct s3_fake *f, struct evhttp_request *r,
	    const struct fake_step *s);
void	 fake_remove(struct s3_fake *f, struct s3_object *o);

#endif
