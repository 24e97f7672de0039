/* What a client is told of a recipient, or of a command. */
#ifndef LMTPD_VERDICT_H
#define LMTPD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define VERDICT_TEXT	400	/* bytes: with code and CRLF, RFC 5321's 512 */

struct verdict {
	int		 code;		/* 250, 451, 550 ... */
	const char	*enhanced;	/* static; RFC 3463: "5.1.1" */
	char		 text[VERDICT_TEXT];	/* ASCII, one line */
};

/* enhanced is kept by reference; what does not fit, or is no printable ASCII,
 * is cut or becomes "?". */
void	 verdict_set(struct verdict *v, int code, const char *enhanced,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool	 verdict_ok(const struct verdict *v);	/* 2xx */
/*
 * What storaged (enum mbox_code) and authd (enum rcpt_code) have said.  Only
 * what is the recipient's own is for good; a fault of the store or of a
 * directory never is: 451.
 */
void	 verdict_mbox(struct verdict *v, uint8_t code, struct str text);
void	 verdict_rcpt(struct verdict *v, uint8_t code, struct str text);

#endif
