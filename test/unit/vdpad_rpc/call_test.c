/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON-RPC 2.0 from text to text, examples of its specification among them, and some hundred texts
 * that are none: each gets an error of the right form and changes nothing.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc.h"
#include "rpc_method.h"

#define REQUEST(rest) "{\"jsonrpc\":\"2.0\",\"id\":1," rest "}"

enum { PARSE = -32700, REQUEST_WRONG = -32600, NO_METHOD = -32601, PARAMS = -32602 };

/* ---- what is right ---- */

static void request_has_its_own_id_in_the_answer(void **state)
{
	static const char *const ids[] = {
	    "1",   "-7",   "\"a\"", "\"\"",        "null",
	    "1.5", "1e99", "0",     "\"\\u20ac\"", "9007199254740993"};
	char text[128];
	json_t *answer, *id;

	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\",\"id\":%s}", ids[i]);
		answer = rig_call(*state, false, text);
		id = json_loads(ids[i], JSON_DECODE_ANY, NULL);
		assert_true(json_equal(json_object_get(answer, "id"), id));
		assert_non_null(json_object_get(answer, "result"));
		json_decref(id);
		json_decref(answer);
	}
}

static void notification_is_done_and_not_answered(void **state)
{
	struct rig *rig = *state;

	assert_null(rig_call(rig, true,
			     "{\"jsonrpc\":\"2.0\",\"method\":\"dev.add\",\"params\":"
			     "{\"name\":\"vm1\",\"mgmtdev\":\"mlx5_0\"}}"));
	assert_int_equal(rig->manager->n, 1);
	/* Nor when it cannot be done. */
	assert_null(rig_call(rig, true,
			     "{\"jsonrpc\":\"2.0\",\"method\":\"dev.del\",\"params\":"
			     "{\"name\":\"none\"}}"));
	assert_null(rig_call(rig, true, "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}"));
	assert_null(rig_call(rig, false,
			     "{\"jsonrpc\":\"2.0\",\"method\":\"dev.del\",\"params\":"
			     "{\"name\":\"vm1\"}}"));
	assert_int_equal(rig->manager->n, 1);
}

static void batch_is_answered_one_by_one_and_without_notifications(void **state)
{
	json_t *answer = rig_call(*state, true,
				  "[{\"jsonrpc\":\"2.0\",\"method\":\"daemon.show\",\"id\":\"1\"},"
				  "{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\"},"
				  "{\"foo\":\"boo\"},1,"
				  "{\"jsonrpc\":\"2.0\",\"method\":\"foo.get\",\"id\":\"5\"},"
				  "{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\",\"id\":\"9\"}]");

	assert_int_equal(json_array_size(answer), 5);
	assert_non_null(json_object_get(json_array_get(answer, 0), "result"));
	rig_is_error(json_incref(json_array_get(answer, 1)), REQUEST_WRONG, "EINVAL", "foo");
	rig_is_error(json_incref(json_array_get(answer, 2)), REQUEST_WRONG, "EINVAL", "");
	rig_is_error(json_incref(json_array_get(answer, 3)), NO_METHOD, "ENOSYS", "foo.get");
	assert_string_equal(json_string_value(json_object_get(json_array_get(answer, 4), "id")),
			    "9");
	json_decref(answer);
}

static void batch_of_notifications_is_not_answered(void **state)
{
	assert_null(rig_call(*state, true,
			     "[{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\"},"
			     "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}]"));
}

static void batch_that_is_empty_or_too_long_is_one_error(void **state)
{
	char *text = calloc(1, 70 * 64);

	assert_non_null(text);
	rig_is_error(rig_call(*state, true, "[]"), REQUEST_WRONG, "EINVAL", "");
	for (int i = 0; i < 65; i++)
		strcat(strcat(text, i ? "," : "["), REQUEST("\"method\":\"dev.show\""));
	strcat(text, "]");
	rig_is_error(rig_call(*state, true, text), REQUEST_WRONG, "EINVAL", "");
	free(text);
}

static void request_too_long_is_refused(void **state)
{
	struct rig *rig = *state;
	size_t len = VDPAD_RPC_REQUEST_MAX + 1;
	char *text = malloc(len), *line;

	assert_non_null(text);
	memset(text, ' ', len);
	memcpy(text, REQUEST("\"method\":\"dev.show\""),
	       strlen(REQUEST("\"method\":\"dev.show\"")));
	line = vdpad_rpc_call(rig->manager, true, text, len);
	rig_is_error(json_loads(line, 0, NULL), REQUEST_WRONG, "EMSGSIZE", "");
	free(line);
	line = vdpad_rpc_call(rig->manager, true, text, len - 1);
	assert_non_null(strstr(line, "\"result\""));
	free(line);
	free(text);
}

static void change_is_refused_to_who_may_not_and_shows_are_not(void **state)
{
	struct rig *rig = *state;
	const struct vdpad_rpc_method *method;
	char text[256];
	json_t *answer;

	rig_device(rig, "vm1");
	rig->manager->changes = 0;
	for (unsigned int i = 0; (method = vdpad_rpc_method_at(i)); i++) {
		snprintf(text, sizeof(text),
			 REQUEST("\"method\":\"%s\",\"params\":{\"name\":\"vm1\",\"state\":{},"
				 "\"link\":\"down\",\"mgmtdev\":\"mlx5_0\"}"),
			 method->name);
		answer = rig_call(rig, false, text);
		if (method->changes)
			rig_is_error(answer, -1, "EPERM", method->name);
		else
			json_decref(answer);
	}
	assert_int_equal(rig->manager->changes, 0);
	json_decref(rig_call(rig, false, REQUEST("\"method\":\"dev.config.show\"")));
	answer = rig_call(rig, false, REQUEST("\"method\":\"mgmtdev.show\""));
	assert_non_null(json_object_get(answer, "result")); /* P5 */
	json_decref(answer);
}

static void message_has_no_commands_to_a_terminal(void **state)
{
	const char *message = rig_fails(
	    *state, "dev.del", "{\"name\":\"\\u001b[2Jx\\u007f\\u20ac\"}", -19, "ENODEV", "name");

	assert_null(strchr(message, 0x1b));
	assert_null(strchr(message, 0x7f));
	assert_non_null(strstr(message, "?[2Jx?\xe2\x82\xac"));
}

static void message_cut_within_a_character_is_text_all_the_same(void **state)
{
	char params[256], name[200] = "";

	/* At 64 bytes the fake's message is cut, at each of three bytes of a character. */
	for (int shift = 0; shift < 3; shift++) {
		memset(name, 'x', (size_t)shift);
		name[shift] = '\0';
		for (int i = 0; i < 30; i++)
			strcat(name, "\xe2\x82\xac");
		snprintf(params, sizeof(params), "{\"name\":\"%s\"}", name);
		rig_fails(*state, "dev.del", params, -19, "ENODEV", "name");
	}
}

/* ---- what is wrong ---- */

/* Text, code. All of them with an errno, none of them with an effect. */
static const struct {
	const char *text;
	int code;
} wrong[] = {
  /* no JSON */
    {"",												PARSE        },
    {" ",											       PARSE        },
    {"\t",											      PARSE        },
    {"{",											       PARSE        },
    {"}",											       PARSE        },
    {"[",											       PARSE        },
    {"]",											       PARSE        },
    {"[]]",											     PARSE        },
    {"{}{}",											    PARSE        },
    {"{},",											     PARSE        },
    {",",											       PARSE        },
    {"\"",											      PARSE        },
    {"'a'",											     PARSE        },
    {"nul",											     PARSE        },
    {"True",											    PARSE        },
    {"NaN",											     PARSE        },
    {"-Infinity",										       PARSE        },
    {"+1",											      PARSE        },
    {"01",											      PARSE        },
    {"1.",											      PARSE        },
    {".1",											      PARSE        },
    {"1e",											      PARSE        },
    {"0x10",											    PARSE        },
    {"1e999",											   PARSE        },
    {"99999999999999999999",									    PARSE        },
    {"-99999999999999999999",									   PARSE        },
    {"dev.show",											PARSE        },
    {"GET / HTTP/1.1",										  PARSE        },
    {"{\"jsonrpc\"}",										   PARSE        },
    {"{\"jsonrpc\":}",										  PARSE        },
    {"{\"jsonrpc\":\"2.0\",}",									  PARSE        },
    {"{jsonrpc:\"2.0\"}",									       PARSE        },
    {"{1:2}",											   PARSE        },
    {"{\"a\":1,\"a\":2}",									       PARSE        },
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"dev.show\",\"method\":\"dev.del\"}",                   PARSE        },
    {REQUEST("\"method\":\"dev.del\",\"params\":{\"name\":\"a\",\"name\":\"b\"}"),                      PARSE        },
    {"\"\\q\"",											 PARSE        },
    {"\"\\u12\"",										       PARSE        },
    {"\"\\ud800\"",										     PARSE        },
    {"\"\\udc00\\ud800\"",									      PARSE        },
    {"\"\xff\"",											PARSE        },
    {"\"\xc0\xaf\"",										    PARSE        },
    {"\"\xed\xa0\x80\"",										PARSE        },
    {"\"\xf5\x80\x80\x80\"",									    PARSE        },
    {"\"\xe2\x82\"",										    PARSE        },
    {"\"\x01\"",											PARSE        },
    {"\"a\nb\"",											PARSE        },
    {"\"\\u0000\"",										     PARSE        },
    {REQUEST("\"method\":\"dev.show\\u0000x\""),							PARSE        },
    {REQUEST("\"method\":\"dev.del\",\"params\":{\"na\\u0000me\":\"x\"}"),                              PARSE        },
    {"\xef\xbb\xbf{}",										  PARSE        },
    {"/* */ {}",											PARSE        },
    {"{\"a\":1}//",										     PARSE        },
    {"[1,]",											    PARSE        },
    {"[1 2]",											   PARSE        },
    {"[,]",											     PARSE        },
 /* no request */
    {"null",											    REQUEST_WRONG},
    {"true",											    REQUEST_WRONG},
    {"false",											   REQUEST_WRONG},
    {"0",											       REQUEST_WRONG},
    {"1.5",											     REQUEST_WRONG},
    {"\"\"",											    REQUEST_WRONG},
    {"\"dev.show\"",										    REQUEST_WRONG},
    {"{}",											      REQUEST_WRONG},
    {"[]",											      REQUEST_WRONG},
    {"{\"jsonrpc\":\"2.0\"}",									   REQUEST_WRONG},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}",								  REQUEST_WRONG},
    {"{\"method\":\"dev.show\",\"id\":1}",							      REQUEST_WRONG},
    {"{\"jsonrpc\":2.0,\"method\":\"dev.show\",\"id\":1}",                                              REQUEST_WRONG},
    {"{\"jsonrpc\":2,\"method\":\"dev.show\",\"id\":1}",                                                REQUEST_WRONG},
    {"{\"jsonrpc\":\"1.0\",\"method\":\"dev.show\",\"id\":1}",                                          REQUEST_WRONG},
    {"{\"jsonrpc\":\"2\",\"method\":\"dev.show\",\"id\":1}",                                            REQUEST_WRONG},
    {"{\"jsonrpc\":\"2.0 \",\"method\":\"dev.show\",\"id\":1}",                                         REQUEST_WRONG},
    {"{\"jsonrpc\":null,\"method\":\"dev.show\",\"id\":1}",                                             REQUEST_WRONG},
    {"{\"jsonrpc\":[\"2.0\"],\"method\":\"dev.show\",\"id\":1}",                                        REQUEST_WRONG},
    {"{\"JSONRPC\":\"2.0\",\"method\":\"dev.show\",\"id\":1}",                                          REQUEST_WRONG},
    {REQUEST("\"method\":null"),									REQUEST_WRONG},
    {REQUEST("\"method\":1"),									   REQUEST_WRONG},
    {REQUEST("\"method\":true"),									REQUEST_WRONG},
    {REQUEST("\"method\":[]"),									  REQUEST_WRONG},
    {REQUEST("\"method\":{}"),									  REQUEST_WRONG},
    {REQUEST("\"method\":[\"dev.show\"]"),							      REQUEST_WRONG},
    {REQUEST("\"methods\":\"dev.show\""),							       REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"param\":{}"),                                                   REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"params\":null"),                                                REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"params\":1"),                                                   REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"params\":\"vm1\""),                                             REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"params\":true"),                                                REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"\":1"),							 REQUEST_WRONG},
    {REQUEST("\"method\":\"dev.show\",\"result\":{}"),                                                  REQUEST_WRONG},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\",\"id\":true}",                                       REQUEST_WRONG},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\",\"id\":{}}",                                         REQUEST_WRONG},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"dev.show\",\"id\":[1]}",                                        REQUEST_WRONG},
 /* no method */
    {REQUEST("\"method\":\"\""),									NO_METHOD    },
    {REQUEST("\"method\":\" dev.show\""),							       NO_METHOD    },
    {REQUEST("\"method\":\"dev.show \""),							       NO_METHOD    },
    {REQUEST("\"method\":\"DEV.SHOW\""),								NO_METHOD    },
    {REQUEST("\"method\":\"dev\""),								     NO_METHOD    },
    {REQUEST("\"method\":\"dev.\""),								    NO_METHOD    },
    {REQUEST("\"method\":\"dev.shows\""),							       NO_METHOD    },
    {REQUEST("\"method\":\"rpc.\""),								    NO_METHOD    },
    {REQUEST("\"method\":\"rpc.exit\""),								NO_METHOD    },
    {REQUEST("\"method\":\"../dev.show\""),							     NO_METHOD    },
    {REQUEST("\"method\":\"%s%n\""),								    NO_METHOD    },
    {REQUEST("\"method\":\"\\u001b]0;x\\u0007\""),						      NO_METHOD    },
    {REQUEST("\"method\":\"no.such\",\"params\":[1]"),                                                  NO_METHOD    },
 /* parameters */
    {REQUEST("\"method\":\"dev.show\",\"params\":[]"),                                                  PARAMS       },
    {REQUEST("\"method\":\"dev.show\",\"params\":[\"vm1\"]"),                                           PARAMS       },
    {REQUEST("\"method\":\"dev.show\",\"params\":{\"\":1}"),                                            PARAMS       },
    {REQUEST("\"method\":\"dev.show\",\"params\":{\"names\":\"a\"}"),                                   PARAMS       },
    {REQUEST("\"method\":\"dev.show\",\"params\":{\"Name\":\"a\"}"),                                    PARAMS       },
    {REQUEST("\"method\":\"dev.show\",\"params\":{\"name\":\"a\",\"x\":1}"),                            PARAMS       },
    {REQUEST("\"method\":\"daemon.show\",\"params\":{\"name\":\"a\"}"),                                 PARAMS       },
    {REQUEST("\"method\":\"monitor\",\"params\":{\"interval\":1}"),                                     PARAMS       },
    {REQUEST("\"method\":\"rpc.discover\",\"params\":[1]"),                                             PARAMS       },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdev\":[]}"),                                    PARAMS       },
    {REQUEST("\"method\":\"dev.set\",\"params\":{\"name\":\"vm1\",\"trust\":\"on\"}"),                  PARAMS       },
    {REQUEST("\"method\":\"dev.set\",\"params\":{\"name\":\"vm1\",\"mtu\":1.5}"),                       PARAMS       },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":true}"),             PARAMS       },
 /* values */
    {REQUEST("\"method\":\"dev.show\",\"params\":{\"name\":\"\"}"),                                     -19          },
    {REQUEST("\"method\":\"dev.show\",\"params\":{\"name\":\"none\"}"),                                 -19          },
    {REQUEST("\"method\":\"dev.config.show\",\"params\":{\"name\":\"none\"}"),                          -19          },
    {REQUEST("\"method\":\"dev.dump\",\"params\":{\"name\":\"../../etc\"}"),                            -19          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"none\"}"),                          -19          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"none\",\"qidx\":1}"),               -19          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":-1}"),               -22          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":\"\"}"),             -22          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":\" 1\"}"),           -22          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":\"1x\"}"),           -22          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":65536}"),            -22          },
    {REQUEST("\"method\":\"dev.vstats.show\",\"params\":{\"name\":\"vm1\",\"qidx\":99}"),               -22          },
    {REQUEST("\"method\":\"dev.state.save\",\"params\":{\"name\":\"none\"}"),                           -19          },
    {REQUEST("\"method\":\"dev.state.save\",\"params\":{\"name\":\"vm1\"}"),                            -11          },
    {REQUEST("\"method\":\"dev.state.load\",\"params\":{\"name\":\"none\",\"state\":{}}"),              -19          },
    {REQUEST("\"method\":\"dev.state.load\",\"params\":{\"name\":\"vm1\",\"state\":{}}"),               -22          },
    {REQUEST("\"method\":\"dev.state.load\",\"params\":{\"name\":\"vm1\",\"state\":{\"x\":1}}"),
     -22													     },
    {REQUEST("\"method\":\"dev.add\""),								 -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{}"),                                                   -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"name\":\"vm2\"}"),                                   -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"mgmtdev\":\"mlx5_0\"}"),                             -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":{}}"),                                         -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":{\"vm2\":1}}"),                                -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":{\"vm2\":{}}}"),                               -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":{\"\":{\"mgmtdev\":\"mlx5_0\"}}}"),            -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":{\"a/b\":{\"mgmtdev\":\"mlx5_0\"}}}"),
     -22													     },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":{\"a\":{}},\"name\":\"b\"}"),                  -22          },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":\"vm2\"}"),                                    PARAMS       },
    {REQUEST("\"method\":\"dev.add\",\"params\":{\"dev\":[{}]}"),                                       PARAMS       },
    {REQUEST("\"method\":\"dev.set\",\"params\":{\"name\":\"vm1\"}"),                                   -22          },
    {REQUEST("\"method\":\"dev.set\",\"params\":{\"name\":\"vm1\",\"mtu\":1,\"mac\":\"a\"}"),           -22          },
    {REQUEST("\"method\":\"mgmtdev.show\",\"params\":{\"mgmtdev\":\"\"}"),                              -19          },
    {REQUEST("\"method\":\"mgmtdev.show\",\"params\":{\"mgmtdev\":\"mlx5_9\"}"),                        -19          },
    {REQUEST("\"method\":\"model.show\",\"params\":{\"model\":\"none\"}"),                              -2           },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdevs\":[]}"),                                   -22          },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdevs\":[1]}"),                                  -22          },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdevs\":[{}]}"),                                 -22          },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdevs\":[{\"mgmtdev\":{}}]}"),                   -22          },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdevs\":[{\"mgmtdev\":{\"a\":1}}]}"),            -22          },
    {REQUEST("\"method\":\"baseline\",\"params\":{\"mgmtdevs\":[{\"mgmtdev\":{\"a\":{}}}]}"),           -22          },
    {REQUEST("\"method\":\"dev.compat\",\"params\":{\"device\":{},\"mgmtdev\":\"mlx5_0\"}"),            -22          },
    {REQUEST(
	 "\"method\":\"dev.compat\",\"params\":{\"device\":{\"dev\":{}},\"mgmtdev\":\"mlx5_0\"}"),
     -22													     },
    {REQUEST(
	 "\"method\":\"dev.compat\",\"params\":{\"device\":{\"dev\":1},\"mgmtdev\":\"mlx5_0\"}"),
     -22													     },
    {REQUEST("\"method\":\"dev.compat\",\"params\":{\"device\":{\"dev\":{\"a\":{}}},"
	     "\"mgmtdev\":\"mlx5_0\"}"),
     -22													     },
    {REQUEST("\"method\":\"dev.compat\",\"params\":{\"device\":{\"dev\":{\"a\":{}}},"
	     "\"mgmtdev\":\"none\"}"),
     -19													     },
    {REQUEST("\"method\":\"dev.compat\",\"params\":{\"device\":{\"dev\":{\"a\":{}}},"
	     "\"mgmtdev\":\"mlx5_0\",\"allow\":[\"mtu\"]}"),
     -22													     },
    {REQUEST("\"method\":\"dev.compat\",\"params\":{\"device\":{\"dev\":{\"a\":{}}},"
	     "\"mgmtdev\":\"mlx5_0\",\"allow\":[1]}"),
     -22													     },
};

static void malformed_request_is_an_error_and_changes_nothing(void **state)
{
	struct rig *rig = *state;

	rig_device(rig, "vm1");
	rig->manager->changes = 0;
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *answer = rig_call(rig, true, wrong[i].text);

		if (!json_object_get(answer, "error"))
			print_message("no error: %s\n", wrong[i].text);
		rig_is_error(answer, wrong[i].code, NULL, NULL);
	}
	assert_int_equal(rig->manager->changes, 0);
	assert_int_equal(rig->manager->n, 1);
	print_message("# %zu texts\n", sizeof(wrong) / sizeof(wrong[0]));
}

static void request_cut_short_anywhere_is_not_json(void **state)
{
	static const char text[] = REQUEST("\"method\":\"dev.add\",\"params\":{\"name\":\"vm1\","
					   "\"mgmtdev\":\"mlx5_0\",\"mtu\":1500}");
	struct rig *rig = *state;

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *copy = malloc(len + 1), *line;

		assert_non_null(copy);
		memcpy(copy, text, len); /* so that a byte too far is found */
		line = vdpad_rpc_call(rig->manager, true, copy, len);
		assert_non_null(line);
		rig_is_error(json_loads(line, 0, NULL), PARSE, "EINVAL", "");
		free(line);
		free(copy);
	}
	assert_int_equal(rig->manager->changes, 0);
}

static void depth_beyond_what_the_parser_has_is_not_json(void **state)
{
	enum { DEPTH = 100000 };
	char *text = malloc(DEPTH + 1);

	assert_non_null(text);
	memset(text, '[', DEPTH);
	text[DEPTH] = '\0';
	rig_is_error(rig_call(*state, true, text), PARSE, "EINVAL", "");
	for (int i = 0; i < DEPTH - 5; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	rig_is_error(rig_call(*state, true, text), PARSE, "EINVAL", "");
	free(text);
}

/* Every parameter of every method: left out if it is required, and of each wrong type. */
static void parameter_of_another_type_or_missing_names_it(void **state)
{
	static const struct {
		unsigned int is;
		const char *text;
	} values[] = {
	    {VDPAD_RPC_TEXT,   "\"x\""},
	    {VDPAD_RPC_NUMBER, "1"    },
	    {VDPAD_RPC_OBJECT, "{}"   },
	    {VDPAD_RPC_ARRAY,  "[]"   },
	    {0,		"null" },
	    {0,		"true" },
	    {0,		"1.5"  }
        };
	struct rig *rig = *state;
	const struct vdpad_rpc_method *m;
	unsigned int n = 0;
	char params[256];

	for (unsigned int i = 0; (m = vdpad_rpc_method_at(i)); i++) {
		for (unsigned int p = 0; p < VDPAD_RPC_PARAMS_MAX && m->params[p].name; p++) {
			/* Those before it are right, and it is the first that is not. */
			char before[192] = "";

			for (unsigned int q = 0; q < p; q++)
				for (unsigned int v = 0; v < 4; v++)
					if (m->params[q].types & values[v].is) {
						snprintf(before + strlen(before),
							 sizeof(before) - strlen(before),
							 "\"%s\":%s,", m->params[q].name,
							 values[v].text);
						break;
					}
			for (unsigned int v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
				if (m->params[p].types & values[v].is)
					continue;
				snprintf(params, sizeof(params), "{%s\"%s\":%s}", before,
					 m->params[p].name, values[v].text);
				rig_fails(rig, m->name, params, PARAMS, "EINVAL",
					  m->params[p].name);
				n++;
			}
			if (!(m->params[p].types & VDPAD_RPC_REQUIRED))
				continue;
			if (*before)
				before[strlen(before) - 1] = '\0';
			snprintf(params, sizeof(params), "{%s}", before);
			rig_fails(rig, m->name, params, PARAMS, "EINVAL", m->params[p].name);
			n++;
		}
	}
	assert_int_equal(rig->manager->changes, 0);
	assert_true(n > 80);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(request_has_its_own_id_in_the_answer),
	    TEST(notification_is_done_and_not_answered),
	    TEST(batch_is_answered_one_by_one_and_without_notifications),
	    TEST(batch_of_notifications_is_not_answered),
	    TEST(batch_that_is_empty_or_too_long_is_one_error),
	    TEST(request_too_long_is_refused),
	    TEST(change_is_refused_to_who_may_not_and_shows_are_not),
	    TEST(message_has_no_commands_to_a_terminal),
	    TEST(message_cut_within_a_character_is_text_all_the_same),
	    TEST(malformed_request_is_an_error_and_changes_nothing),
	    TEST(request_cut_short_anywhere_is_not_json),
	    TEST(depth_beyond_what_the_parser_has_is_not_json),
	    TEST(parameter_of_another_type_or_missing_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
