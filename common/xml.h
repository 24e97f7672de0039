/*
 * The XML that S3 and an STS answer as a stream of elements with their text,
 * bounded: depth, text, no DTD and so no entities of its own.  Hostile.
 */
#ifndef COMMON_XML_H
#define COMMON_XML_H

#include <stddef.h>

#define XML_DEPTH_MAX	8
#define XML_TEXT_MAX	8192	/* of one element, with NUL */

struct xml_ops {
	/* An element begins, at depth 1 for the root.  -1 ends with -1. */
	int	(*start)(const char *name, int depth, void *arg);
	/* It ends; text is what was in it directly, with a NUL. */
	int	(*end)(const char *name, int depth, const char *text,
		    size_t len, void *arg);
};
/* 0, or -1: not XML, over a bound, or a handler said so.  Some of it may be
 * secret: no copy is left behind. */
int	 xml_parse(const void *p, size_t len, const struct xml_ops *ops,
	    void *arg);

#endif
