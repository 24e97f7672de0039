/* What authd counts (common/counter.h), and what each of its workers does;
 * values: main_counts() in main.c. */
#ifndef AUTHD_COUNTERS_H
#define AUTHD_COUNTERS_H

#include "common/auth_kind.h"

/* The same for each type of backend. */
#define AUTHD_POOL(type, count, timeout, traits, lookup, X)		\
	X(#type "-workers", GAUGE, "auth_backend_workers", "type=" #type, \
	    "Workers of a type of backend",				\
	    work_counts(authd->work, #type).workers)			\
	X(#type "-busy", GAUGE, "auth_backend_busy", "type=" #type,	\
	    "Workers of a type of backend that have a password to verify", \
	    work_counts(authd->work, #type).busy)			\
	X(#type "-waiting", GAUGE, "auth_backend_waiting", "type=" #type, \
	    "Passwords that wait for a worker of a type of backend",	\
	    authd_waiting(authd, #type))				\
	X(#type "-away", GAUGE, "auth_backend_away", "type=" #type,	\
	    "Whether a backend of the type has stopped answering",	\
	    work_counts(authd->work, #type).away)			\
	X(#type "-timeouts", COUNTER, "auth_backend_timeouts_total",	\
	    "type=" #type, "Workers that were killed because a backend hung", \
	    work_counts(authd->work, #type).late)			\
	X(#type "-crashes", COUNTER, "auth_backend_crashes_total",	\
	    "type=" #type, "Workers that ended while verifying a password", \
	    work_counts(authd->work, #type).ended)

#define AUTHD_COUNTERS(X)						\
	X("logins", GAUGE, "logins_in_progress", "",			\
	    "Logins in progress", authd->logins)			\
	/* logins_total: authd/metrics.c */				\
	X("logins-ok", COUNTER, "", "",					\
	    "Logins that have been answered", authd->counts.ok)		\
	X("logins-failed", COUNTER, "", "",				\
	    "Logins that have been answered", authd->counts.no)		\
	X("logins-unavailable", COUNTER, "", "",			\
	    "Logins that have been answered", authd->counts.unavailable) \
	X("logins-cached", COUNTER, "logins_cached_total", "",		\
	    "Successful logins whose password was not verified again",	\
	    authd->counts.cached)					\
	X("logins-delayed", COUNTER, "logins_delayed_total", "",	\
	    "Logins that had to wait before their password was verified", \
	    authd->counts.delayed)					\
	X("logins-refused", COUNTER, "logins_refused_total", "",	\
	    "Logins that exceeded a limit", authd->counts.refused)	\
	X("recipients-ok", COUNTER, "recipients_total", "result=ok",	\
	    "Recipients that have been answered", authd->counts.rcpt_ok) \
	X("recipients-unknown", COUNTER, "recipients_total",		\
	    "result=unknown", "Recipients that have been answered",	\
	    authd->counts.rcpt_no)					\
	X("recipients-unavailable", COUNTER, "recipients_total",	\
	    "result=unavailable", "Recipients that have been answered",	\
	    authd->counts.rcpt_unavailable)				\
	X("users-removed", COUNTER, "users_removed_total", "",		\
	    "Users whose sessions ended because no database knows them", \
	    authd->counts.recheck_ended)				\
	X("checks-waiting", GAUGE, "password_checks_waiting", "",	\
	    "Passwords that wait for a worker",				\
	    gate_waiting(authd->gate) + work_waiting(authd->work))	\
	X("checks-late", COUNTER, "password_checks_late_total", "",	\
	    "Wrong passwords that took longer than failure-delay",	\
	    authd->counts.late)						\
	X("workers", GAUGE, "auth_workers", "", "Connected workers", \
	    work_workers(authd->work))					\
	AUTH_KINDS(AUTHD_POOL, X)

#define AUTHWORKER_COUNTERS(X)						\
	X("checks", COUNTER, "password_checks_total", "",		\
	    "Passwords that have been verified", worker_checks(worker))

#endif
