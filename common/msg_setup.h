/*
 * What paild tells its children: configuration, channels, listeners, and
 * the operator's wishes.
 */
#ifndef COMMON_MSG_SETUP_H
#define COMMON_MSG_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/wire.h"

/* The kinds of process; a channel's other end is a kind and an index. */
enum proc_kind {
	PROC_PAILD,
	PROC_IMAPD,
	PROC_STORAGED,
	PROC_AUTHD,
	PROC_AUTHWORKER,	/* the authd binary, with role=worker */
	PROC_CREDD,
	PROC_KINDS
};
const char *proc_kind_name(enum proc_kind kind);

/*
 * SETUP_CONF and CTL_RELOAD: the child's slice of the configuration, as
 * keys and values (common/slice.h reads it).  Keys are the YAML paths with
 * dots: "store.type"; lists: "auth.0.path".  Added by paild: "role"
 * ("worker", or the kind's name), "index" (this process among its kind),
 * "nprocs.storaged", "nprocs.imapd", "nprocs.authd", "nprocs.authworker",
 * "user", "group", "chroot" (empty: none), "log.level", "log.to", "debug",
 * "probe" (true for the one storaged that tries the store before it is
 * ready: once in paild's life).  imapd's "listen.N" is what it may keep
 * listening on after a reload (protocol://address of SETUP_LISTEN).
 */
struct setup_pair { struct str key; struct str value; };
struct setup_conf { struct wire_list pairs; };

/* SETUP_PEER with the descriptor: also sent after SETUP_GO when a peer was
 * restarted; it then replaces the channel to that peer. */
struct setup_peer { uint8_t kind; uint32_t index; };

/* SETUP_LISTEN with the listening socket: "imap", "imaps" and what it is
 * bound to, for the log. */
struct setup_listen { struct str protocol; struct str address; };

struct setup_ready { struct str text; };	/* may be empty */
struct ctl_verbose { uint8_t level; };		/* enum log_level */
struct ctl_reloaded { bool ok; struct str text; };

/* CTL_COUNTS: name and number, e.g. "sessions" 12. */
struct ctl_count { struct str name; uint64_t value; };
struct ctl_counts { struct wire_list counts; };

/*
 * CTL_REPORT with a descriptor: write a readable report to it and close it.
 * what: "dump" (arg: user id) or "store-check".
 * CTL_PREAUTH with a descriptor, to imapd: a client connection that is
 * logged in as user; imapd asks authd by AUTH_START with mechanism
 * "PREAUTH" and the token that paild gave authd with the same message (arg:
 * token; authd gets it with a dummy descriptor that it closes).
 * CTL_REVOKE, to authd: this user's sessions end (password changed, user
 * deleted).
 */
struct ctl_report { struct str what; struct str arg; };
struct ctl_preauth { struct str user; struct str token; };
struct ctl_revoke { struct str user; };

extern const struct wire_struct setup_conf_wire,
    setup_peer_wire, setup_listen_wire, setup_ready_wire, ctl_verbose_wire,
    ctl_reloaded_wire, ctl_counts_wire, ctl_report_wire,
    ctl_preauth_wire, ctl_revoke_wire;

#endif
