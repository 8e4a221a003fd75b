/* SPDX-License-Identifier: Apache-2.0 */
/* An addon for tests and benchmarks: BPF_PROG_TEST_RUN, loading a BPF object as it is, and a TCX program at a hook. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../native/value.h"

/* programRun(fd, frames, frameBytes, repeat, skb): runs each frame (`frameBytes` apart, its length in the first two bytes,
 * little end first) and returns the mean nanoseconds a run as the kernel measured them. */
static napi_value program_run(napi_env env, napi_callback_info info)
{
	napi_value arguments[5];
	size_t count = 5, bytes;
	const uint8_t *frames;
	uint32_t stride = 0, repeat = 1, fd = 0;
	struct __sk_buff skb = { 0 };
	double total = 0, runs = 0;

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	napi_get_value_uint32(env, arguments[0], &fd);
	frames = bytes_of(env, arguments[1], &bytes);
	napi_get_value_uint32(env, arguments[2], &stride);
	napi_get_value_uint32(env, arguments[3], &repeat);
	skb.ifindex = (uint32_t)get_number(env, arguments[4], "ifindex", 1);
	skb.ingress_ifindex = (uint32_t)get_number(env, arguments[4], "ingressIfindex", 0);
	skb.gso_segs = (uint32_t)get_number(env, arguments[4], "gsoSegments", 0);
	skb.gso_size = (uint32_t)get_number(env, arguments[4], "gsoSize", 0);
	for (size_t at = 0; frames && stride > 2 && at + stride <= bytes; at += stride) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frames + at + 2,
			    .data_size_in = frames[at] | frames[at + 1] << 8, .ctx_in = &skb,
			    .ctx_size_in = sizeof(skb), .repeat = (int)repeat);

		if (bpf_prog_test_run_opts((int)fd, &run)) {
			struct failure failure;

			fail(&failure, "RUN_FAILED", errno, "BPF_PROG_TEST_RUN refused a frame of %u bytes",
			     run.data_size_in);
			return throw_failure(env, &failure);
		}
		if (run.retval != (uint32_t)-1) {
			napi_throw_error(env, "BAD_VERDICT", "a flow program returned something else than TC_ACT_UNSPEC");
			return NULL;
		}
		total += run.duration;
		runs++;
	}
	return number(env, runs ? total / runs : 0);
}

static void object_free(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	bpf_object__close(data);
}

/* programLoad(path): [object, { program: fd }]. The object lives as long as the first element does. */
static napi_value program_load(napi_env env, napi_callback_info info)
{
	napi_value argument, external, programs, result;
	size_t count = 1, length;
	char path[4096] = "";
	struct bpf_object *object;
	struct bpf_program *program;
	struct failure failure;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	napi_get_value_string_utf8(env, argument, path, sizeof(path), &length);
	object = bpf_object__open_file(path, NULL);
	if (!object || bpf_object__load(object)) {
		fail(&failure, "LOAD_FAILED", errno, "%s cannot be loaded", path);
		bpf_object__close(object);
		return throw_failure(env, &failure);
	}
	napi_create_object(env, &programs);
	bpf_object__for_each_program(program, object)
		set(env, programs, bpf_program__name(program), number(env, bpf_program__fd(program)));
	napi_create_external(env, object, object_free, NULL, &external);
	napi_create_array_with_length(env, 2, &result);
	napi_set_element(env, result, 0, external);
	napi_set_element(env, result, 1, programs);
	return result;
}

/* tcxAttach(fd, ifindex, egress): a program behind those of the hook, in this network namespace, until the process ends. */
static napi_value tcx_attach(napi_env env, napi_callback_info info)
{
	napi_value arguments[3];
	size_t count = 3;
	bool egress = false;
	/* The first members of bpf_attr.link_create; BPF_TCX_INGRESS is 46: linux/bpf.h of 6.6. */
	struct { uint32_t program, ifindex, type, rest[13]; } create = { 0 };

	napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
	napi_get_value_uint32(env, arguments[0], &create.program);
	napi_get_value_uint32(env, arguments[1], &create.ifindex);
	napi_get_value_bool(env, arguments[2], &egress);
	create.type = egress ? 47 : 46;
	if (syscall(__NR_bpf, BPF_LINK_CREATE, &create, sizeof(create)) < 0) {
		struct failure failure;

		fail(&failure, "ATTACH_FAILED", errno, "no TCX link at interface %u", create.ifindex);
		return throw_failure(env, &failure);
	}
	return NULL;
}

NAPI_MODULE_INIT()
{
	napi_value function;

	libbpf_set_print(NULL);
	napi_create_function(env, "programRun", NAPI_AUTO_LENGTH, program_run, NULL, &function);
	set(env, exports, "programRun", function);
	napi_create_function(env, "programLoad", NAPI_AUTO_LENGTH, program_load, NULL, &function);
	set(env, exports, "programLoad", function);
	napi_create_function(env, "tcxAttach", NAPI_AUTO_LENGTH, tcx_attach, NULL, &function);
	set(env, exports, "tcxAttach", function);
	return exports;
}
