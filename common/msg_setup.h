/*
 * What paild sends its children: configuration, channels, listeners, and the
 * operator's commands.
 */
#ifndef COMMON_MSG_SETUP_H
#define COMMON_MSG_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/proc_kind.h"
#include "common/wire.h"

/*
 * SETUP_CONF and CTL_RELOAD: the child's slice of the configuration, as keys
 * and values (common/slice.h reads it).  Keys are the YAML paths with dots:
 * "store.type"; lists: "auth.0.path".  Added by paild: "role" (the kind's
 * name), "index" (this process among its kind), "nprocs.NAME" (how many there
 * are of each kind, paild excepted), "user", "group", "chroot" (empty: none),
 * "log.level", "debug", "probe" (true for the one storaged that tests the store
 * before it is ready: once in the lifetime of paild), "report" (true for paild
 * -C), "tls" (true if there are certificates); for authd and its workers
 * "pools.N.NAME" (auth_kind.h); for imapd and authd's workers "clients.ca" (PEM
 * of "type: certificate", with CRLs; empty: none), and imapd's "clients.name".
 * For the first storaged "app-passwords.serial" (SETUP_APPS; 0: not known).
 * admind's "metrics.token" (a hash in hex; empty: none), "metrics.ca" (PEM) and
 * "metrics.guarded" (true if the configuration has either of them).
 * Its "listen.N" is what it keeps listening on after a reload
 * (protocol://address of SETUP_LISTEN).
 */
struct setup_pair { struct str key; struct str value; };
struct setup_conf { struct wire_list pairs; };

/* SETUP_PEER with the descriptor: also sent after SETUP_GO if a peer was
 * restarted; it then replaces the channel to that peer.  SETUP_LOST names the
 * peer whose channel was lost, or PROC_PAILD for a listener: paild makes a new
 * one, unless it has done so since (serial: of the lost one). */
struct setup_peer { uint8_t kind; uint32_t index; uint32_t serial; };

/* SETUP_LISTEN with the listening socket: "imap", "imaps" and what it is
 * bound to, for the log. */
struct setup_listen { struct str protocol; struct str address; };

/*
 * SETUP_NEARLY, from the first storaged before its SETUP_READY: only the last
 * answers of the store that it tries are missing.  paild opens the listeners
 * then, so that who comes is asked for his password meanwhile; SETUP_SERVE
 * tells authd, once all processes are ready, that it may grant sessions.
 */

/* CTL_PING requests CTL_PONG from the child's loop; CTL_DOING, unsolicited,
 * says what it is about to do, for the log if it never returns from it. */
struct ctl_doing { struct str text; };

/*
 * SETUP_WANT asks paild to read or to run something that only it can, and
 * SETUP_GIVE has it, with the same id.  what:
 *	key:PATH	the file that this key of the configuration names, or
 *			has its value in as {file: ...}
 *	mark:tls	a text that changes when the files of "tls" do
 *	env:NAME	a variable, or the file that it names (paild/give.c has
 *			the list)
 *	aws:credentials, aws:config	AWS's shared file; its path is in why,
 *			if it was found, and if it is absent
 *	aws:web_identity_token_file=PATH	the file that one of these
 *			names so
 *	run:COMMAND	what a command prints that the configuration, or one
 *			of these as credential_process, names
 *	used:ID USER	from authd: the app password was used now; there is no
 *			answer
 *	admin:HOW REMOTE USER	from authd: an administrator has logged in on
 *			the admin page, by HOW ("password", or "app": an app
 *			password) from REMOTE ("-": unknown); the data is the
 *			token that his commands are to show (msg_admin.h)
 *	admin-end:USER	from authd: what the user has proved is void; there is
 *			no answer
 */
#define SETUP_WANT_MAX	2200		/* bytes of what */
#define SETUP_GIVE_MAX	(256 * 1024)	/* bytes of data */
enum setup_give_outcome { SETUP_GIVE_FOUND, SETUP_GIVE_ABSENT,
    SETUP_GIVE_FAILED };
struct setup_want { struct str what; };
struct setup_give { uint8_t outcome; struct str data; struct str why; };

/*
 * SETUP_APPS, from the first storaged with the descriptor of a regular file:
 * the bucket's app passwords of that serial number ("app-passwords: bucket",
 * pail-bucket(5)), lines of common/appline.h.  paild makes them this node's,
 * and answers SETUP_GIVE with the same id, without data.
 */
#define SETUP_APPS_MAX	(4 * 1024 * 1024)	/* bytes of the file */
struct setup_apps { uint64_t serial; };

struct setup_ready { struct str text; };	/* may be empty */
struct ctl_verbose { uint8_t level; };		/* enum log_level */
/* CTL_LEAVE, perhaps before CTL_DRAIN: take no new work; clients that are idle
 * may be sent away, spread over that time. */
struct ctl_leave { uint32_t within; };		/* ms */
struct ctl_reloaded { bool ok; struct str text; };

/*
 * CTL_COUNTS: the rows of the child's table and the series of its metrics, each
 * with its value.  name: for "pailctl status" ("": not shown there); kind: enum
 * counter_kind (common/counter.h); scale: value / scale is the figure in the
 * metric's base unit, 1 or 1000000 (0, from a forger, counts as 1); metric ("":
 * not collected) and labels: common/metric_text.h.  Rows of one metric follow
 * each other if they come from one family.
 */
#define SETUP_COUNTS_MAX	4000
#define SETUP_METRIC_MAX	80	/* bytes */
#define SETUP_LABELS_MAX	400
struct ctl_count {
	struct str	 name;
	uint8_t		 kind;
	uint32_t	 scale;
	struct str	 metric;
	struct str	 labels;
	struct str	 help;
	uint64_t	 value;
};
struct ctl_counts { struct wire_list counts; };

/*
 * CTL_REPORT with a descriptor: write a readable report to it and close it.
 * what: "dump" (arg: user id), "store-check", "credentials", "throttle-list"
 * or "throttle-clear" (arg: an address, a user, or nothing), "sessions" (arg:
 * a user, or nothing) or "session-end" (arg: an ID), "ingest-list" or
 * "ingest-retry" (arg: an ID, or nothing: all).  json: the report is one JSON
 * object (common/json_write.h), {"error": TEXT} if that is all; what has no
 * such form ("quota", "app-add", "app-revoke") takes no notice of it.
 * CTL_PREAUTH with a descriptor, to imapd: a client connection that is
 * logged in as user; imapd asks authd by AUTH_START with mechanism
 * "PREAUTH" and the token that paild gave authd with the same message (arg:
 * token; authd gets it with a dummy descriptor that it closes).
 * CTL_REVOKE, to authd: this user's sessions end (password changed, user
 * deleted).
 */
struct ctl_report { struct str what; struct str arg; bool json; };
struct ctl_preauth { struct str user; struct str token; };
struct ctl_revoke { struct str user; };

extern const struct wire_struct setup_conf_wire,
    setup_peer_wire, setup_listen_wire, setup_want_wire, setup_give_wire,
    setup_apps_wire, setup_ready_wire, ctl_verbose_wire, ctl_leave_wire,
    ctl_reloaded_wire, ctl_counts_wire, ctl_report_wire,
    ctl_preauth_wire, ctl_revoke_wire, ctl_doing_wire;

#endif
