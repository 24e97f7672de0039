/* The one style sheet. */
#ifndef ADMIND_WEB_STYLE_H
#define ADMIND_WEB_STYLE_H

extern const char *const style_sheet;

#endif
