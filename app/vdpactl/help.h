/* SPDX-License-Identifier: BSD-3-Clause */
/* What --help says, a text for each level of the commands; examples are meant to be tried. */
#ifndef VDPACTL_HELP_H
#define VDPACTL_HELP_H

extern const char ctl_help[], ctl_help_mgmtdev[], ctl_help_dev[], ctl_help_dev_add[],
    ctl_help_dev_show[], ctl_help_dev_del[], ctl_help_dev_set[], ctl_help_dev_config[],
    ctl_help_dev_vstats[], ctl_help_dev_state[], ctl_help_dev_compat[], ctl_help_dev_dump[],
    ctl_help_dev_retry[], ctl_help_model[], ctl_help_daemon[], ctl_help_baseline[],
    ctl_help_monitor[];

#endif
