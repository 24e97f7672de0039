/* AWS's shared files, credentials and config: where they are, and what they
 * name that credd may then ask for. */
#ifndef PAILD_AWS_FILES_H
#define PAILD_AWS_FILES_H

#include <stdbool.h>

#include "paild/conf.h"

enum aws_file { AWS_CREDENTIALS, AWS_CONFIG };
enum aws_found { AWS_FOUND, AWS_ABSENT, AWS_FAILED };

/*
 * Reads it whole into b.  path: the one that the configuration names, or
 * AWS_SHARED_CREDENTIALS_FILE or AWS_CONFIG_FILE, or that below ~/.aws; only
 * one that is not named may be absent.  AWS_FAILED: why, with the path.
 */
enum aws_found aws_file_read(const struct conf *c, enum aws_file which,
	    struct buf *b, char *path, size_t psize, char *why, size_t size);
/* Is there a line "name = value" in either, of any profile? */
bool	 aws_files_say(const struct conf *c, const char *name,
	    const char *value);

#endif
