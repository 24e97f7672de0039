/* See slice_make.h. */
#include "common/compat.h"

#include "common/log.h"
#include "common/msg_setup.h"
#include "common/test/slice_make.h"

#define PAIRS_MAX	100

static void
put(struct setup_conf *conf, struct setup_pair *pairs, const char *key,
    const char *value)
{
	size_t	i;

	for (i = 0; i < conf->pairs.n; i++)
		if (str_eq(pairs[i].key, str_from(key)))
			break;
	if (i == PAIRS_MAX)
		fatalx("slice_make: too many keys");
	pairs[i].key = str_from(key);
	pairs[i].value = str_from(value);
	if (i == conf->pairs.n)
		conf->pairs.n++;
}

struct slice *
slice_vmake(const char *const base[][2], const char *key, va_list ap)
{
	struct setup_pair	 pairs[PAIRS_MAX];
	struct setup_conf	 conf = { { pairs, 0 } };
	struct buf		 b = BUF_INIT;
	struct slice		*s;
	size_t			 i;

	for (i = 0; base != NULL && base[i][0] != NULL; i++)
		put(&conf, pairs, base[i][0], base[i][1]);
	for (; key != NULL; key = va_arg(ap, const char *))
		put(&conf, pairs, key, va_arg(ap, const char *));
	if (wire_encode(&setup_conf_wire, &conf, &b) == -1 ||
	    (s = slice_new(b.data, b.len)) == NULL)
		fatalx("slice_make");
	buf_free(&b);
	return s;
}

struct slice *
slice_make(const char *const base[][2], const char *key, ...)
{
	struct slice	*s;
	va_list		 ap;

	va_start(ap, key);
	s = slice_vmake(base, key, ap);
	va_end(ap);
	return s;
}
