/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps about what the device says of itself: configuration space and features. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "config_space.h"
#include "feature_names.h"
#include "frame.h"
#include "script_step.h"
#include "vhost_user.h"

static int look(struct fe_script *s, unsigned int len)
{
	return fe_dev_read_config(s->cfg->dev, len, s->config);
}

/* Are all FIELD=VALUE words so? -EINVAL: a field that does not exist. */
static int compare(struct fe_script *s, const struct fe_words *w, unsigned int len, bool tell)
{
	char text[32], name[32];
	int wrong = 0;

	for (unsigned int i = 0; i < w->n; i++) {
		const char *value = strchr(w->word[i], '=');
		size_t name_len = value ? (size_t)(value - w->word[i]) : sizeof(name);

		if (name_len >= sizeof(name))
			return -EINVAL;
		memcpy(name, w->word[i], name_len);
		name[name_len] = '\0';
		if (strcmp(name, "len") == 0)
			continue;
		if (fe_config_text(s->config, len, name, text, sizeof(text)))
			return -EINVAL;
		if (strcmp(text, value + 1) == 0)
			continue;
		wrong = 1;
		if (tell)
			fe_script_say(s, "%s is %s; ", name, text);
	}
	return wrong;
}

int fe_step_config(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const char *len_text = fe_words_value(w, "len");
	uint64_t len = FE_CONFIG_LEN;
	char text[32];
	int err;

	if (len_text && (fe_word_number(len_text, FE_CONFIG_MAX, &len) || len == 0))
		return -EINVAL;
	err = look(s, (unsigned int)len);
	if (err)
		return err;
	err = compare(s, w, (unsigned int)len, true);
	for (unsigned int i = 0; fe_config_name(i); i++)
		if (!fe_config_text(s->config, len, fe_config_name(i), text, sizeof(text)))
			fe_script_say(s, "%s%s=%s", i ? " " : "", fe_config_name(i), text);
	/* Nothing but zeros behind the end. */
	for (uint64_t i = FE_CONFIG_LEN; i < len; i++) {
		if (s->config[i] && !err) {
			fe_script_say(s, "; byte %u is %#x", (unsigned int)i, s->config[i]);
			err = 1;
		}
	}
	return err;
}

int fe_step_wait_config(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	struct fe_dev *dev = s->cfg->dev;
	uint64_t deadline = fe_now_ms() + s->cfg->limit_ms;
	int err;

	/* The device has to say that something changed; to see it changed is not enough. */
	for (;;) {
		err = fe_dev_service(dev);
		if (!err && dev->config_changes != s->changes_seen) {
			s->changes_seen = dev->config_changes;
			err = look(s, FE_CONFIG_LEN);
			if (!err)
				err = compare(s, w, FE_CONFIG_LEN, false);
			if (err != 1) {
				fe_script_say(s, "%u notices", dev->config_changes);
				return err;
			}
			err = 0;
		}
		if (err)
			return err;
		if (fe_now_ms() > deadline)
			break;
		fe_sleep_ms(1);
	}
	err = look(s, FE_CONFIG_LEN);
	if (!err)
		err = compare(s, w, FE_CONFIG_LEN, true);
	fe_script_say(s, "%u notices", dev->config_changes);
	return err < 0 ? err : 1;
}

int fe_step_write_config(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const char *mac = fe_words_value(w, "mac"), *by = fe_words_value(w, "by");
	uint8_t bytes[FE_MAC_LEN];
	uint64_t step = FE_MAC_LEN;
	unsigned int i;
	int err = 0;

	if (w->n != 1u + !!by || !mac || fe_mac_parse(mac, bytes))
		return -EINVAL;
	if (by && (fe_word_number(by, FE_MAC_LEN, &step) || !step || FE_MAC_LEN % step))
		return -EINVAL;
	for (i = 0; i < FE_MAC_LEN && !err; i += (unsigned int)step)
		err = fe_vu_set_config(s->cfg->dev->conn, i, (uint32_t)step, bytes + i);
	if (!err)
		memcpy(s->scout.mac, bytes, sizeof(bytes));
	return err == -EREMOTEIO ? 1 : err;
}

int fe_step_features(struct fe_script *s, struct fe_words *w, const struct fe_words *expect)
{
	const char *has = fe_words_value(w, "has"), *lacks = fe_words_value(w, "lacks");
	const char *exactly = fe_words_value(w, "offered");
	uint64_t features = s->cfg->dev->features, want = 0, refuse = 0;
	/* What vhost-user uses for itself is none of the device's. */
	uint64_t offered = s->cfg->dev->offered & ~FE_BIT(FE_VU_F_PROTOCOL_FEATURES), mask;

	if ((has && fe_features_parse(has, &want)) || (lacks && fe_features_parse(lacks, &refuse)))
		return -EINVAL;
	if (exactly) {
		if (fe_word_number(exactly, UINT64_MAX, &mask))
			return -EINVAL;
		fe_script_say(s, "offered %#" PRIx64 "; ", offered);
		if (mask != offered)
			return 1;
	}
	for (unsigned int i = 0; i < 64; i++)
		if (features >> i & 1)
			fe_script_say(s, "%s ", fe_feature_name(i) ? fe_feature_name(i) : "?");
	return (features & want) != want || features & refuse;
}
