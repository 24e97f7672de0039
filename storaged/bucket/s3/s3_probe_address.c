/*
 * The probe's addresses: what one address of the endpoint took the next one
 * gives, so each is tried.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netdb.h>
#include <string.h>

#include "storaged/bucket/s3/s3_probe_int.h"

void
probe_resolve(void *arg)
{
	struct probe *p = arg;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *res, *ai;
	char host[500];
	size_t len;

	strlcpy(host, p->s3->url.host, sizeof(host));
	if (host[0] == '[') {
		len = strcspn(host + 1, "]");
		memmove(host, host + 1, len);
		host[len] = '\0';
	} else
		host[strcspn(host, ":")] = '\0';
	if (getaddrinfo(host, NULL, &hints, &res) != 0)
		return;		/* the first request will say why */
	for (ai = res; ai != NULL && p->naddresses < PROBE_ADDRESSES;
	    ai = ai->ai_next) {
		if (getnameinfo(ai->ai_addr, ai->ai_addrlen,
		    p->addresses[p->naddresses], sizeof(p->addresses[0]),
		    NULL, 0, NI_NUMERICHOST) == 0 &&
		    strchr(p->addresses[p->naddresses], '%') == NULL)
			p->naddresses++;
	}
	freeaddrinfo(res);
}

void
probe_use_address(struct probe *p, int i)
{
	if (p->s3 != NULL)
		strlcpy(p->s3->address, p->addresses[i % p->naddresses],
		    sizeof(p->s3->address));
}

void
probe_use_wide(struct probe *p, int i)
{
	probe_use_address(p, i);
	if (p->s3 != NULL)
		p->s3->via = p->s3->wide;
}

/* -- those that are left out -- */

/* Of the first round, no answer at all. */
static bool
address_away(const struct probe *p, int i)
{
	size_t k;

	for (k = 0; k < PROBE_STEPS; k++) {
		const struct probe_slot *t = &p->slots[i][k];

		if (t->s != NULL && t->s->round == 0 &&
		    (t->state != SLOT_WRONG || t->outcome != BLOB_UNAVAILABLE))
			return false;
	}
	return true;
}

/* It has another number now: what was made with its old one, before the first
 * round was answered, is to be made anew. */
static bool
address_anew(struct probe *p, int i)
{
	const char *s;
	size_t k;

	if (!p->ahead)
		return false;
	for (s = PROBE_STEP_NAMES; *s != '\0'; s++)
		p->edition[s - PROBE_STEP_NAMES][i]++;
	memset(p->etag[i], 0, sizeof(p->etag[i]));
	for (k = 0; k < PROBE_STEPS; k++) {
		struct probe_slot *t = &p->slots[i][k];

		if (t->s != NULL && t->s->round > 0)
			t->state = SLOT_TODO;
	}
	return true;
}

bool
probe_skip_addresses(struct probe *p)
{
	bool away[PROBE_ADDRESSES], anew = false;
	size_t k;
	int i, n = 0;

	for (i = 0; i < p->naddresses; i++) {
		away[i] = address_away(p, i);
		n += away[i];
	}
	if (n == 0 || n == p->naddresses)
		return false;
	for (i = n = 0; i < p->naddresses; i++) {
		if (away[i]) {
			probe_say(&p->steps, "warn", "address %s: %s",
			    p->addresses[i], p->slots[i][0].why);
			continue;
		}
		memmove(p->addresses[n], p->addresses[i],
		    sizeof(p->addresses[0]));
		memmove(p->slots[n], p->slots[i], sizeof(p->slots[0]));
		for (k = 0; k < PROBE_STEPS; k++)
			p->slots[n][k].address = n;
		if (n != i && address_anew(p, n))
			anew = true;
		n++;
	}
	p->naddresses = n;
	return anew;
}
