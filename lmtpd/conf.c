#include "lmtpd/conf.h"

struct lmtpd_conf conf;
