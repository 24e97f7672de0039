/* A line for the client: whatever it quotes, it stays one line of ASCII. */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>

#include "lmtpd/verdict.h"

void
verdict_set(struct verdict *v, int code, const char *enhanced,
    const char *fmt, ...)
{
	va_list	 ap;
	char	*p;

	v->code = code;
	v->enhanced = enhanced;
	va_start(ap, fmt);
	(void)vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
	for (p = v->text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

bool
verdict_ok(const struct verdict *v)
{
	return v->code / 100 == 2;
}
