/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in functions declared by us and by the driver's header: the same programs, the same results. */
#include "kit/kit.h"

#include <stdio.h>
#include <string.h>

#include "device/cl.h"

static oc_error err;

/* Each gives a float; f, f4, i, u, l, i4, s4 are variables of those types, not known to the compiler. */
static const char *const expressions[] = {
    "fma(f, f, 1.0f)", "fma(f4, f4, f4).s1", "mad(f, 2.0f, f)", "sqrt(f)", "rsqrt(f)", "exp(f)", "exp2(f4).s3", "expm1(f)", "log(f)",
    "log2(f)", "log1p(f)", "sin(f)", "cos(f)", "tan(f)", "sinh(f)", "cosh(f)", "tanh(f4).s2", "asin(f * 0.1f)", "acos(f * 0.1f)",
    "atan(f)", "asinh(f)", "acosh(f + 1)", "atanh(f * 0.1f)", "erf(f)", "erfc(f)", "fabs(-f)", "floor(f)", "ceil(f)", "rint(f)",
    "round(f)", "trunc(f)", "sign(-f)", "pow(f, 1.5f)", "fmod(f, 0.3f)", "copysign(f, -1.0f)", "atan2(f, 2.0f)", "fmax(f, 3.0f)",
    "fmax(f4, 1.25f).s1", "fmin(f, 0.1f)", "mix(f, 3.0f, 0.25f)", "mix(f4, f4 + 1, 0.5f).s0", "isnan(f)", "isnan(f4).s1", "isinf(f)",
    "isfinite(f)", "signbit(-f)", "min(i, 3)", "min(u, 3000000000u)", "min(l, -5L)", "min(i4, 2).s3", "max(i, -7)", "max(f, 2.0f)",
    "max(u, 4000000000u)", "max((uchar)i, (uchar)250)", "clamp(i, -2, 2)", "clamp(f4, 0.5f, 1.5f).s2", "clamp(l, 0L, 9L)",
    "select(f, 9.0f, i)", "select(f4, -f4, i4 < 3).s1", "select(l, -l, (long)(l < 0))", "abs(-i)", "abs(-l)", "abs(i4 - 9).s0",
    "mul_hi(u, 3000000000u)", "mul_hi(i4, 1 << 30).s2", "rotate(u, 7u)", "popcount(u)", "clz(u)", "vload4(0, x).s2",
    "vload16(0, x).sf", "vload3(0, x).s2", "vload_half(1, h)", "vload_half4(0, h).s3", "convert_int(f)", "convert_int4_rte(f4).s1",
    "convert_uchar_sat(f * 1000)", "convert_float4(i4).s2", "convert_long_rtz(f * -3)", "convert_short4(i4 * 70000).s1",
    "(float)convert_ulong(u)", "get_global_id(0)", "get_local_size(0)", "get_group_id(0)", "get_num_groups(0)", "get_work_dim()",
    "get_global_size(0)", "get_local_id(0)", "get_global_offset(0)"};

static void make_kernel(oc__string *out) {
    oc__string_append(out, "__kernel void probe(__global float *x, __global half *h, __global float *out, __local float *t) {\n"
                           "const float f = x[0]; const float4 f4 = (float4)(x[0], x[1], x[2], x[3]); const int i = (int)x[4];\n"
                           "const uint u = (uint)i * 77777777u; const long l = (long)i - 20; const int4 i4 = (int4)(i, 1, 2, i);\n"
                           "t[0] = f; barrier(CLK_LOCAL_MEM_FENCE); mem_fence(CLK_LOCAL_MEM_FENCE); out[0] = t[0];\n");
    for (size_t k = 0; k < OC_COUNT(expressions); k++)
        oc__string_printf(out, "out[%zu] = (float)(%s);\n", k + 1, expressions[k]);
    oc__string_printf(out, "vstore2(f4.lo, 0, out + %zu); vstore_half(f, 8, h); vstore_half2(f4.hi, 5, h);\n", OC_COUNT(expressions) + 1);
    oc__string_printf(out, "out[%zu] = vload_half(8, h) + vload_half(11, h);\n}\n", OC_COUNT(expressions) + 3);
    assert_false(out->failed);
}

#define RESULTS (OC_COUNT(expressions) + 4)

static void run(kit *k, oc__program *program, float *results) {
    static const uint16_t halves[16] = {0x3c00, 0x4000, 0x4200, 0x4400};
    float x[16] = {0.75f, 1.25f, 2.5f, 0.5f, 12};
    const uint64_t sizes[3] = {sizeof(x), sizeof(halves), RESULTS * sizeof(float)};
    oc__buffer *buffers[3];
    oc__kernel *kernel;
    oc__queue *queue = oc__device_queue(k->device);
    x[15] = 15;
    KIT_OK(oc__kernel_create(&kernel, program, "probe", &err), &err);
    for (uint32_t i = 0; i < 3; i++) {
        KIT_OK(oc__buffer_create(&buffers[i], k->device, sizes[i], &err), &err);
        KIT_OK(oc__kernel_set_buffer(kernel, i, buffers[i], &err), &err);
    }
    KIT_OK(oc__kernel_set_local(kernel, 3, sizeof(float), &err), &err);
    KIT_OK(oc__queue_write(queue, buffers[0], 0, x, sizeof(x), true, &err), &err);
    KIT_OK(oc__queue_write(queue, buffers[1], 0, halves, sizeof(halves), true, &err), &err);
    KIT_OK(oc__queue_launch(queue, kernel, &(oc__range){1, {1}, {1}}, NULL, &err), &err);
    KIT_OK(oc__queue_read(queue, buffers[2], 0, results, sizes[2], true, &err), &err);
    oc__kernel_destroy(&kernel);
    for (int i = 0; i < 3; i++)
        oc__buffer_release(&buffers[i]);
}

/* Where the driver does not use such a header, both ways are the same and nothing is learned. */
static void test_same_results(void **state) {
    (void)state;
    kit k;
    oc__string text;
    oc__program *program;
    float got[RESULTS], want[RESULTS];
    kit_init(&k, NULL);
    kit_open(&k);
    if (!k.device->lean_headers || oc__device_caps(k.device)->local_mem < sizeof(float)) {
        kit_finish(&k);
        skip();
    }
    oc__string_init(&text, NULL);
    make_kernel(&text);
    KIT_OK(oc__program_get(&program, k.device, "fill.cl", text.text, &err), &err);
    assert_false(kit_logged(&k, "built once more"));
    run(&k, program, got);
    oc__string_append(&text, "/* another program */\n");
    k.device->lean_headers = false;
    KIT_OK(oc__program_get(&program, k.device, "fill.cl", text.text, &err), &err);
    run(&k, program, want);
    for (size_t i = 0; i < RESULTS; i++)
        if (memcmp(&got[i], &want[i], sizeof(float)))
            fail_msg("%s: %.9g and %.9g", i && i <= OC_COUNT(expressions) ? expressions[i - 1] : "a store", got[i], want[i]);
    oc__string_finish(&text);
    kit_finish(&k);
}

/* A function that is not declared, as any function that is not in the table, costs a second build and nothing else. */
static void test_missing(void **state) {
    (void)state;
    kit k;
    oc__program *program;
    kit_init(&k, NULL);
    kit_open(&k);
    k.device->lean_headers = true;
    KIT_OK(oc__program_get(&program, k.device, "fill.cl", "__kernel void k(__global float *x) { x[0] = lgamma(x[1]); }", &err), &err);
    if (!strcmp(k.device->info.platform, "Portable Computing Language"))
        assert_true(kit_logged(&k, "built once more"));
    assert_int_equal(k.errors, 0);
    KIT_FAILS(OC_ERROR_BUILD, "clBuildProgram", oc__program_get(&program, k.device, "fill.cl", "__kernel void k( {", &err), &err);
    kit_finish(&k);
}

static void test_declarations(void **state) {
    (void)state;
    oc__string out;
    oc__string_init(&out, NULL);
    oc__builtins_declare("x = max(a, b); convert_uchar4_sat(f); CAT(vload, 4)(0, p); nomax(); max_(1); /* fma(1) *//* sqrt"
                         " */ y = vstore4(v, 0, p); // log(1) \n vload_half2(0, h);", &out);
    assert_non_null(strstr(out.text, "ulong16 max(ulong16, ulong16);"));
    assert_non_null(strstr(out.text, "int4 max(int4, int);"));
    assert_null(strstr(out.text, "int max(int, int);\n__attribute__((overloadable, const)) int max(int, int);"));
    assert_non_null(strstr(out.text, "uchar4 convert_uchar4_sat(float4);"));
    assert_null(strstr(out.text, "convert_uchar8"));
    assert_non_null(strstr(out.text, "float8 vload8(size_t, const __constant float *);"));
    assert_null(strstr(out.text, "double"));
    assert_non_null(strstr(out.text, "void vstore4(short4, size_t, __local short *);"));
    assert_null(strstr(out.text, "vstore8"));
    assert_non_null(strstr(out.text, "float2 vload_half2(size_t, const __private half *);"));
    assert_null(strstr(out.text, "vload_half("));
    assert_null(strstr(out.text, "fma"));
    assert_null(strstr(out.text, "sqrt"));
    assert_null(strstr(out.text, "log"));
    oc__string_finish(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_declarations), cmocka_unit_test(test_same_results), cmocka_unit_test(test_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
