/* SPDX-License-Identifier: BSD-3-Clause */
/* Models: those there are, and files that somebody has written in a hurry. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision/vv_model.h"
#include "provision_rig.h"

static char dir[] = "/tmp/vv-model-XXXXXX";

static void file_write(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void file_remove(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static int dir_make(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int dir_remove(void **state)
{
	return rmdir(dir);
}

static void refused(const char *name, int code, const char *text)
{
	struct vv_model m = {.name = "untouched"};
	char why[512] = "";
	int err = vv_model_read(dir, name, &m, why, sizeof(why));

	if (err != -code || !strstr(why, text))
		fail_msg("%s: %d and not %d, \"%s\" in \"%s\"?", name, err, -code, text, why);
	assert_null(strchr(why, '\n'));
	assert_string_equal(m.name, "untouched");
}

struct seen {
	unsigned int n, faults;
	char names[512];
};

static void each(void *arg, const struct vv_model *model)
{
	struct seen *s = arg;
	struct vv_parent p = rig_parent();
	struct vv_request r;
	struct vv_provisioned d;
	char why[512] = "";

	s->n++;
	strcat(strcat(s->names, model->name), " ");
	/* It is one that a device can be made of, where all of it is supported. */
	p.supported = vv_features_or(p.supported, model->features);
	vv_request_init(&r);
	snprintf(r.model, sizeof(r.model), "%s", model->name);
	r.model_features = model->features;
	if (vv_provision(&p, &r, &d, why, sizeof(why)))
		fail_msg("%s: %s", model->name, why);
	assert_true(vv_features_equal(d.features, model->features));
}

static void fault(void *arg, const char *why)
{
	struct seen *s = arg;

	s->faults++;
	strcat(strcat(s->names, why), "; ");
}

static void p25_models_of_the_package_are_in_order(void **state)
{
	struct seen s = {0};

	assert_int_equal(vv_model_each(vv_model_dir(), each, fault, &s), 0);
	if (s.faults)
		fail_msg("%s", s.names);
	assert_string_equal(s.names, "dpdk full-offload linux-modern minimal virtio-0.95 ");
}

static void p25_request_names_a_model(void **state)
{
	struct vv_request r = rig_request("model minimal");
	char why[512];

	assert_int_equal(vv_model_resolve(vv_model_dir(), &r, why, sizeof(why)), 0);
	rig_assert_features(r.model_features, "MTU MAC MRG_RXBUF STATUS VERSION_1");
	r = rig_request("csum on");
	assert_int_equal(vv_model_resolve("/nowhere", &r, why, sizeof(why)), 0);
	r = rig_request("model unheard-of");
	assert_int_equal(vv_model_resolve(vv_model_dir(), &r, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "unheard-of"));
	assert_non_null(strstr(why, "linux-modern"));
}

/* P26: no model of the package is for legacy guests but the one that says so. */
static void p26_model_for_legacy_guests_makes_a_legacy_device(void **state)
{
	struct vv_parent p = rig_parent();
	struct vv_request r = rig_request("model virtio-0.95");
	struct vv_provisioned d;
	char why[512];

	assert_int_equal(vv_model_resolve(vv_model_dir(), &r, why, sizeof(why)), 0);
	assert_int_equal(vv_provision(&p, &r, &d, why, sizeof(why)), 0);
	assert_int_equal(d.mode, VV_MODE_LEGACY);
	assert_string_equal(d.model, "virtio-0.95");
}

static void lines_add_up(void **state)
{
	struct vv_model m;
	char why[512];

	file_write("mine.ini", "; mine\n[model]\ndescription = of two lines\nfeatures = csum, mtu\n"
			       "features = bit_100 VERSION_1\n");
	assert_int_equal(vv_model_read(dir, "mine", &m, why, sizeof(why)), 0);
	assert_string_equal(m.name, "mine");
	assert_string_equal(m.description, "of two lines");
	rig_assert_features(m.features, "CSUM MTU VERSION_1 bit_100");
	file_remove("mine.ini");
}

static void bad_files_say_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *line;
	} files[] = {
	    {"",                                                   "no section [model]"   },
	    {"[models]\nfeatures = CSUM\n",                        "no section [model]"   },
	    {"[model]\nfeatures = CSUM\n[more]\nfeatures = MTU\n", "other sections"       },
	    {"[model]\n",                                         "no features"          },
	    {"[model]\nfeatures = CSUM NUMS\n",                    "not a feature (NUMS)" },
	    {"[model]\nfeature = CSUM\n",                          "unknown key (feature)"},
	    {"[model]\nfeatures = HOST_TSO4\n",                    "HOST_TSO4 needs CSUM" },
	    {"features = CSUM\n",                                 "not an INI file"      },
	    {"[model\nfeatures = CSUM\n",                          "not an INI file"      },
	};
	struct seen s = {0};
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		file_write("bad.ini", files[i].text);
		refused("bad", EINVAL, files[i].line);
		refused("bad", EINVAL, "model bad:");
	}
	/* The others are there all the same. */
	file_write("good.ini", "[model]\nfeatures = CSUM\n");
	file_write("notes.txt", "not a model\n");
	file_write(".hidden.ini", "not a model\n");
	assert_int_equal(vv_model_each(dir, each, fault, &s), 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.faults, 1);
	assert_int_equal(vv_model_each(dir, each, NULL, &s), 0);
	assert_int_equal(vv_model_each("/nowhere", each, NULL, &s), -ENOENT);
	file_remove("bad.ini");
	file_remove("good.ini");
	file_remove("notes.txt");
	file_remove(".hidden.ini");
}

/* A name is of a file in the directory, not a way to another. */
static void names_are_no_paths(void **state)
{
	static const char *const bad[] = {
	    "",    ".",       "..",  "../x", "/etc/x",
	    "a/b", ".hidden", "a b", "x\n",  "01234567890123456789012345678901"};
	unsigned int i;

	file_write("only.ini", "[model]\nfeatures = CSUM\n");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], ENOENT, "there are: only");
	file_remove("only.ini");
	refused("only", ENOENT, "there are none");
}

static void directory_is_the_environments_first(void **state)
{
	const char *was = getenv("VDPA_VERBS_MODELS");
	char before[256];

	snprintf(before, sizeof(before), "%s", was ? was : "");
	setenv("VDPA_VERBS_MODELS", "/somewhere", 1);
	assert_string_equal(vv_model_dir(), "/somewhere");
	setenv("VDPA_VERBS_MODELS", "", 1);
	assert_non_null(strstr(vv_model_dir(), "/vdpa-verbs/models"));
	setenv("VDPA_VERBS_MODELS", before, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(p25_models_of_the_package_are_in_order),
	    cmocka_unit_test(p25_request_names_a_model),
	    cmocka_unit_test(p26_model_for_legacy_guests_makes_a_legacy_device),
	    cmocka_unit_test(lines_add_up),
	    cmocka_unit_test(bad_files_say_what_is_wrong),
	    cmocka_unit_test(names_are_no_paths),
	    cmocka_unit_test(directory_is_the_environments_first),
	};

	return cmocka_run_group_tests_name("model", tests, dir_make, dir_remove);
}
