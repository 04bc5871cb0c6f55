/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the front-end says on stderr. Errors are reported once, where they are found, with the
 * device they concern; everything else only with -v. Nothing per frame.
 */
#ifndef FRONTEND_LOG_H
#define FRONTEND_LOG_H

enum fe_log_level { FE_LOG_NONE, FE_LOG_ERROR, FE_LOG_INFO, FE_LOG_TRACE };

/* Set once before the first thread starts; FE_LOG_ERROR unless told. */
extern enum fe_log_level fe_log_level;

void fe_log(enum fe_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define fe_error(...) fe_log(FE_LOG_ERROR, __VA_ARGS__)
#define fe_info(...)  fe_log(FE_LOG_INFO, __VA_ARGS__)
#define fe_trace(...) fe_log(FE_LOG_TRACE, __VA_ARGS__)

#endif
