/* SPDX-License-Identifier: BSD-3-Clause */
/* What a profile lacks is neither reported nor accepted; what the host sets up arrives. */
#include <errno.h>
#include <string.h>

#include "fw/flow_counter.h"
#include "rig.h"

enum { GENERAL = 0, NIC_FLOW_TABLE = 7, VIRTIO = 0x13 };

static uint64_t cap(struct rig *rig, unsigned int group, enum field_id f)
{
	static struct mbox mb;

	mb_begin(&mb, "query_hca_cap");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), group << 1 | 1);
	mb.out_len = 16 + 4096;
	assert_int_equal(hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	return mb_answer(&mb, CMD_HDR_LEN * 8, f);
}

static uint64_t virtio_cap(struct rig *rig, enum field_id f)
{
	return cap(rig, VIRTIO, f);
}

/* What one profile changes: the capability, and a command that needs it. */
struct lack {
	const char *what;
	void (*take)(struct hca_profile *profile);
	uint16_t cap;
	uint64_t with, without;
	/* At creation of a queue, or, with select, at a modification in INIT. */
	uint64_t select;
	uint16_t field;
	uint64_t value;
	enum syndrome why;
};

#define TAKE(name, change)                                                                         \
	static void no_##name(struct hca_profile *p)                                               \
	{                                                                                          \
		change;                                                                            \
	}

TAKE(split, p->split = false)
TAKE(packed, p->packed = false)
TAKE(version_1, p->version_1 = false)
TAKE(host_tso4, p->offloads &= (uint16_t)~HCA_OFFLOAD_HOST_TSO4)
TAKE(host_tso6, p->offloads &= (uint16_t)~HCA_OFFLOAD_HOST_TSO6)
TAKE(csum, p->offloads &= (uint16_t)~HCA_OFFLOAD_CSUM)
TAKE(guest_csum, p->offloads &= (uint16_t)~HCA_OFFLOAD_GUEST_CSUM)
TAKE(guest_tso4, p->offloads &= (uint16_t)~HCA_OFFLOAD_GUEST_TSO4)
TAKE(guest_tso6, p->offloads &= (uint16_t)~HCA_OFFLOAD_GUEST_TSO6)
TAKE(guest_ecn, p->offloads &= (uint16_t)~HCA_OFFLOAD_GUEST_ECN)
TAKE(host_ecn, p->offloads &= (uint16_t)~HCA_OFFLOAD_HOST_ECN)
TAKE(mrg_rxbuf, p->offloads &= (uint16_t)~HCA_OFFLOAD_MRG_RXBUF)
TAKE(modify_ext, p->vnet_modify_ext = false)
TAKE(addr_modify, p->addr_modify = false)
TAKE(index_modify, p->index_modify = false)
TAKE(many, p->max_queues = 4)
TAKE(dirty_log, p->dirty_log = false)

#define C(name) FLD(virtio_emulation_cap, name)
#define Q(name) FLD(virtio_q, name)
#define N(name) FLD(virtio_net_q, name)

static const struct lack lacks[] = {
    {"split",	      no_split,        C(virtio_queue_type),        3,   2, 0,       Q(virtio_q_type),            0, SYND(VQ_TYPE)      },
    {"packed",             no_packed,       C(virtio_queue_type),        3,   1, 0,       Q(virtio_q_type),            1, SYND(VQ_TYPE)      },
    {"version_1",          no_version_1,    C(virtio_version_1_0),       1,   0, 0,       Q(virtio_version_1_0),       1,
     SYND(VQ_VERSION)															},
    {"host_tso4",          no_host_tso4,    C(tso_ipv4),                 1,   0, 0,       N(tso_ipv4),                 1, SYND(VQ_OFFLOAD)   },
    {"host_tso6",          no_host_tso6,    C(tso_ipv6),                 1,   0, 0,       N(tso_ipv6),                 1, SYND(VQ_OFFLOAD)   },
    {"csum",	       no_csum,         C(tx_csum),                  1,   0, 0,       N(tx_csum),                  1, SYND(VQ_OFFLOAD)   },
    {"guest_csum",         no_guest_csum,   C(rx_csum),                  1,   0, 0,       N(rx_csum),                  1, SYND(VQ_OFFLOAD)   },
    {"guest_tso4",         no_guest_tso4,   C(guest_tso4),               1,   0, 0,       N(guest_tso4),               1, SYND(VQ_OFFLOAD)   },
    {"guest_tso6",         no_guest_tso6,   C(guest_tso6),               1,   0, 0,       N(guest_tso6),               1, SYND(VQ_OFFLOAD)   },
    {"guest_ecn",          no_guest_ecn,    C(guest_ecn),                1,   0, 0,       N(guest_ecn),                1, SYND(VQ_OFFLOAD)   },
    {"host_ecn",           no_host_ecn,     C(host_ecn),                 1,   0, 0,       N(host_ecn),                 1, SYND(VQ_OFFLOAD)   },
    {"mrg_rxbuf",          no_mrg_rxbuf,    C(mrg_rxbuf),                1,   0, 0,       N(mrg_rxbuf),                1, SYND(VQ_OFFLOAD)   },
    {"mrg_rxbuf later",    no_mrg_rxbuf,    C(mrg_rxbuf),                1,   0, 1 << 12, N(mrg_rxbuf),                1,
     SYND(VQ_OFFLOAD)															},
    {"modify_ext",         no_modify_ext,   C(vnet_modify_ext),          1,   0, 1 << 12, N(tx_csum),                  1,
     SYND(VQ_MODIFY_EXT)														     },
    {"modify_ext, key",    no_modify_ext,   C(vnet_modify_ext),          1,   0, 0,       Q(virtio_q_mkey),            0,
     SYND(NO_SUCH_OBJECT)														    },
    {"addr_modify",        no_addr_modify,  C(virtio_net_q_addr_modify), 1,   0, 1 << 6,  Q(desc_addr),                0,
     SYND(VQ_MODIFY_EXT)														     },
    {"addr_modify, key",   no_addr_modify,  C(virtio_net_q_addr_modify), 1,   0, 0,       Q(virtio_q_mkey),            0,
     SYND(NO_SUCH_OBJECT)														    },
    {"index_modify",       no_index_modify, C(virtio_q_index_modify),    1,   0, 1 << 7,  N(hw_available_index),
     1,														   SYND(VQ_MODIFY_EXT)},
    {"index_modify, used", no_index_modify, C(virtio_q_index_modify),    1,   0, 1 << 8,
     N(hw_used_index),												 1, SYND(VQ_MODIFY_EXT)},
    {"index_modify, key",  no_index_modify, C(virtio_q_index_modify),    1,   0, 0,       Q(virtio_q_mkey),            0,
     SYND(NO_SUCH_OBJECT)														    },
    {"many queues",        no_many,         C(max_num_virtio_queues),    256, 4, 0,       Q(queue_index),              4,
     SYND(VQ_INDEX)															  },
    {"dirty_log",          no_dirty_log,    C(event_mode),               3,   3, 1 << 3,  N(dirty_bitmap_mkey),        0,
     SYND(VQ_DIRTY_LOG)														      },
    {"dirty_log, enable",  no_dirty_log,    C(event_mode),               3,   3, 1 << 4,  N(dirty_bitmap_dump_enable), 0,
     SYND(VQ_DIRTY_LOG)														      },
};

/* A queue that stays clear of what is taken away. */
static void plain_virtq(struct rig *rig, struct mbox *mb, const struct hca_obj *tis)
{
	const struct hca_profile *p = &rig->hca->profile;

	good_virtq(rig, mb, tis);
	mb_set(mb, Q(virtio_q_type), !p->split);
	mb_set(mb, Q(virtio_version_1_0), p->version_1);
}

static void try_lack(const struct lack *l, bool lacking)
{
	struct hca_profile p = hca_profile_default;
	struct hca_obj *td, *tis, *obj;
	struct mbox mb;
	struct rig rig;

	if (lacking)
		l->take(&p);
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	tis = make_tis(&rig, &td);
	assert_int_equal(virtio_cap(&rig, l->cap), lacking ? l->without : l->with);
	plain_virtq(&rig, &mb, tis);
	if (l->select) {
		obj = mb_create(&mb, rig.a);
		mb_begin(&mb, "modify_virtio_net_q");
		mb_set(&mb, N(modify_field_select), l->select);
		mb_set(&mb, l->field, l->value);
		if (lacking)
			mb_modify_refused(&mb, rig.a, obj, l->why);
		else if (l->select != 1 << 6)
			mb_modify(&mb, obj);
	} else {
		mb_set(&mb, l->field, l->value);
		if (lacking)
			mb_create_refused(&mb, rig.a, l->why);
		else
			mb_create(&mb, rig.a);
	}
	rig_end(&rig);
}

static void profile_lacks_capability_refused(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		print_message("%s\n", lacks[i].what);
		try_lack(&lacks[i], false);
		try_lack(&lacks[i], true);
	}
}

static void offloads_reach_datapath(void **state)
{
	static const struct {
		uint16_t field;
		uint32_t flag;
	} bits[] = {
	    {N(tso_ipv4),   VQ_F_HOST_TSO4 },
            {N(tso_ipv6),   VQ_F_HOST_TSO6 },
	    {N(tx_csum),    VQ_F_CSUM      },
            {N(rx_csum),    VQ_F_GUEST_CSUM},
	    {N(guest_tso4), VQ_F_GUEST_TSO4},
            {N(guest_tso6), VQ_F_GUEST_TSO6},
	    {N(guest_ecn),  VQ_F_GUEST_ECN },
            {N(host_ecn),   VQ_F_HOST_ECN  },
	    {N(mrg_rxbuf),  VQ_F_MRG_RXBUF },
	};
	struct rig *rig = *state;
	struct hca_obj *td, *tis = make_tis(rig, &td), *obj;
	struct mbox mb;
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		good_virtq(rig, &mb, tis);
		mb_set(&mb, bits[i].field, 1);
		obj = mb_create(&mb, rig->a);
		set_state(obj, VQ_RDY);
		assert_int_equal(double_vq(0, 0)->attr.flags, VQ_F_VERSION_1 | bits[i].flag);
		destroy(obj);
	}
}

static void profile_freeze_to_rdy_missing(void **state)
{
	struct hca_profile p = hca_profile_default;
	struct hca_obj *td, *tis, *obj;
	struct mbox mb;
	struct rig rig;

	(void)state;
	p.freeze_to_rdy = false;
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	assert_int_equal(virtio_cap(&rig, C(freeze_to_rdy_supported)), 0);
	tis = make_tis(&rig, &td);
	obj = queue_in(&rig, tis, VQ_SUSPEND);
	request_state(&mb, VQ_RDY);
	mb_modify_refused(&mb, rig.a, obj, SYND(VQ_FREEZE));
	assert_int_equal(mb_answer(&mb, 0, FLD(out_hdr, status)), 0x9);
	assert_int_equal(state_of(obj), VQ_SUSPEND);
	rig_end(&rig);
}

static void profile_small_queues(void **state)
{
	struct hca_profile p = hca_profile_default;
	struct hca_obj *td, *tis;
	struct mbox mb;
	struct rig rig;

	(void)state;
	p.max_queue_size = 64;
	p.max_queues = 2;
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	tis = make_tis(&rig, &td);
	good_virtq(&rig, &mb, tis);
	mb_create(&mb, rig.a);
	mb_set(&mb, Q(queue_size), 128);
	mb_create_refused(&mb, rig.a, SYND(VQ_SIZE));
	good_virtq(&rig, &mb, tis);
	mb_create(&mb, rig.a);
	mb_create_refused(&mb, rig.a, SYND(VQ_TOO_MANY));
	rig_end(&rig);
}

static void profile_without_virtio(void **state)
{
	struct hca_profile p = hca_profile_default;
	struct mbox mb;
	struct rig rig;
	uint32_t page;

	(void)state;
	p.virtio = false;
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	assert_int_equal(cap(&rig, GENERAL, FLD(cmd_hca_cap, general_obj_types)), 0);
	mb_begin(&mb, "query_hca_cap");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), VIRTIO << 1);
	mb_create_refused(&mb, rig.a, SYND(CAP_TYPE));
	mb_begin(&mb, "create_virtio_net_q");
	mb_create_refused(&mb, rig.a, SYND(UNKNOWN_OP_MOD));
	mb_begin(&mb, "create_virtio_q_counters");
	mb_create_refused(&mb, rig.a, SYND(UNKNOWN_OP_MOD));
	assert_int_equal(hca_var_alloc(rig.a, rig.var_page, &page), -EOPNOTSUPP);
	rig_end(&rig);
}

static void profile_without_counters(void **state)
{
	struct hca_profile p = hca_profile_default;
	struct mbox mb;
	struct rig rig;

	(void)state;
	p.queue_counters = false;
	p.flow_counters = false;
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	assert_int_equal(cap(&rig, GENERAL, FLD(cmd_hca_cap, general_obj_types)), 1 << 0x0d);
	assert_int_equal(cap(&rig, GENERAL, FLD(cmd_hca_cap, flow_counter_bulk_alloc)), 0);
	mb_begin(&mb, "create_virtio_q_counters");
	mb_create_refused(&mb, rig.a, SYND(UNKNOWN_OP_MOD));
	mb_begin(&mb, "alloc_flow_counter");
	mb_create_refused(&mb, rig.a, SYND(UNKNOWN_OPCODE));
	rig_end(&rig);
}

/* Of the NIC's receive tables. */
static uint64_t ft_cap(struct rig *rig, enum field_id field)
{
	uint32_t base = fields[FLD(flow_table_nic_cap, flow_table_properties_nic_receive)].offset;
	struct mbox mb;

	mb_begin(&mb, "query_hca_cap");
	field_set(mb.in, 0, FLD(cmd_hdr, op_mod), NIC_FLOW_TABLE << 1);
	assert_int_equal(hca_cmd(rig->a, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	return mb_answer(&mb, CMD_HDR_LEN * 8 + base, field);
}

static void profile_without_flow_tables(void **state)
{
	static const char *const names[] = {"create_flow_table", "create_flow_group",
					    "set_flow_table_entry"};
	struct hca_profile p = hca_profile_default;
	struct mbox mb;
	struct rig rig;

	(void)state;
	p.flow_tables = false;
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	/* The root table is there. */
	assert_int_equal(ft_cap(&rig, FLD(flow_table_prop_layout, ft_support)), 1);
	assert_int_equal(ft_cap(&rig, FLD(flow_table_prop_layout, max_ft_level)), 0);
	assert_int_equal(ft_cap(&rig, FLD(flow_table_prop_layout, log_max_ft_size)), 0);
	for (unsigned int i = 0; i < 3; i++) {
		mb_begin(&mb, names[i]);
		mb_create_refused(&mb, rig.a, SYND(UNKNOWN_OPCODE));
	}
	rig_end(&rig);
}

static void profile_limits_flow_tables(void **state)
{
	struct hca_profile p = hca_profile_default;
	struct mbox mb;
	struct rig rig;

	(void)state;
	p.max_ft_level = 3;
	p.log_max_ft_size = 5;
	rig_make_profile(&rig, NULL, &p);
	rig_fill(&rig);
	assert_int_equal(ft_cap(&rig, FLD(flow_table_prop_layout, max_ft_level)), 3);
	assert_int_equal(ft_cap(&rig, FLD(flow_table_prop_layout, log_max_ft_size)), 5);
	mb_begin(&mb, "create_flow_table");
	mb_set(&mb, FLD(flow_table_context, level), 4);
	mb_set(&mb, FLD(flow_table_context, log_size), 5);
	mb_create_refused(&mb, rig.a, SYND(FT_LEVEL));
	mb_set(&mb, FLD(flow_table_context, level), 3);
	mb_set(&mb, FLD(flow_table_context, log_size), 6);
	mb_create_refused(&mb, rig.a, SYND(FT_SIZE));
	mb_set(&mb, FLD(flow_table_context, log_size), 5);
	destroy(mb_create(&mb, rig.a));
	rig_end(&rig);
}

static void default_profile_reports_all(void **state)
{
	struct rig *rig = *state;
	uint32_t page;

	assert_string_equal(rig->hca->profile.fw_version, "22.35.1012");
	assert_int_equal(rig->hca->profile.pci_device, 0x101d);
	assert_int_equal(cap(rig, GENERAL, FLD(cmd_hca_cap, flow_counter_bulk_alloc)),
			 FLOW_COUNTER_BULKS);
	assert_int_equal(ft_cap(rig, FLD(flow_table_prop_layout, flow_counter)), 1);
	assert_int_equal(ft_cap(rig, FLD(flow_table_prop_layout, max_ft_level)), DP_RX_LEVEL_MAX);
	assert_int_equal(hca_var_alloc(rig->a, rig->var_page, &page), 0);
}

static void create_hca_bad_profile_einval(void **state)
{
	struct hca_config cfg = {.functions = 1, .threads = 1};
	struct hca_profile p = hca_profile_default;
	struct hca *hca;

	(void)state;
	cfg.profile = &p;
#define BAD(change)                                                                                \
	p = hca_profile_default;                                                                   \
	change;                                                                                    \
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL)
	BAD(p.offloads |= 1);
	BAD(p.max_queues = 257);
	BAD(p.max_queues = 1);
	BAD(p.max_queue_size = 48);
	BAD(p.max_queue_size = 0);
	BAD(p.split = p.packed = false);
	BAD(p.max_mtu = 9217);
	BAD(p.max_mtu = 60);
	BAD(p.max_ft_level = 0);
	BAD(p.max_ft_level = 16);
	BAD(p.log_max_ft_size = 21);
#undef BAD
}

static void function_settings_arrive(void **state)
{
	struct hca_func_config func[3] = {
	    {.mac = {2, 0, 0, 0, 0, 0x77}, .vlan = 5, .spoof_check = true, .mtu = 9000}
        };
	struct hca_config cfg = {.functions = 3, .threads = 1, .func = func};
	struct hca_ctx *ctx;
	struct hca *hca;
	struct mbox mb;

	(void)state;
	assert_int_equal(hca_create(&cfg, &hca), 0);
	assert_memory_equal(double_dp->ports[0].mac, func[0].mac, 6);
	assert_int_equal(double_dp->ports[0].policy.vlan, 5);
	assert_true(double_dp->ports[0].policy.spoof_check);
	assert_int_equal(double_dp->ports[0].policy.mtu, 9000);
	assert_memory_equal(double_dp->ports[1].mac, "\x02\x5f\x7c\xa0\x00\x01", 6);
	assert_int_equal(double_dp->ports[1].policy.mtu, 1500);
	assert_int_equal(hca_ctx_open(hca, 0, &ctx), 0);
	mb_begin(&mb, "query_nic_vport_context");
	assert_int_equal(hca_cmd(ctx, mb.in, mb.in_len, mb.out, mb.out_len), 0);
	assert_int_equal(mb_answer(&mb, 128, FLD(nic_vport_context, permanent_address)),
			 0x020000000077);
	assert_int_equal(mb_answer(&mb, 128, FLD(nic_vport_context, mtu)), 9000 + 22);
	hca_ctx_close(ctx);
	hca_destroy(hca);
	func[2].mtu = 67;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	func[2].mtu = 9217;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	func[2].mtu = 0;
	func[2].vlan = 4095;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
	func[2].vlan = 0;
	func[2].mac[0] = 1;
	assert_int_equal(hca_create(&cfg, &hca), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	    cmocka_unit_test(profile_lacks_capability_refused),
	    T(offloads_reach_datapath),
	    cmocka_unit_test(profile_freeze_to_rdy_missing),
	    cmocka_unit_test(profile_small_queues),
	    cmocka_unit_test(profile_without_virtio),
	    cmocka_unit_test(profile_without_counters),
	    cmocka_unit_test(profile_without_flow_tables),
	    cmocka_unit_test(profile_limits_flow_tables),
	    T(default_profile_reports_all),
	    cmocka_unit_test(create_hca_bad_profile_einval),
	    cmocka_unit_test(function_settings_arrive),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
