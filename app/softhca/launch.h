/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The launcher's commands, and what they share. A command returns the exit status of the process
 * and has said on stderr what went wrong, in one line.
 */
#ifndef SOFTHCA_LAUNCH_H
#define SOFTHCA_LAUNCH_H

/* argv[0] is the name of the command. */
int launch_run(int argc, char **argv);
int launch_stat(int argc, char **argv);
int launch_inject(int argc, char **argv);
int launch_profiles(int argc, char **argv);

/* As sysexits and shells have it. */
enum { EXIT_USAGE = 2, EXIT_LAUNCH = 125, EXIT_NOEXEC = 126, EXIT_NOTFOUND = 127 };

/* One line on stderr: "softhca: ...". */
__attribute__((format(printf, 1, 2))) void launch_complain(const char *fmt, ...);
/* From now on it is about this line of a file ("softhca: FILE:LINE: ..."); NULL: no more. */
void launch_complain_in(const char *path, unsigned int line);

#endif
