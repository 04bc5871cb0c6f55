/* SPDX-License-Identifier: BSD-3-Clause */
#include "help.h"

#include "options.h"

const char ctl_help[] =
    "Usage: vdpactl [OPTION ...] OBJECT COMMAND [WORD ...]\n"
    "\n"
    "Virtio NICs of this host, made of parts of a real one (vDPA) and looked after\n"
    "by vdpad.\n"
    "\n"
    "  mgmtdev show            which NICs can carry devices, and what they support\n"
    "  dev add, del, set       make a device, remove it, change it\n"
    "  dev show                what devices were made as; with -j to make them again\n"
    "  dev config show         what their guests see now\n"
    "  dev vstats show         counters of their queues\n"
    "  dev state save, load    what a guest has set of its device\n"
    "  dev compat, baseline    can a device be there, too? what can all hosts do?\n"
    "  dev dump, retry         when something is wrong\n"
    "  model show              named sets of features\n"
    "  daemon show             vdpad itself\n"
    "  monitor                 rates of all queues, live\n"
    "\n"
    "Every OBJECT and COMMAND explains itself: vdpactl dev add help. A word may be\n"
    "cut short: d sh.\n"
    "\n"
    "  -j, --json              one line of JSON\n"
    "  -p, --pretty            with -j: JSON to read\n"
    "  -s, --socket PATH       where vdpad answers; else $VDPACTL_SOCKET, else\n"
    "                          " CTL_DEFAULT_SOCKET "\n"
    "  -t, --timeout SECONDS   how long it may take (60)\n"
    "  -V, --Version           the version\n"
    "  -h, --help              this text, or that of the words before it\n"
    "\n"
    "Exit status: 0, or 1 and one line on standard error.\n"
    "\n"
    "A first device:\n"
    "  vdpactl mgmtdev show\n"
    "  vdpactl dev add name vm1 mgmtdev mlx5_0 mac 02:00:00:00:00:01\n"
    "  vdpactl dev show vm1      (with its socket, for QEMU's -chardev socket,path=)\n"
    "  vdpactl dev config show vm1\n"
    "  vdpactl dev del vm1\n";

const char ctl_help_mgmtdev[] =
    "Usage: vdpactl [-j [-p]] mgmtdev show [MGMTDEV]\n"
    "\n"
    "What can carry devices, the *parents*: what each supports (dev_features,\n"
    "iproute2's word for supported features, and their mask), what every device\n"
    "must have (mandatory_features) and has if nothing is said\n"
    "(inherited_features), what can be set (attrs) and how much is left.\n"
    "\n"
    "  vdpactl mgmtdev show\n"
    "  vdpactl -j mgmtdev show > host1.json      for vdpactl baseline\n";

const char ctl_help_dev[] =
    "Usage: vdpactl dev COMMAND ...\n"
    "\n"
    "  vdpactl dev show [DEV]\n"
    "  vdpactl dev add name NAME mgmtdev MGMTDEV [WORD VALUE ...]\n"
    "  vdpactl dev add -f FILE\n"
    "  vdpactl dev del DEV\n"
    "  vdpactl dev set name NAME { mac MAC | mtu MTU | link up|down }\n"
    "  vdpactl dev config show [DEV]\n"
    "  vdpactl dev vstats show DEV [qidx QUEUE]\n"
    "  vdpactl dev state save DEV\n"
    "  vdpactl dev state load DEV FILE\n"
    "  vdpactl dev compat FILE MGMTDEV [allow mac_table]\n"
    "  vdpactl dev dump DEV\n"
    "  vdpactl dev retry DEV\n"
    "\n"
    "Each explains itself: vdpactl dev add help\n";

const char ctl_help_dev_add[] =
    "Usage: vdpactl dev add name NAME mgmtdev MGMTDEV [WORD VALUE ...] | -f FILE\n"
    "\n"
    "Makes the device NAME of MGMTDEV (see vdpactl mgmtdev show). It stays, across\n"
    "restarts of vdpad and of the host, until dev del. Features are what a device\n"
    "offers; exactly those, or an error:\n"
    "\n"
    "  device_features MASK    these bits, in hexadecimal\n"
    "  model MODEL             those of a model (vdpactl model show)\n"
    "  features_default on|off|inherited   else: all that is supported, only what is\n"
    "                          mandatory, or what the parent gives by itself\n"
    "  FEATURE on|off          one on top of that, by name: csum off\n"
    "\n"
    "  mac MAC                 its address; devices of one parent are told apart by\n"
    "                          it. It needs the feature MAC, as mtu needs MTU\n"
    "  mtu MTU                 largest packet, from 68\n"
    "  max_vqp N               queue pairs; more than one needs MQ\n"
    "  max_vq_size N           descriptors of a queue\n"
    "  mac_table_size N        addresses that a guest can filter by, of each kind\n"
    "  mode transitional|modern|legacy     which drivers it serves\n"
    "  trust on|off            may the guest change its address and filters?\n"
    "  cvq_core N              CPU of the control queue, -1: any near the NIC\n"
    "  socket PATH             its vhost-user socket; else one is made from its name\n"
    "  client on|off           on: the front-end owns the socket (QEMU: server=on)\n"
    "\n"
    "  -f FILE                 devices as \"dev show -j\" prints them; - is standard\n"
    "                          input\n"
    "\n"
    "  vdpactl dev add name vm1 mgmtdev mlx5_0 mac 02:00:00:00:00:01 mtu 1500\n"
    "  vdpactl dev add name vm2 mgmtdev mlx5_1 device_features 0x100020000\n"
    "  vdpactl dev add name vm3 mgmtdev mlx5_0 mac 02:00:00:00:00:03 csum off\n"
    "  vdpactl -j dev show vm1 | ssh host2 vdpactl dev add -f -  # the same there\n";

const char ctl_help_dev_show[] =
    "Usage: vdpactl [-j [-p]] dev show [DEV]\n"
    "\n"
    "What devices were made as, and whether a guest uses them (status). \"set\"\n"
    "names what was asked for; all else is the parent's default, written out. With\n"
    "-j it is all that makes the device again: vdpactl -j dev show vm1 > vm1.json;\n"
    "vdpactl dev add -f vm1.json\n";

const char ctl_help_dev_del[] =
    "Usage: vdpactl dev del DEV\n"
    "\n"
    "Removes a device. Its guest, if there is one, is disconnected.\n";

const char ctl_help_dev_set[] =
    "Usage: vdpactl dev set name NAME { mac MAC | mtu MTU | link up|down }\n"
    "\n"
    "Changes what a device was made as; running guests are told where virtio has a\n"
    "way to.\n"
    "\n"
    "  vdpactl dev set name vm1 link down\n"
    "  vdpactl dev set name vm1 mac 02:00:00:00:00:07\n";

const char ctl_help_dev_config[] =
    "Usage: vdpactl [-j [-p]] dev config show [DEV]\n"
    "\n"
    "What guests see now: the address, which a guest may have changed, the link,\n"
    "the features offered (device_features) and, while a driver runs, those it took\n"
    "(negotiated_features).\n";

const char ctl_help_dev_vstats[] =
    "Usage: vdpactl [-j [-p]] dev vstats show DEV [qidx QUEUE]\n"
    "\n"
    "Counters of a device's queues: 0 receives, 1 transmits, 2 receives, ... and\n"
    "the last one is the control queue. For rates: vdpactl monitor.\n";

const char ctl_help_dev_state[] =
    "Usage: vdpactl dev state save DEV | vdpactl dev state load DEV FILE\n"
    "\n"
    "What a guest has set of its device (address, filters, VLANs, queues in use),\n"
    "for the same guest on another host; memory and rings travel with the VMM. save\n"
    "prints JSON, load takes it from FILE (-: standard input) for the guest that\n"
    "connects next.\n"
    "\n"
    "  vdpactl dev state save vm1 > vm1.state\n"
    "  vdpactl dev state load vm1 vm1.state\n";

const char ctl_help_dev_compat[] =
    "Usage: vdpactl [-j [-p]] dev compat FILE MGMTDEV [allow mac_table]\n"
    "\n"
    "Could the devices in FILE (what \"dev show -j\" prints elsewhere; -: standard\n"
    "input) be made on MGMTDEV just as they are? Says what is in the way, and exits\n"
    "with 1 if something is. allow mac_table: a smaller table of addresses will do,\n"
    "more are received then.\n"
    "\n"
    "  ssh host1 vdpactl -j dev show vm1 | vdpactl dev compat - mlx5_0\n";

const char ctl_help_dev_dump[] =
    "Usage: vdpactl dev dump DEV\n"
    "\n"
    "All that the driver knows of a device, for somebody who looks for a fault.\n";

const char ctl_help_dev_retry[] =
    "Usage: vdpactl dev retry DEV\n"
    "\n"
    "Tries again to make a device that could not be made when vdpad started\n"
    "(\"status failed\" in dev show, with the reason).\n";

const char ctl_help_model[] =
    "Usage: vdpactl [-j [-p]] model show [MODEL]\n"
    "\n"
    "Models: sets of features with a name, for \"dev add ... model MODEL\". They\n"
    "are files of vdpad's host (its configuration: models).\n";

const char ctl_help_daemon[] =
    "Usage: vdpactl [-j [-p]] daemon show\n"
    "\n"
    "vdpad: its version, its files, how it is.\n";

const char ctl_help_baseline[] =
    "Usage: vdpactl [-j [-p]] baseline FILE ...\n"
    "\n"
    "What all parents of all hosts can do: a device made of that can be on any of\n"
    "them. Each FILE is what \"mgmtdev show -j\" prints on a host; -: standard\n"
    "input. No vdpad is asked.\n"
    "\n"
    "  for h in host1 host2; do ssh $h vdpactl -j mgmtdev show > $h.json; done\n"
    "  vdpactl baseline host1.json host2.json\n";

const char ctl_help_monitor[] =
    "Usage: vdpactl [-j] monitor [-n COUNT] [-i SECONDS]\n"
    "\n"
    "Rates of all queues that guests use: on a terminal a table that is drawn anew,\n"
    "else block after block; with -j a line of JSON for each. The end: COUNT\n"
    "tables, or Ctrl-C.\n"
    "\n"
    "  vdpactl monitor -i 5\n"
    "  vdpactl -j monitor -n 1 -i 0.5\n";
