/*
 * The names of objects: see key.h.  No other file of storaged may put one
 * together, so that the layout of the bucket has one place.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/user.h"
#include "storaged/format/key.h"

#define ID_LEN		16
#define ID_HEX		(2 * ID_LEN)
#define NUMBER_HEX	16

/* Without a hash users still have a place of their own: one may be called
 * "pail" or "probe". */
#define NO_HASH		"u"

static unsigned dispersion = KEY_DISPERSION;

static const char digits[] = "0123456789abcdef";
static const char *const kind_names[] = {
	[KEY_HEAD] = "head",
	[KEY_MANIFEST] = "manifest",
	[KEY_LOG] = "log",
	[KEY_PACK] = "pack",
	[KEY_MSG] = "msg",
	[KEY_INDEX] = "index",
};

const char *
key_kind_name(enum key_kind kind)
{
	return kind_names[kind];
}

static int
fits(int n, size_t size)
{
	return n >= 0 && (size_t)n < size && n < KEY_MAX ? 0 : -1;
}

static void
hex(const uint8_t id[ID_LEN], char dst[ID_HEX + 1])
{
	size_t i;

	for (i = 0; i < ID_LEN; i++) {
		dst[2 * i] = digits[id[i] >> 4];
		dst[2 * i + 1] = digits[id[i] & 15];
	}
	dst[ID_HEX] = '\0';
}

static int
unhex(const char *s, size_t n, uint8_t *v)
{
	const char *d;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == '\0' || (d = strchr(digits, s[i])) == NULL)
			return -1;
		v[i / 2] = (uint8_t)(v[i / 2] << 4 | (d - digits));
	}
	return 0;
}

void
key_disperse(unsigned n)
{
	if (n > KEY_DISPERSION)
		fatalx("store.dispersion: %u", n);
	dispersion = n;
}

unsigned
key_dispersion(void)
{
	return dispersion;
}

/* Of what stands before the user. */
static size_t
hash_len(void)
{
	return dispersion > 0 ? dispersion : strlen(NO_HASH);
}

int
key_user(const char *user, char *dst, size_t size)
{
	char h[9], part[USER_ID_MAX + 1];

	if (user_key(user, part, sizeof(part)) == -1 || part[0] == '\0' ||
	    user_h8(user, h) == -1)
		return -1;
	return fits(snprintf(dst, size, "%.*s/%s/", (int)hash_len(),
	    dispersion > 0 ? h : NO_HASH, part), size);
}

bool
key_user_valid(const char *s, size_t len)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789@+=_-.%";
	size_t i;

	if (len == 0 || len > USER_ID_MAX || s[0] == '.')
		return false;
	for (i = 0; i < len; i++)
		if (memchr(chars, s[i], sizeof(chars) - 1) == NULL)
			return false;
	return true;
}

int
key_head(const char *prefix, char *dst, size_t size)
{
	return fits(snprintf(dst, size, "%shead", prefix), size);
}

int
key_object(const char *prefix, enum key_kind kind, const uint8_t id[16],
    char *dst, size_t size)
{
	char h[ID_HEX + 1];

	if (kind == KEY_HEAD || kind == KEY_LOG)
		return -1;
	hex(id, h);
	return fits(snprintf(dst, size, "%s%s/%s", prefix, kind_names[kind],
	    h), size);
}

int
key_log(const char *prefix, uint64_t first, uint64_t last,
    const uint8_t id[16], char *dst, size_t size)
{
	char h[ID_HEX + 1];

	hex(id, h);
	return fits(snprintf(dst, size, "%slog/%016llx-%016llx-%s", prefix,
	    (unsigned long long)first, (unsigned long long)last, h), size);
}

void
key_new_id(uint8_t id[16])
{
	arc4random_buf(id, ID_LEN);
}

static int
number(const char **p, uint64_t *v)
{
	uint8_t b[NUMBER_HEX / 2] = { 0 };
	size_t i;

	if (unhex(*p, NUMBER_HEX, b) == -1 || (*p)[NUMBER_HEX] != '-')
		return -1;
	for (*v = 0, i = 0; i < sizeof(b); i++)
		*v = *v << 8 | b[i];
	*p += NUMBER_HEX + 1;
	return 0;
}

/* What follows <h>/<user>/. */
static int
parse_name(const char *s, struct key_parts *k)
{
	const char *slash;
	size_t i, len;

	if (strcmp(s, "head") == 0) {
		k->kind = KEY_HEAD;
		return 0;
	}
	if ((slash = strchr(s, '/')) == NULL)
		return -1;
	len = (size_t)(slash - s);
	for (i = KEY_MANIFEST; i < nitems(kind_names); i++) {
		if (strlen(kind_names[i]) == len &&
		    memcmp(kind_names[i], s, len) == 0)
			break;
	}
	if (i == nitems(kind_names))
		return -1;
	k->kind = (enum key_kind)i;
	s = slash + 1;
	if (k->kind == KEY_LOG && (number(&s, &k->first) == -1 ||
	    number(&s, &k->last) == -1 || k->first > k->last))
		return -1;
	return unhex(s, ID_HEX, k->id) == 0 && s[ID_HEX] == '\0' ? 0 : -1;
}

bool
key_name_valid(const char *name)
{
	struct key_parts k = { 0 };

	return parse_name(name, &k) == 0 && k.kind != KEY_HEAD;
}

int
key_parse(const char *key, struct key_parts *k)
{
	size_t n = hash_len();

	memset(k, 0, sizeof(*k));
	if ((dispersion > 0 ? strspn(key, digits) != n :
	    strncmp(key, NO_HASH, n) != 0) || key[n] != '/')
		return -1;
	key += n + 1;
	n = strcspn(key, "/");
	if (!key_user_valid(key, n) || key[n] != '/')
		return -1;
	memcpy(k->user, key, n);
	return parse_name(key + n + 1, k);
}

int
key_prefix(const char *conf, char *dst, size_t size, const char **why)
{
	size_t i, len = strlen(conf);
	bool first = true;		/* of a component */

	if (len > KEY_PREFIX_MAX - 1 || len + 2 > size) {
		*why = "key-prefix is longer than 511 bytes";
		return -1;
	}
	for (i = 0; i < len; i++) {
		if (conf[i] <= ' ' || conf[i] > '~') {
			*why = "key-prefix contains a character that is not "
			    "printable ASCII";
			return -1;
		}
		if (first && conf[i] == '/') {
			*why =
			    "key-prefix begins with \"/\" or contains \"//\"";
			return -1;
		}
		if (first && conf[i] == '.') {
			*why = "a component of key-prefix begins with a dot";
			return -1;
		}
		first = conf[i] == '/';
	}
	memcpy(dst, conf, len);
	if (len > 0 && conf[len - 1] != '/')
		dst[len++] = '/';
	dst[len] = '\0';
	return 0;
}

int
key_join(const char *prefix, const char *name, char *dst, size_t size)
{
	return fits(snprintf(dst, size, "%s%s", prefix, name), size);
}
