/* See ingest_hold.h. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/json.h"
#include "storaged/bucket/ingest/ingest_hold.h"

static const char *const names[INGEST_HOLD_STATES] = { "held", "free",
    "done" };

static void
put(struct buf *b, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_printf(b, ",\n \"%s\": ", name);
	json_put_text(b, value);
}

int
ingest_hold_write(const struct ingest_hold *h, const uint8_t node[8],
    struct buf *b)
{
	uint8_t	 nonce[8];
	char	 hex[17], other[17];

	hex_print(node, 8, hex);
	arc4random_buf(nonce, sizeof(nonce));
	hex_print(nonce, sizeof(nonce), other);
	buf_printf(b, "{\"node\": \"%s\", \"nonce\": \"%s\"", hex, other);
	put(b, "state", names[h->state]);
	put(b, "left", h->left);
	put(b, "envelope", h->envelope);
	put(b, "sender", h->sender);
	return buf_puts(b, "}\n");
}

/* NULL: it is not there, or no line of text within max bytes. */
static char *
get(struct str object, const char *name, size_t max)
{
	struct str	 v;
	char		*s;
	size_t		 len, i;

	if (!json_member(object, name, &v) || (s = json_dup(v, &len)) == NULL)
		return NULL;
	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			break;
	if (i < len || len == 0 || len > max) {
		free(s);
		return NULL;
	}
	return s;
}

void
ingest_hold_read(struct ingest_hold *h, const void *p, size_t len)
{
	struct str	 text = { p, len }, v;
	size_t		 i;

	*h = (struct ingest_hold){ INGEST_HELD, NULL, NULL, NULL };
	if (len > INGEST_HOLD_MAX || !json_strict(text))
		return;
	for (i = 0; json_member(text, "state", &v) && i < nitems(names); i++)
		if (json_is_text(v, names[i]))
			h->state = (enum ingest_hold_state)i;
	h->left = get(text, "left", INGEST_ONLY_MAX);
	h->envelope = get(text, "envelope", INGEST_ENVELOPE_MAX);
	h->sender = get(text, "sender", INGEST_ADDRESS_MAX);
}

void
ingest_hold_free(struct ingest_hold *h)
{
	free(h->left);
	free(h->envelope);
	free(h->sender);
	h->left = h->envelope = h->sender = NULL;
}
