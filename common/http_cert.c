/* See http_cert.h.  Hostile text; whoever prints it quotes it. */
#include "common/compat.h"

#include <stddef.h>
#include <string.h>

#include <curl/curl.h>

#include "common/http_cert.h"

static const struct cert_field {
	const char	*name;
	size_t		 at;
} fields[] = {
	{ "Subject:", offsetof(struct http_cert, subject) },
	{ "Issuer:", offsetof(struct http_cert, issuer) },
	{ "Start date:", offsetof(struct http_cert, from) },
	{ "Expire date:", offsetof(struct http_cert, until) },
	{ "X509v3 Subject Alternative Name:",
	    offsetof(struct http_cert, names) },
};

size_t
http_certs(void *easy, struct http_cert v[HTTP_CERTS_MAX])
{
	const struct curl_certinfo *info = NULL;
	const struct curl_slist *l;
	const char **p;
	size_t i, k, n;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs <= 0)
		return 0;
	n = (size_t)info->num_of_certs;
	if (n > HTTP_CERTS_MAX)
		n = HTTP_CERTS_MAX;
	for (i = 0; i < n; i++) {
		v[i] = (struct http_cert){ "", "", "", "", "" };
		for (l = info->certinfo[i]; l != NULL; l = l->next) {
			for (k = 0; k < nitems(fields); k++) {
				if (strncmp(l->data, fields[k].name,
				    strlen(fields[k].name)) != 0)
					continue;
				p = (const char **)(void *)((char *)&v[i] +
				    fields[k].at);
				*p = l->data + strlen(fields[k].name);
			}
		}
	}
	return n;
}
