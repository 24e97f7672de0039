/* What imapd counts (common/counter.h); values: imapd_counts() in main.c. */
#ifndef IMAPD_COUNTERS_H
#define IMAPD_COUNTERS_H

#define IMAPD_COUNTERS(X)						\
	X("connections", GAUGE, "imap_connections", "",			\
	    "Client connections", nclients)				\
	X("sessions", GAUGE, "imap_sessions", "",			\
	    "Connections that are logged in", nclients - nstrangers)	\
	X("selected", GAUGE, "imap_sessions_selected", "",		\
	    "Sessions with a selected mailbox", selected)		\
	X("tls", GAUGE, "imap_connections_tls", "",			\
	    "Connections using TLS", tls)				\
	X("idle", GAUGE, "imap_sessions_idle", "",			\
	    "Sessions in IDLE", idle)

#endif
