/* The lines of one profile in AWS's shared files. */
#ifndef CREDD_PROFILE_READ_H
#define CREDD_PROFILE_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/* The two files; path is what reasons call them. */
struct profile_files {
	struct { const char *path; struct str text; } credentials, config;
};

enum profile_key {
	PROFILE_K_ACCESS, PROFILE_K_SECRET, PROFILE_K_TOKEN, PROFILE_K_ROLE,
	PROFILE_K_SOURCE, PROFILE_K_FROM, PROFILE_K_EXTERNAL,
	PROFILE_K_SESSION, PROFILE_K_DURATION, PROFILE_K_REGION,
	PROFILE_K_WEB, PROFILE_K_PROCESS, PROFILE_K_MFA, PROFILE_K_SSO,
	PROFILE_K_SSO_URL, PROFILE_K_LOGIN, PROFILE_KEYS_N
};
/* "aws_access_key_id" */
const char *profile_key_name(enum profile_key k);

struct profile_row {
	struct str	 value;		/* borrowed of the file; empty: none */
	const char	*path;
	unsigned	 line;
};

struct profile_rows {
	bool		 found;		/* in either file */
	unsigned	 bare;		/* the line of "[name]" in config, where
					   it must be "[profile name]"; 0 */
	struct profile_row row[PROFILE_KEYS_N];
};

/* -1: a file is wrong, and why says where: "PATH:LINE: ...". */
int	 profile_read(const struct profile_files *f, const char *name,
	    struct profile_rows *rows, char *why, size_t size);

#endif
