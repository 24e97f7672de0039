#include "common/compat.h"

#include "common/crlf.h"

long long
crlf_copy(FILE *in, FILE *out)
{
	long long	n = 0;
	char		from[5];
	size_t		got;
	int		c, last = 0;

	got = fread(from, 1, sizeof(from), in);
	if (got == sizeof(from) && memcmp(from, "From ", 5) == 0) {
		while ((c = getc(in)) != EOF && c != '\n')
			;
		got = 0;
	}
	for (size_t i = 0; ; ) {
		c = i < got ? (unsigned char)from[i++] : getc(in);
		if (c == EOF)
			break;
		if (c == '\n' && last != '\r') {
			putc('\r', out);
			n++;
		}
		putc(c, out);
		n++;
		last = c;
	}
	if (ferror(in) || ferror(out) || fflush(out) == EOF)
		return -1;
	return n;
}
