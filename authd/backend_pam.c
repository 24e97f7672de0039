/*
 * PAM: a service (a file of /etc/pam.d) verifies the passwords.  Its modules
 * run in a process for each password (pam_talk.c), as a user that may ask them
 * (pail.yaml(5)): root for pam_unix.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/backend.h"
#include "authd/pam_talk.h"
#include "authd/stamp.h"

struct pam_state {
	char	service[65];
	char	path[80];
	bool	session;
};

static void *
pam_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	struct pam_state	*p;
	const char		*service;
	char			 key[32];

#ifndef PAIL_PAM
	snprintf(why, size, "auth.%u: this build has no PAM", index);
	return NULL;
#endif
	service = slice_at(conf, "auth.%u.service", index);
	if (service == NULL || service[0] == '\0') {
		snprintf(why, size, "auth.%u has no service", index);
		return NULL;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	strlcpy(p->service, service, sizeof(p->service));
	snprintf(p->path, sizeof(p->path), "/etc/pam.d/%s", p->service);
	snprintf(key, sizeof(key), "auth.%u.session", index);
	p->session = slice_bool(conf, key);
	return p;
}

/* Modules use names as parts of paths, of lines and of commands. */
static bool
pam_takes(const char *name)
{
	return name[0] != '\0' && name[0] != '-' && name[0] != '.' &&
	    strpbrk(name, "/:\\") == NULL;
}

static enum work_result_code
pam_verify(void *state, struct found *f, struct str password,
    char *why, size_t size)
{
	struct pam_state	*p = state;
	bool			 known = f->user[0] != '\0';
	struct pam_ask		 ask = { p->service, f->name, password,
				    f->remote, known, known && p->session };

	/* An unknown name is asked for, too: it takes its time. */
	if (!pam_takes(f->name)) {
		strlcpy(why, "not a name for PAM", size);
		return WORK_NO;
	}
	return pam_talk(&ask, why, size);
}

static void
pam_generation(void *state, char *dst, size_t size)
{
	struct pam_state	*p = state;
	const char		*paths[] = { "/etc/passwd", "/etc/shadow",
				    p->path };

	stamp_files(paths, nitems(paths), dst, size);
}

static void
pam_close(void *state)
{
	free(state);
}

static const struct verifier_kind verifier_pam = {
	.open = pam_open, .verify = pam_verify, .close = pam_close,
	.generation = pam_generation
};

/* Its modules keep tallies, ask directories and run helpers. */
static void
pam_reach(const struct slice *conf, uint32_t index, struct sandbox *box)
{
	(void)conf;
	(void)index;
	sandbox_reach(box, "/", true);
	box->any_port = true;
	box->executes = true;
}

const struct backend_kind backend_pam = {
	.type = "pam", .lookup = &lookup_system, .verifier = &verifier_pam,
	.reach = pam_reach
};
