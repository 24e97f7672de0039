/*
 * S3's XML as a stream of elements with their text, bounded: depth, text,
 * no DTD and so no entities of its own.  Under s3_error and s3_list.
 */
#ifndef STORAGED_S3_XML_H
#define STORAGED_S3_XML_H

#include <stddef.h>

#define S3_XML_DEPTH	8
#define S3_XML_TEXT	4096	/* of one element, with NUL */

struct s3_xml_ops {
	/* An element begins, at depth 1 for the root.  -1 ends with -1. */
	int	(*start)(const char *name, int depth, void *arg);
	/* It ends; text is what was in it directly, with a NUL. */
	int	(*end)(const char *name, int depth, const char *text,
		    size_t len, void *arg);
};
/* 0, or -1: not XML, over a bound, or a handler said so. */
int	 s3_xml_parse(const void *p, size_t len, const struct s3_xml_ops *ops,
	    void *arg);

#endif
