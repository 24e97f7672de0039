/*
 * Hostile messages: the first byte chooses one of all the structs, the rest is
 * its payload.  What decodes encodes to itself.
 */
#include <string.h>

#include "common/compat.h"
#include "common/fuzz.h"
#include "common/msg_auth.h"
#include "common/msg_mbox.h"
#include "common/msg_setup.h"

static const struct wire_struct *const structs[] = {
	&setup_conf_wire, &setup_peer_wire, &setup_listen_wire,
	&ctl_counts_wire, &ctl_preauth_wire, &auth_start_wire,
	&auth_no_wire, &grant_session_wire, &cred_key_wire, &work_check_wire,
	&mbox_list_wire, &mbox_row_wire, &mbox_selected_wire,
	&mbox_meta_wire, &mbox_store_wire, &mbox_copy_wire,
	&mbox_expunge_wire, &append_msg_wire, &reply_ok_wire, &reply_no_wire,
	&ev_added_wire, &ev_keywords_wire, &setup_ready_wire,
	&ctl_verbose_wire, &ctl_reloaded_wire, &ctl_report_wire,
	&ctl_revoke_wire, &auth_bytes_wire, &auth_ok_wire,
	&grant_revoke_wire, &cred_refused_wire, &work_result_wire,
	&mbox_create_wire, &mbox_delete_wire, &mbox_rename_wire,
	&mbox_subscribe_wire, &mbox_select_wire, &mbox_box_wire,
	&mbox_body_wire, &mbox_idle_wire, &append_open_wire,
	&data_credit_wire, &mbox_more_wire, &session_ready_wire,
	&session_end_wire, &ev_flags_wire, &ev_expunged_wire
};

static void
fuzz_wire(const uint8_t *in, size_t len)
{
	union { max_align_t align; char space[1024]; } dst;
	const struct wire_struct *ws;
	struct arena	*a = arena_new(8 * 1024 * 1024);
	struct buf	 b = BUF_INIT;

	if (len != 0) {
		ws = structs[in[0] % nitems(structs)];
		FUZZ_CHECK(ws->size <= sizeof(dst));
		if (wire_decode(ws, &dst, in + 1, len - 1, a) == 0)
			FUZZ_CHECK(wire_encode(ws, &dst, &b) == 0 &&
			    b.len == len - 1 &&
			    (b.len == 0 || memcmp(b.data, in + 1, b.len) == 0));
	}
	buf_free(&b);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_wire);
}
