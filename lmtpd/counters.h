/* What lmtpd counts (common/counter.h); values: lmtpd_counts() in main.c. */
#ifndef LMTPD_COUNTERS_H
#define LMTPD_COUNTERS_H

#define LMTPD_COUNTERS(X)						\
	X("connections", GAUGE, "lmtp_connections", "",			\
	    "Connections of MTAs", nclients)				\
	X("transactions", GAUGE, "lmtp_transactions", "",		\
	    "Messages that are being taken", transactions)		\
	X("messages", COUNTER, "lmtp_messages_total", "",		\
	    "Messages that came to their end", txn_messages)		\
	X("octets", COUNTER, "lmtp_octets_total", "",			\
	    "Octets of messages", txn_octets_in)			\
	X("delivered", COUNTER, "lmtp_recipients_total",		\
	    "result=ok", "Recipients by what they were answered",	\
	    txn_told[2])						\
	X("deferred", COUNTER, "lmtp_recipients_total",		\
	    "result=later", "Recipients by what they were answered",	\
	    txn_told[4])						\
	X("refused", COUNTER, "lmtp_recipients_total",		\
	    "result=no", "Recipients by what they were answered",	\
	    txn_told[5])

#endif
