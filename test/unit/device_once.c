/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels whose body becomes a function of its own. */
#include "kit/kit.h"

#include <ctype.h>
#include <string.h>

#include "device/cl.h"
#include "device/sources.h"

#define LONE "__attribute__((reqd_work_group_size(1, 1, 1)))\n"

static oc_error err;

static void expect(const char *text, const char *const *found, const char *missing) {
    oc__string out;
    oc__string_init(&out, NULL);
    oc__source_once(text, &out);
    assert_false(out.failed);
    for (; *found; found++)
        if (!strstr(out.text, *found))
            fail_msg("'%s' is not in %s", *found, out.text);
    if (missing && strstr(out.text, missing))
        fail_msg("'%s' is in %s", missing, out.text);
    oc__string_finish(&out);
}

static void test_arguments(void **state) {
    (void)state;
    expect("int before;\n" LONE "__kernel void scale(__global const TYPE(A0) *src, long src_off,\n  SCRATCH_PARAMS, float2 by BIAS_PARAM "
           "POST_PARAMS) {\n    if (by.x) { src[0]; }\n}\nint behind;\n",
           (const char *const[]){"int before;\nstatic __attribute__((noinline)) void scale_once(__global", "scale_once(src, src_off, SCRATCH_ARGS, "
                                 "by BIAS_ARGS POST_ARGS, get_global_id(0), ", "POST_PARAMS, const size_t oc_id_0", LONE "__kernel void scale(",
                                 "{\n    if (by.x) { src[0]; }\n}\n#undef get_global_id", "\nint behind;\n", NULL}, NULL);
    expect(LONE "__kernel void all(PARAMS) {}", (const char *const[]){"all_once(ARGS, get_global_id(0)", NULL}, NULL);
}

/* What is no kernel of one work-item a group, or not understood, stays. */
static void test_left_alone(void **state) {
    static const char *const texts[] = {
        "", "__kernel void k(__global int *x) { x[get_global_id(0)] = 1; }\n", LONE "__kernel void k(", LONE "__kernel void k(int a) { if (a) {",
        LONE "__kernel void k(int a);\n", LONE "__kernel void k() { }\n", LONE "void __kernel k(int a) { }\n",
        LONE "__kernel void k(\n#ifdef A\nint a,\n#endif\nint b) { }\n", LONE};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        oc__string out;
        oc__string_init(&out, NULL);
        oc__source_once(texts[i], &out);
        assert_string_equal(out.text, texts[i]);
        oc__string_finish(&out);
    }
}

/* Of the library's own kernels, all are understood, and each macro of parameters has its twin. */
static void test_library(void **state) {
    int kernels = 0, calls = 0;
    kit k;
    (void)state;
    kit_init(&k, NULL);
    for (const oc__source_text *source = oc__sources; source->name; source++) {
        oc__string text, out;
        oc__string_init(&text, NULL);
        oc__string_init(&out, NULL);
        KIT_OK(oc__program_source(k.context, source->name, "#define POST_ARGS\n", &text, &err), &err);
        oc__source_once(text.text, &out);
        for (const char *at = out.text; (at = strstr(at, "_once(")); at++) {
            char define[64];
            const char *end = strchr(at, ')'), *args = at;
            while ((args = strstr(args + 1, "ARGS")) && args < end) {
                const char *name = args;
                while (name[-1] == '_' || isupper((unsigned char)name[-1]))
                    name--;
                oc__format(define, sizeof define, "#define %.*s", (int)(args + 4 - name), name);
                if (!strstr(out.text, define))
                    fail_msg("%s: there is no '%s'", source->name, define);
            }
        }
        for (const char *at = text.text; (at = strstr(at, LONE)); at++, kernels++)
            ;
        for (const char *at = out.text; (at = strstr(at, "_once(")); at++)
            calls++;
        oc__string_finish(&text);
        oc__string_finish(&out);
    }
    assert_true(kernels > 20);
    assert_int_equal(calls, 3 * kernels); /* declared, called, defined */
    kit_finish(&k);
}

static void run(kit *k, const char *text, uint32_t wanted[24]) {
    oc__program *program;
    oc__kernel *kernel;
    oc__buffer *buffer;
    oc__queue *queue = oc__device_queue(k->device);
    KIT_OK(oc__program_get(&program, k->device, "fill.cl", text, &err), &err);
    KIT_OK(oc__kernel_create(&kernel, program, "number", &err), &err);
    KIT_OK(oc__buffer_create(&buffer, k->device, 24 * sizeof(uint32_t), &err), &err);
    KIT_OK(oc__kernel_set_buffer(kernel, 0, buffer, &err), &err);
    KIT_OK(oc__kernel_set_value(kernel, 1, &(int32_t){7}, sizeof(int32_t), &err), &err);
    KIT_OK(oc__queue_launch(queue, kernel, &(oc__range){3, {2, 3, 4}, {1, 1, 1}}, NULL, &err), &err);
    KIT_OK(oc__queue_read(queue, buffer, 0, wanted, 24 * sizeof(uint32_t), true, &err), &err);
    oc__kernel_destroy(&kernel);
    oc__buffer_release(&buffer);
}

/* The ids arrive, also through macros; two kernels in one text do not disturb each other. */
static void test_ids(void **state) {
    static const char other[] = "__kernel void other(__global uint *x) { x[get_global_id(0)] = get_global_size(0); }\n";
    static const char text[] =
        "#define AT (get_global_id(0) + get_global_size(0) * (get_global_id(1) + get_global_size(1) * get_global_id(2)))\n" LONE
        "__kernel void number(__global uint *x, int by) {\n    x[AT] = (uint)(by * AT + get_global_size(2) + get_local_size(0));\n}\n";
    kit k;
    (void)state;
    kit_init(&k, NULL);
    kit_open(&k);
    oc__string split;
    oc__string_init(&split, NULL);
    oc__string_append(&split, text);
    oc__string_append(&split, other);
    for (int pass = 0; pass < 2; pass++) { /* as the device does it, and split whatever the device is */
        uint32_t got[24] = {0};
        run(&k, split.text, got);
        for (uint32_t i = 0; i < 24; i++)
            assert_int_equal(got[i], 7 * i + 4 + 1);
        oc__string_finish(&split);
        oc__string_init(&split, NULL);
        k.device->lean_headers = false;
        oc__source_once(text, &split);
        oc__string_append(&split, other);
        assert_non_null(strstr(split.text, "number_once"));
    }
    assert_false(kit_logged(&k, "built once more"));
    oc__string_finish(&split);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arguments), cmocka_unit_test(test_left_alone), cmocka_unit_test(test_library),
                                       cmocka_unit_test(test_ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
