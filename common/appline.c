/*
 * App passwords and their lines.  Must never leave a secret behind, nor take
 * for one what a user has chosen: only what was made here is hashed so quickly.
 */
#include "common/compat.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/appline.h"
#include "common/b64.h"
#include "common/log.h"

static const char	alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

enum { F_ID, F_NAME, F_SCOPE, F_CREATED, F_EXPIRES, F_USED, F_SALT, F_HASH,
    FIELDS };

static const struct {
	const char	*word;
	uint32_t	 bit;
} scopes_table[] = {
#define X(word, bit, doc)	{ #word, APP_SCOPE_##word },
	APP_SCOPES(X)
#undef X
};

bool
app_name_valid(const char *name)
{
	size_t	i, n = strlen(name);

	for (i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return n > 0 && n <= APP_NAME_MAX;
}

uint32_t
app_scopes(struct str words)
{
	const char	*comma;
	struct str	 word;
	uint32_t	 scopes = 0;
	size_t		 i;

	while (words.len > 0) {
		comma = memchr(words.p, ',', words.len);
		word = (struct str){ words.p, comma == NULL ? words.len :
		    (size_t)(comma - words.p) };
		for (i = 0; i < nitems(scopes_table); i++)
			if (str_eq(word, str_from(scopes_table[i].word)))
				break;
		if (i == nitems(scopes_table))
			return 0;
		scopes |= scopes_table[i].bit;
		i = word.len + (comma != NULL);
		if (comma != NULL && i == words.len)
			return 0;	/* a comma at the end */
		words = (struct str){ words.p + i, words.len - i };
	}
	return scopes;
}

void
app_scopes_print(uint32_t scopes, char *dst, size_t size)
{
	size_t	i;

	dst[0] = '\0';
	for (i = 0; i < nitems(scopes_table); i++)
		if (scopes & scopes_table[i].bit) {
			if (dst[0] != '\0')
				strlcat(dst, ",", size);
			strlcat(dst, scopes_table[i].word, size);
		}
}

/* 0 is a digit. */
static const char *const times[] = {
	[APP_TIME] = "0000-00-00T00:00:00Z",
	[APP_TIME_DAY] = "0000-00-00",
	[APP_TIME_LINE] = "00000000T000000Z"
};

void
app_time_print(int64_t t, enum app_time form, char *dst, size_t size)
{
	struct tm	tm;
	time_t		tt = (time_t)t;

	size_t		n = 0;

	if (t != 0 && gmtime_r(&tt, &tm) != NULL)
		switch (form) {
		case APP_TIME:
			n = strftime(dst, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
			break;
		case APP_TIME_DAY:
			n = strftime(dst, size, "%Y-%m-%d", &tm);
			break;
		case APP_TIME_LINE:
			n = strftime(dst, size, "%Y%m%dT%H%M%SZ", &tm);
			break;
		}
	if (n == 0)
		strlcpy(dst, "-", size);
}

/* The digits of text, if it looks like that. */
static bool
digits_of(struct str text, const char *like, char dst[15])
{
	size_t	i, n = 0;

	if (text.len != strlen(like))
		return false;
	for (i = 0; i < text.len; i++) {
		if (like[i] != '0' && text.p[i] != like[i])
			return false;
		if (like[i] != '0')
			continue;
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		dst[n++] = text.p[i];
	}
	while (n < 14)
		dst[n++] = '0';
	dst[14] = '\0';
	return true;
}

int
app_time_parse(struct str text, int64_t *t)
{
	struct tm	tm = { 0 };
	char		d[15];
	size_t		i;
	int		x[6];

	*t = 0;
	if (str_eq(text, STR("-")))
		return 0;
	for (i = 0; i < nitems(times); i++)
		if (digits_of(text, times[i], d))
			break;
	if (i == nitems(times))
		return -1;
	x[0] = (d[0] - '0') * 1000 + (d[1] - '0') * 100;
	for (i = 0; i < 6; i++)
		x[i] = (i == 0 ? x[0] : 0) + (d[2 + 2 * i] - '0') * 10 +
		    d[3 + 2 * i] - '0';
	tm.tm_year = x[0] - 1900;
	tm.tm_mon = x[1] - 1;
	tm.tm_mday = x[2];
	tm.tm_hour = x[3];
	tm.tm_min = x[4];
	tm.tm_sec = x[5];
	*t = (int64_t)timegm(&tm);
	/* The 31st of June is none, and is another day for timegm(3). */
	return *t > 0 && tm.tm_mday == x[2] && tm.tm_mon == x[1] - 1 &&
	    tm.tm_hour == x[3] && tm.tm_min == x[4] && tm.tm_sec == x[5] ? 0 :
	    -1;
}

/* Of a name: what a line cannot hold, and the sign itself, become %XX. */
static void
name_print(const char *name, struct buf *b)
{
	for (; *name != '\0'; name++)
		if (*name > ' ' && *name <= '~' && *name != ':' &&
		    *name != '%')
			buf_put_u8(b, (uint8_t)*name);
		else
			buf_printf(b, "%%%02X", (unsigned)(unsigned char)*name);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
name_parse(struct str in, char dst[APP_NAME_MAX + 1])
{
	size_t	i, n = 0;
	int	hi, lo;

	for (i = 0; i < in.len; i++) {
		if (n == APP_NAME_MAX)
			return -1;
		if (in.p[i] != '%') {
			dst[n++] = in.p[i];
			continue;
		}
		if (in.len - i < 3 || (hi = hex(in.p[i + 1])) == -1 ||
		    (lo = hex(in.p[i + 2])) == -1)
			return -1;
		dst[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	dst[n] = '\0';
	return strlen(dst) == n && app_name_valid(dst) ? 0 : -1;
}

static int
id_parse(struct str in, char dst[APP_ID + 1])
{
	size_t	i;

	if (in.len != APP_ID)
		return -1;
	for (i = 0; i < in.len; i++)
		if (strchr("0123456789abcdef", in.p[i]) == NULL)
			return -1;
	memcpy(dst, in.p, in.len);
	dst[in.len] = '\0';
	return 0;
}

/* Which field is not what it should be; NULL: none. */
static const char *
fields_parse(const struct str f[FIELDS], struct app_password *p)
{
	if (id_parse(f[F_ID], p->id) == -1)
		return "id";
	if (name_parse(f[F_NAME], p->name) == -1)
		return "name";
	if ((p->scopes = app_scopes(f[F_SCOPE])) == 0)
		return "scope";
	if (app_time_parse(f[F_CREATED], &p->created) == -1)
		return "created";
	if (app_time_parse(f[F_EXPIRES], &p->expires) == -1)
		return "expires";
	if (app_time_parse(f[F_USED], &p->used) == -1)
		return "used";
	if (b64_decode(f[F_SALT], true, p->salt, APP_SALT) != APP_SALT)
		return "salt";
	if (b64_decode(f[F_HASH], true, p->hash, APP_HASH) != APP_HASH)
		return "hash";
	return NULL;
}

enum userline
app_line_parse(const char *line, size_t len, struct app_password *p,
    char *why, size_t size)
{
	struct str	 rest, f[FIELDS];
	const char	*colon, *bad;
	enum userline	 r;
	size_t		 i;

	memset(p, 0, sizeof(*p));
	r = userline_parse(line, len, p->user, sizeof(p->user), &rest, why,
	    size);
	if (r != USERLINE_USER)
		return r;
	for (i = 0; i < FIELDS; i++) {
		colon = rest.len == 0 ? NULL : memchr(rest.p, ':', rest.len);
		if ((colon == NULL) != (i == FIELDS - 1)) {
			snprintf(why, size, "not nine fields");
			return USERLINE_BAD;
		}
		f[i] = rest;
		if (colon != NULL) {
			f[i].len = (size_t)(colon - rest.p);
			rest.len -= f[i].len + 1;
			rest.p = colon + 1;
		}
	}
	if ((bad = fields_parse(f, p)) != NULL) {
		snprintf(why, size, "invalid field \"%s\"", bad);
		return USERLINE_BAD;
	}
	return USERLINE_USER;
}

void
app_line_print(const struct app_password *p, struct buf *b)
{
	char	created[24], expires[24], used[24], scopes[64], salt[32],
		hash[64];

	app_time_print(p->created, APP_TIME_LINE, created, sizeof(created));
	app_time_print(p->expires, APP_TIME_LINE, expires, sizeof(expires));
	app_time_print(p->used, APP_TIME_DAY, used, sizeof(used));
	app_scopes_print(p->scopes, scopes, sizeof(scopes));
	if (b64_encode(p->salt, APP_SALT, true, salt, sizeof(salt)) == -1 ||
	    b64_encode(p->hash, APP_HASH, true, hash, sizeof(hash)) == -1)
		fatalx("base64");
	buf_printf(b, "%s:%s:", p->user, p->id);
	name_print(p->name, b);
	buf_printf(b, ":%s:%s:%s:%s:%s:%s\n", scopes, created, expires, used,
	    salt, hash);
}

int
app_text_make(char dst[APP_TEXT + 1])
{
	uint8_t	random[APP_SECRET];
	size_t	i, n = 0;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -1;
	for (i = 0; i < APP_SECRET; i++) {
		if (i > 0 && i % 4 == 0)
			dst[n++] = '-';
		dst[n++] = alphabet[random[i] % 32];
	}
	dst[n] = '\0';
	explicit_bzero(random, sizeof(random));
	return 0;
}

int
app_text_parse(struct str typed, char secret[APP_SECRET + 1])
{
	size_t	i, n = 0;
	char	c;

	for (i = 0; i < typed.len; i++) {
		c = typed.p[i];
		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (n == APP_SECRET || c == '\0' ||
		    strchr(alphabet, c) == NULL) {
			explicit_bzero(secret, n);
			return -1;
		}
		secret[n++] = c;
	}
	secret[n] = '\0';
	return n == APP_SECRET ? 0 : -1;
}

/*
 * One HMAC, not a slow hash: a slow one makes up for passwords that people
 * choose, of which a thief of the file tries the likeliest.  Of 2^130 equally
 * likely ones nobody tries a part that matters, and logins stay cheap.
 */
void
app_hash(const uint8_t salt[APP_SALT], const char secret[APP_SECRET + 1],
    uint8_t hash[APP_HASH])
{
	unsigned int	len = APP_HASH;

	if (HMAC(EVP_sha256(), salt, APP_SALT, (const unsigned char *)secret,
	    APP_SECRET, hash, &len) == NULL)
		fatalx("HMAC");
}
