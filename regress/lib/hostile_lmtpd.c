/*
 * A taken-over lmtpd (hostile/hostile.h says how it is run): whatever it says
 * to authd, storaged and credd, it can append to the recipients that it is
 * granted, read nothing and change nothing.  Number 1 delivers to the victim
 * all the while, numbered mails, and keeps a parcel that number 0 would like to
 * have.  Both are granted anyone who gets mail here: that is what an lmtpd is
 * for.
 */
#include "common/compat.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/msg.h"
#include "common/proc_kind.h"
#include "regress/lib/hostile/deliver.h"
#include "regress/lib/hostile/hostile.h"

int	 auth = -1, sign = -1;

static void
begin(void)
{
	auth = channel_of(PROC_AUTHD);
	sign = channel_of(PROC_CREDD);
	(void)channel_of(PROC_STORAGED);
}

static int
new_session(void)
{
	return rcpt(conf.user);
}

bool
still_serves(void)
{
	static int	number;
	int		fd = session();
	bool		ok = fd != -1 && deliver_mail(fd, "own", ++number);

	if (fd != -1)
		close(fd);
	return ok;
}

/* What happens to the victim's mailboxes is not told to who does not ask. */
static void
look_at(int watch)
{
	static struct frame	f;
	int			n = 0;

	while (frame_get(watch, &f, 0) == 1) {
		n++;
		frame_drop(&f);
	}
	result(watch != -1 && n == 0, "%d words of what the victim does", n);
	close(watch);
	result(told == 0, "%d words of the victim's mailboxes", told);
	result(uids_told == 0, "%d answers with more than OK", uids_told);
}

static bool
attack(int phase)
{
	uint8_t	noise[4096];
	int	watch, i;

	if (phase != 0) {
		result(false, "lmtpd was ended");
		return true;
	}
	result(still_serves(), "an lmtpd's ordinary delivery");
	for (i = 0; i < 300 && !state->ready; i++)
		(void)poll(NULL, 0, 100);
	result(state->ready, "the other one is there");
	watch = rcpt_session(conf.victim);
	try_recipients();
	try_requests();
	try_append();
	try_others_parcels();
	try_lies();
	try_keys();
	try_targets();
	try_digests();
	try_jobs();
	try_wrong_types();
	try_garbage();
	try_starving();
	try_signatures();
	try_sign_garbage();
	try_recipient_garbage();
	try_recipient_flood();
	try_parcel_garbage();
	try_parcel_flood();
	look_at(watch);
	memset(noise, 0xa5, sizeof(noise));
	(void)raw_put(auth, noise, sizeof(noise), -1, PATIENCE);
	result(is_cut(auth, PATIENCE), "garbage to authd");
	(void)raw_put(channel_of(PROC_STORAGED), noise, sizeof(noise), -1,
	    PATIENCE);
	result(is_cut(channel_of(PROC_STORAGED), PATIENCE),
	    "garbage to storaged");
	return true;
}

/* A delivery to the victim. */
static bool
round_of(void)
{
	static struct frame	f;
	static const char	secret[] = "Subject: kept\r\n\r\nsecret\r\n";
	static int		number;
	int			fd;
	bool			ok;

	if (number == 0 && parcel_put(secret, sizeof(secret) - 1) != 1)
		return false;
	if (!state->ready && jobs_offered() < conf.offers)
		while (parcel_frame(&f, 0) == 1)
			frame_drop(&f);
	if ((fd = rcpt_session(conf.victim)) == -1)
		return false;
	ok = deliver_mail(fd, "witness", ++number);
	close(fd);
	if (jobs_offered() >= conf.offers) {
		state->job = job_first();
		state->ready = true;
	}
	return ok;
}

const struct hostile	 hostile = {
	.name = "lmtpd",
	.kind = PROC_LMTPD,
	.again = true,
	.channels = {
		[PROC_AUTHD] = MSG_CHANNEL_RCPT,
		[PROC_CREDD] = MSG_CHANNEL_SIGN,
		[PROC_STORAGED] = MSG_CHANNEL_PARCEL
	},
	.begin = begin,
	.attack = attack,
	.round = round_of,
	.session = new_session
};

int
main(void)
{
	hostile_run();
}
