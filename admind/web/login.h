/* /admin/login: the only page for who is not logged in. */
#ifndef ADMIND_WEB_LOGIN_H
#define ADMIND_WEB_LOGIN_H

#include "admind/http/answer.h"
#include "admind/http/head.h"
#include "admind/web/web.h"

/* GET, or POST with w->form.  Answers by w->answer, now or later. */
void	 login_show(struct web *w, const struct head *h);
void	 login_post(struct web *w, const struct head *h);
/* 303 to it, and then back to where; gone: the session has ended. */
void	 login_redirect(struct answer *a, struct web *w, struct str where,
	    bool gone);

#endif
