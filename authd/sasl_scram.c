/*
 * SASL SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, RFC 5802 and RFC 7677.  Here are
 * only their messages: a worker has the keys, tells salt and iterations, and
 * verifies the proof.  The client's last message, which IMAP has no place for,
 * is an empty one: AUTH_OK follows it.
 *
 * -PLUS binds the proof to the TLS connection: "c=" holds its binding, which
 * the client has proved with the rest, so a proof that somebody in between has
 * got is worth nothing on another connection.
 */
#include "common/compat.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "authd/sasl.h"
#include "common/b64.h"
#include "common/scram.h"

#define FIRST_MAX	1000	/* bytes of a client's first message */
#define CLIENT_NONCE	256
#define SERVER_NONCE	18	/* random bytes */

enum phase { SCRAM_FIRST, SCRAM_SALT, SCRAM_FINAL, SCRAM_OVER };

struct scram {
	enum phase	 phase;
	/* What "c=" must hold: gs2-header, channel binding. */
	uint8_t		 bound[FIRST_MAX + AUTH_ENDPOINT_MAX + 1];
	size_t		 nbound;
	char		 first[FIRST_MAX + 1];		/* ...-message-bare */
	char		 nonce[CLIENT_NONCE + SERVER_NONCE * 2 + 1];
	char		 server[512];			/* our last message */
};

/* NAME=value up to a comma or the end; what follows stays in *in. */
static int
attribute(struct str *in, char name, struct str *v)
{
	const char	*end;

	if (in->len < 2 || in->p[0] != name || in->p[1] != '=')
		return -1;
	*v = (struct str){ in->p + 2, in->len - 2 };
	*in = (struct str){ NULL, 0 };
	if (v->len > 0 && (end = memchr(v->p, ',', v->len)) != NULL) {
		*in = (struct str){ end + 1, v->len - (size_t)(end - v->p) -
		    1 };
		v->len = (size_t)(end - v->p);
	}
	return 0;
}

/* What follows the attributes that we know, RFC 5802 section 5.1: NAME=value,
 * which are proved and ignored, but for "m=", which must fail. */
static int
extensions(struct str in)
{
	struct str	v;
	char		c;

	while (in.p != NULL) {
		c = in.len > 0 ? in.p[0] : '\0';
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) ||
		    c == 'm' || attribute(&in, c, &v) == -1 || v.len == 0)
			return -1;
	}
	return 0;
}

/* Up to the next comma, which is passed over. */
static int
cut(struct str *in, struct str *part)
{
	const char	*comma = in->len == 0 ? NULL :
			    memchr(in->p, ',', in->len);

	if (comma == NULL)
		return -1;
	*part = (struct str){ in->p, (size_t)(comma - in->p) };
	*in = (struct str){ comma + 1, in->len - part->len - 1 };
	return 0;
}

/* saslname: =2C and =3D are a comma and an equals sign. */
static int
name_decode(struct str in, char dst[FIRST_MAX + 1], struct str *name)
{
	size_t	i, n = 0;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] != '=') {
			dst[n++] = in.p[i];
			continue;
		}
		if (in.len - i < 3 || in.p[i + 1] != (in.p[i + 2] == 'C' ?
		    '2' : '3') || (in.p[i + 2] != 'C' && in.p[i + 2] != 'D'))
			return -1;
		dst[n++] = in.p[i + 2] == 'C' ? ',' : '=';
		i += 2;
	}
	*name = (struct str){ dst, n };
	return 0;
}

static int
keep(char *dst, size_t size, struct str s)
{
	if (s.len >= size)
		return -1;
	if (s.len > 0)
		memcpy(dst, s.p, s.len);
	dst[s.len] = '\0';
	return 0;
}

static enum sasl_next
failed(struct sasl *s, enum sasl_next next, const char *why)
{
	s->why = why;
	return next;
}

/*
 * The gs2-cbind-flag, RFC 5802 section 6, of flag: SASL_MORE, and the binding
 * that the client uses, or how it ends.
 */
static enum sasl_next
binding_flag(struct sasl *s, struct str flag, struct str *binding)
{
	const struct sasl_binding *b = &s->binding;
	const struct {
		struct str	 name, data;
	} types[] = {
		{ STR("tls-exporter"), { (const char *)b->exporter,
		    b->nexporter } },
		{ STR("tls-server-end-point"), { (const char *)b->endpoint,
		    b->nendpoint } }
	};
	bool	 plus = s->mech == &sasl_scram_plus;
	size_t	 i;

	*binding = STR("");
	if (str_eq(flag, STR("n")) || str_eq(flag, STR("y"))) {
		if (plus)
			return failed(s, SASL_BAD, "no channel binding in a "
			    "mechanism with -PLUS");
		/* It has one, and believes that we have none: somebody has
		 * changed what we offer. */
		if (flag.p[0] == 'y' && sasl_can_bind(s))
			return failed(s, SASL_DENIED, "downgrade: the client "
			    "was not shown SCRAM-SHA-256-PLUS");
		return SASL_MORE;
	}
	if (!plus || flag.len < 3 || memcmp(flag.p, "p=", 2) != 0)
		return SASL_BAD;
	flag = (struct str){ flag.p + 2, flag.len - 2 };
	for (i = 0; i < nitems(types); i++)
		if (str_eq(flag, types[i].name) && types[i].data.len > 0) {
			*binding = types[i].data;
			return SASL_MORE;
		}
	return failed(s, SASL_DENIED, "unsupported channel binding type");
}

static enum sasl_next
scram_first(struct sasl *s, struct scram *c, struct str in)
{
	char		 raw[2][FIRST_MAX + 1];
	struct str	 bare, name, user, authzid = STR(""), flag, id, nonce;
	struct str	 binding;
	enum sasl_next	 next;
	size_t		 i, header;

	bare = in;
	if (in.len > FIRST_MAX || cut(&bare, &flag) == -1 ||
	    cut(&bare, &id) == -1)
		return SASL_BAD;
	if ((next = binding_flag(s, flag, &binding)) != SASL_MORE)
		return next;
	if (id.len > 0 && (attribute(&id, 'a', &name) == -1 ||
	    name_decode(name, raw[0], &authzid) == -1 || authzid.len == 0))
		return SASL_BAD;
	header = (size_t)(bare.p - in.p);
	memcpy(c->bound, in.p, header);
	if (binding.len > 0)
		memcpy(c->bound + header, binding.p, binding.len);
	c->nbound = header + binding.len;
	if (keep(c->first, sizeof(c->first), bare) == -1 ||
	    attribute(&bare, 'n', &name) == -1 ||
	    name_decode(name, raw[1], &user) == -1 ||
	    attribute(&bare, 'r', &nonce) == -1 || nonce.len == 0 ||
	    nonce.len > CLIENT_NONCE || extensions(bare) == -1)
		return SASL_BAD;
	for (i = 0; i < nonce.len; i++)
		if (nonce.p[i] < '!' || nonce.p[i] > '~')
			return SASL_BAD;
	if (authzid.len > 0 && !sasl_same_user(authzid, user))
		return SASL_DENIED;
	if (sasl_keep(&s->login, user, SASL_LOGIN_MAX) == -1 ||
	    keep(c->nonce, sizeof(c->nonce), nonce) == -1)
		return SASL_DENIED;
	c->phase = SCRAM_SALT;
	return SASL_ASK;
}

int
sasl_scram_salt(struct sasl *s, struct str salt, struct str *challenge)
{
	struct scram	*c = s->memory;
	uint8_t		 random[SERVER_NONCE];
	size_t		 n = strlen(c->nonce);
	int		 len;

	if (c->phase != SCRAM_SALT)
		return -1;
	/* A test has put the RFC's there. */
	if (s->nonce != NULL)
		strlcat(c->nonce, s->nonce, sizeof(c->nonce));
	else if (RAND_bytes(random, sizeof(random)) != 1 ||
	    b64_encode(random, sizeof(random), false, c->nonce + n,
	    sizeof(c->nonce) - n) == -1)
		return -1;
	len = snprintf(c->server, sizeof(c->server), "%c=%s,%.*s", 'r',
	    c->nonce, (int)salt.len, salt.p);
	if (len < 0 || (size_t)len >= sizeof(c->server))
		return -1;
	*challenge = str_from(c->server);
	c->phase = SCRAM_FINAL;
	return 0;
}

static enum sasl_next
scram_final(struct sasl *s, struct scram *c, struct str in)
{
	char		 want[FIRST_MAX * 2], *p;
	struct str	 rest, v, plain;
	uint8_t		 proof[SCRAM_KEY];
	size_t		 i, n, max;
	bool		 bound, ours;

	/* The proof is the last attribute, and all before it is proved. */
	for (i = in.len; i >= 3 && memcmp(in.p + i - 3, ",p=", 3) != 0; i--)
		continue;
	if (i < 3 || b64_decode((struct str){ in.p + i, in.len - i }, true,
	    proof, sizeof(proof)) != SCRAM_KEY)
		return SASL_BAD;
	rest = plain = (struct str){ in.p, i - 3 };
	if (b64_encode(c->bound, c->nbound, true, want, sizeof(want)) == -1 ||
	    attribute(&rest, 'c', &v) == -1)
		return SASL_BAD;
	bound = str_eq(v, str_from(want));
	if (attribute(&rest, 'r', &v) == -1)
		return SASL_BAD;
	ours = str_eq(v, str_from(c->nonce));
	if (extensions(rest) == -1)
		return SASL_BAD;
	if (!bound)
		return failed(s, SASL_DENIED, "channel binding: the proof is "
		    "of another TLS connection, or of another header");
	if (!ours)
		return failed(s, SASL_DENIED, "another exchange's nonce");
	max = SCRAM_KEY + strlen(c->first) + strlen(c->server) + plain.len +
	    3;
	if (max > SASL_PASSWORD_MAX || (p = malloc(max)) == NULL)
		return SASL_DENIED;
	memcpy(p, proof, SCRAM_KEY);
	n = (size_t)snprintf(p + SCRAM_KEY, max - SCRAM_KEY, "%s,%s,%.*s",
	    c->first, c->server, (int)plain.len, plain.p);
	s->password = p;
	s->password_len = SCRAM_KEY + n;
	c->phase = SCRAM_OVER;
	return SASL_DONE;
}

int
sasl_scram_signature(struct sasl *s, struct str signature,
    struct str *challenge)
{
	struct scram	*c = s->memory;

	if (c->phase != SCRAM_OVER)
		return -1;
	memcpy(c->server, (const char []){ 'v', '=' }, 2);
	if (b64_encode(signature.p, signature.len, true, c->server + 2,
	    sizeof(c->server) - 2) == -1)
		return -1;
	*challenge = str_from(c->server);
	return 0;
}

static enum sasl_next
scram_step(struct sasl *s, bool present, struct str in,
    struct str *challenge)
{
	struct scram	*c = s->memory;

	*challenge = STR("");
	if (!present)
		return s->steps == 1 ? SASL_MORE : SASL_BAD;
	if (c == NULL) {
		if ((c = calloc(1, sizeof(*c))) == NULL)
			return SASL_DENIED;
		s->memory = c;
		s->memory_size = sizeof(*c);
	}
	if (in.len == 0 || memchr(in.p, '\0', in.len) != NULL)
		return SASL_BAD;
	if (c->phase == SCRAM_FIRST)
		return scram_first(s, c, in);
	return c->phase == SCRAM_FINAL ? scram_final(s, c, in) : SASL_BAD;
}

const struct sasl_mech sasl_scram = {
	"SCRAM-SHA-256", SASL_PROOF, scram_step
};
const struct sasl_mech sasl_scram_plus = {
	"SCRAM-SHA-256-PLUS", SASL_PROOF, scram_step
};
