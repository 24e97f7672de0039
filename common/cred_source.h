/*
 * THE table of credential sources: what store.credentials.source may name, in
 * the order in which "auto" tries those that take part in it.  A source itself
 * is credd/source_x.c, its keys are paild/conf_key.c's.
 */
#ifndef COMMON_CRED_SOURCE_H
#define COMMON_CRED_SOURCE_H

/* The x of its file and of source_x, and its name. */
#define CRED_SOURCES(X)							\
	X(static, "static")						\
	X(env, "env")							\
	X(web_identity, "web-identity")					\
	X(profile, "profile")						\
	X(container, "container")					\
	X(imds, "imds")							\
	X(process, "process")

#endif
