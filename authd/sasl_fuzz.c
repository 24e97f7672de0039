/*
 * Any bytes as a SASL exchange: the first byte chooses the mechanism and
 * whether there is an initial response, 0x0a ends a message.
 */
#include "common/compat.h"

#include "authd/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "PLAIN", "LOGIN", "PREAUTH" };
	const uint8_t		*end = data + size, *nl;
	enum sasl_next		 n = SASL_MORE;
	struct sasl		 s;
	struct str		 ch;

	if (size == 0)
		return 0;
	sasl_begin(&s, sasl_find(str_from(names[data[0] % 3])));
	if (data[0] & 0x80)
		n = sasl_step(&s, false, STR(""), &ch);
	data++;
	while (n == SASL_MORE && data < end) {
		nl = memchr(data, '\n', (size_t)(end - data));
		if (nl == NULL)
			nl = end;
		n = sasl_step(&s, true, (struct str){ (const char *)data,
		    (size_t)(nl - data) }, &ch);
		data = nl < end ? nl + 1 : end;
	}
	if (n == SASL_DONE && (s.password == NULL || s.password[0] == '\0'))
		abort();
	sasl_end(&s);
	return 0;
}
