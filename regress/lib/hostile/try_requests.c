/* A granted channel may append; what reads or changes is refused there. */
#include "common/compat.h"

#include <string.h>
#include <unistd.h>

#include "regress/lib/hostile/deliver.h"
#include "regress/lib/hostile/hostile.h"

static struct uidrange	 all[] = { { 1, 1000 } };
#define ALL	{ all, 1, 0 }

static const struct mbox_list		 list = { .fresh = true,
					    .counts = true };
static const struct mbox_list		 cached = { .counts = true };
static const struct mbox_select		 selects = { STR("INBOX"), false };
static const struct mbox_select		 examines = { STR("INBOX"), true };
static const struct mbox_box		 inbox = { 1 };
static const struct mbox_create		 create = { .name = STR("new") };
static const struct mbox_delete		 delete = { .name = STR("Sent") };
static const struct mbox_rename		 renames = { .from = STR("INBOX"),
					    .to = STR("Went") };
static const struct mbox_subscribe	 subscribe = { STR("new"), true };
static const struct mbox_idle		 idle = { true };
static const struct mbox_meta		 metas = { .box = 1, .uids = ALL,
					    .what = 0x7f };
static const struct mbox_body		 bodies = { .box = 1, .uids = ALL,
					    .length = UINT64_MAX };
static const struct mbox_store		 store = { .box = 1, .uids = ALL,
					    .flags = MBOX_DELETED,
					    .unchangedsince = UINT64_MAX };
static const struct mbox_copy		 copy = { .box = 1, .uids = ALL,
					    .to = STR("Sent") };
static const struct mbox_expunge	 expunge = { .box = 1 };

static const struct {
	enum msg_type	 type;
	const void	*req;
} rows[] = {
	{ IMSG_MBOX_LIST, &list }, { IMSG_MBOX_LIST, &cached },
	{ IMSG_MBOX_SELECT, &selects }, { IMSG_MBOX_SELECT, &examines },
	{ IMSG_MBOX_UNSELECT, &inbox }, { IMSG_MBOX_META, &metas },
	{ IMSG_MBOX_BODY, &bodies }, { IMSG_MBOX_POLL, NULL },
	{ IMSG_MBOX_IDLE, &idle }, { IMSG_MBOX_CREATE, &create },
	{ IMSG_MBOX_DELETE, &delete }, { IMSG_MBOX_RENAME, &renames },
	{ IMSG_MBOX_SUBSCRIBE, &subscribe }, { IMSG_MBOX_STORE, &store },
	{ IMSG_MBOX_COPY, &copy }, { IMSG_MBOX_MOVE, &copy },
	{ IMSG_MBOX_EXPUNGE, &expunge }
};

static uint32_t
request(int fd, size_t i)
{
	if (rows[i].req == NULL)
		(void)frame_put(fd, rows[i].type, ++next_id, NULL, 0, -1);
	else
		(void)struct_put(fd, rows[i].type, ++next_id,
		    msg_rule(rows[i].type)->ws, rows[i].req, -1);
	return next_id;
}

void
try_requests(void)
{
	static struct frame	f;
	struct append_open	open = { STR("INBOX"), false };
	uint32_t		id;
	size_t			i;
	int			fd, before, r;

	/* Alone; and all at once, in the middle of an APPEND. */
	for (i = 0; i < nitems(rows); i++) {
		before = told;
		fd = rcpt_session(conf.victim);
		r = fd == -1 ? 1 : answer_wait(fd, request(fd, i), &f,
		    PATIENCE);
		result(r != 1 && told == before, "%s to the victim (%s)",
		    msg_name(rows[i].type), outcome(r));
		close(fd);
	}
	before = told;
	if ((fd = rcpt_session(conf.victim)) == -1)
		return;
	(void)struct_put(fd, IMSG_APPEND_OPEN, ++next_id, &append_open_wire,
	    &open, -1);
	for (i = 0, r = 0; i < nitems(rows) && r == 0; i++) {
		id = request(fd, i);
		r = answer_wait(fd, id, &f, PATIENCE);
	}
	result(r != 1 && told == before, "the same, amid an APPEND");
	close(fd);
}

/* What a granted channel is for: both ways to append, to whom it was granted,
 * with no parcel and with one. */
void
try_append(void)
{
	static struct frame	f;
	static const char	mail[] = "Subject: attacker 1\r\n\r\nbody\r\n";
	struct append_open	open = { STR("INBOX"), false };
	struct append_msg	msg = { .size = sizeof(mail) - 1,
				    .digest = STR("\1") };
	int			fd = rcpt_session(conf.victim);
	uint32_t		id = ++next_id;

	(void)struct_put(fd, IMSG_APPEND_OPEN, id, &append_open_wire, &open,
	    -1);
	while (frame_get(fd, &f, PATIENCE) == 1 &&
	    f.type != IMSG_DATA_CREDIT)
		frame_drop(&f);
	(void)frame_put(fd, IMSG_APPEND_DATA, id, mail, sizeof(mail) - 1, -1);
	(void)struct_put(fd, IMSG_APPEND_MSG, id, &append_msg_wire, &msg, -1);
	(void)frame_put(fd, IMSG_APPEND_DONE, id, NULL, 0, -1);
	result(answer_wait(fd, id, &f, PATIENCE) == 1, "APPEND to the victim");
	result(deliver_mail(fd, "attacker", 2), "APPEND_PARCEL to the victim");
	close(fd);
}
