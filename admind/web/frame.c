/*
 * No script, no image, nothing of another host: the policy in the headers says
 * so to the browser, which then takes no markup for one either that somebody
 * has smuggled in.
 */
#include "common/compat.h"

#include <string.h>

#include "admind/web/frame.h"
#include "admind/web/pages.h"

#define HTML	"text/html; charset=utf-8"

/*
 * With "no-referrer", a browser says "Origin: null" in a POST (Fetch, section
 * 3.1); "same-origin" tells others as little.
 */
static const char	 headers[] =
    "Content-Security-Policy: default-src 'none'; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
    "X-Robots-Tag: noindex\r\n";

static char	 node[256];

void
frame_init(const char *host)
{
	(void)strlcpy(node, host, sizeof(node));
}

/* "User ann" */
static void
put_title(struct buf *b, const struct web *w, const char *title)
{
	html_cstr(b, title);
	if (w->subject.len != 0) {
		html_raw(b, " ");
		html_text(b, w->subject);
	}
}

static void
menu(struct buf *b, const struct web *w)
{
	const struct web_page	*p;
	size_t			 i;

	html_raw(b, "<nav aria-label=\"Menu\">\n<ul>\n");
	for (i = 0; (p = pages_at(i)) != NULL; i++) {
		if (p->nav == NULL)
			continue;
		html_raw(b, "<li><a");
		html_attr(b, "href", str_from(p->path));
		if (p == w->page)
			html_raw(b, " aria-current=\"page\"");
		html_raw(b, ">");
		html_cstr(b, p->nav);
		html_raw(b, "</a></li>\n");
	}
	html_raw(b, "</ul>\n</nav>\n<form class=\"who\" method=\"post\""
	    " action=\"" PAGES_LOGOUT "\">");
	html_hidden(b, "csrf", str_from(w->csrf));
	if (w->user[0] != '\0') {
		html_raw(b, "<span>");
		html_cstr(b, w->user);
		html_raw(b, "</span> ");
	}
	html_raw(b, "<button>Log out</button></form>\n");
}

void
frame_begin(struct answer *a, const struct web *w, const char *title,
    bool nav)
{
	struct buf	*b = &a->body;

	a->type = HTML;
	a->extra = headers;
	buf_reset(b);
	html_raw(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\""
	    " content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	put_title(b, w, title);
	html_raw(b, " \xe2\x80\x93 Pail");
	if (node[0] != '\0') {
		html_raw(b, " on ");
		html_cstr(b, node);
	}
	html_raw(b, "</title>\n<link rel=\"stylesheet\" href=\"" PAGES_STYLE
	    "\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the"
	    " content</a>\n<header>\n<a class=\"brand\" href=\"" PAGES_ROOT
	    "\">Pail</a>\n");
	if (nav)
		menu(b, w);
	html_raw(b, "</header>\n<main id=\"main\" tabindex=\"-1\">\n<h1>");
	put_title(b, w, title);
	html_raw(b, "</h1>\n");
	if (w->why[0] != '\0') {
		html_raw(b, "<p class=\"error\" role=\"alert\" id=\"why\">");
		html_cstr(b, w->why);
		html_raw(b, "</p>\n");
	}
}

void
frame_notice(struct answer *a, const char *text)
{
	html_raw(&a->body, "<p class=\"notice\" role=\"status\">");
	html_cstr(&a->body, text);
	html_raw(&a->body, "</p>\n");
}

void
frame_end(struct answer *a, const struct web *w)
{
	struct buf	*b = &a->body;

	html_raw(b, "</main>\n<footer>Pail");
	/* Who is not logged in need not know which faults it may have. */
	if (w->user[0] != '\0' && w->version[0] != '\0') {
		html_raw(b, " ");
		html_cstr(b, w->version);
	}
	if (node[0] != '\0') {
		html_raw(b, " on ");
		html_cstr(b, node);
	}
	html_raw(b, "</footer>\n</body>\n</html>\n");
}

void
frame_error(struct answer *a, const struct web *w, int status,
    const char *title, const char *text, const char *path)
{
	a->status = status;
	frame_begin(a, w, title, false);
	html_raw(&a->body, "<p>");
	html_cstr(&a->body, text);
	html_raw(&a->body, "</p>\n<p><a");
	html_attr(&a->body, "href", str_from(path));
	html_raw(&a->body, ">Continue</a></p>\n");
	frame_end(a, w);
}

void
frame_redirect(struct answer *a, struct str location)
{
	buf_reset(&a->body);
	a->status = 303;
	a->extra = headers;
	(void)answer_field(a, "Location", location);
}
