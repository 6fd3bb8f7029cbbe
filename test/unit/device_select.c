/* SPDX-License-Identifier: Apache-2.0 */
/* Listing, the selection grammar, masks, and drivers that fail. */
#include "kit/kit.h"

#include <stdlib.h>
#include <string.h>

#include "device/cl.h"

static oc_error err;

static oc__found fake(const char *id, const char *name, const char *platform, oc_device_type type, unsigned units) {
    oc__found found = {.info = {.type = type, .compute_units = units, .clock_mhz = 1000}};
    strcpy(found.info.id, id);
    strcpy(found.info.name, name);
    strcpy(found.info.platform, platform);
    return found;
}

static void test_grammar(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    const oc__found found[] = {
        fake("0:0", "pthread-Xeon", "Portable Computing Language", OC_DEVICE_CPU, 64),
        fake("0:1", "basic", "Portable Computing Language", OC_DEVICE_CPU, 1),
        fake("2:0", "Arc A770", "Intel", OC_DEVICE_GPU, 32),
        fake("2:1", "RTX", "NVIDIA CUDA", OC_DEVICE_GPU, 40),
        fake("3:0", "FPGA, board", "Other", OC_DEVICE_ACCELERATOR, 900),
    };
    static const struct {
        const char *text;
        size_t count, picks[3];
    } good[] = {
        {"auto", 1, {3}},          {"cpu", 1, {0}},     {"cpu:1", 1, {1}},      {"gpu", 1, {2}},
        {"gpu:1", 1, {3}},         {"accel", 1, {4}},   {"0:1", 1, {1}},        {"2:0", 1, {2}},
        {"a770", 1, {2}},          {"PORTABLE", 1, {0}}, {"cpu, gpu:1", 2, {0, 3}}, {"0:0,0:0,auto", 3, {0, 0, 3}},
        {"nvidia", 1, {3}},
    };
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        size_t *picks, count;
        KIT_OK(oc__select(k.context, found, OC_COUNT(found), good[i].text, &picks, &count, &err), &err);
        assert_int_equal(count, good[i].count);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(picks[j], good[i].picks[j]);
        oc__free(k.context, picks);
    }
    static const struct {
        oc_status status;
        const char *text, *part;
    } bad[] = {
        {OC_ERROR_NO_DEVICE, "gpu:2", "2:1 RTX (gpu, NVIDIA CUDA)"},
        {OC_ERROR_NO_DEVICE, "1:0", "no device fits '1:0'"},
        {OC_ERROR_NO_DEVICE, "toaster", "toaster"},
        {OC_ERROR_NO_DEVICE, "cpu,toaster", "'toaster'"},
        {OC_ERROR_INVALID, "gpu:", "number"},
        {OC_ERROR_INVALID, "gpu:x", "number"},
        {OC_ERROR_INVALID, "cpu:-1", "number"},
        {OC_ERROR_INVALID, "cpu,", "empty"},
        {OC_ERROR_INVALID, ",", "empty"},
        {OC_ERROR_INVALID, " ", "empty"},
    };
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        size_t *picks, count;
        KIT_FAILS(bad[i].status, bad[i].part,
                  oc__select(k.context, found, OC_COUNT(found), bad[i].text, &picks, &count, &err), &err);
    }
    kit_finish(&k);
}

static void test_mask_text(void **state) {
    (void)state;
    kit k;
    oc__mask mask;
    kit_init(&k, NULL);
    KIT_OK(oc__mask_parse(k.context, "", &mask, &err), &err);
    KIT_OK(oc__mask_parse(k.context, "wg=64,local=16k,alloc=64M,align=512,bits=32,nofp16,nofp64,noimages,inorder", &mask, &err),
           &err);
    assert_true(mask.work_group == 64 && mask.local_mem == 16384 && mask.max_alloc == 64 << 20 && mask.align == 512);
    assert_true(mask.bits == 32 && mask.no_fp16 && mask.no_fp64 && mask.no_images && mask.in_order);
    oc_device_info info = {.max_work_group = 32, .local_mem = 65536, .max_alloc = (uint64_t)1 << 33, .address_align = 1024,
                           .address_bits = 64, .global_mem = (uint64_t)1 << 35, .fp16 = true, .out_of_order = true};
    oc__mask_apply(&mask, &info);
    assert_true(info.max_work_group == 32 && info.local_mem == 16384 && info.max_alloc == 64 << 20);
    assert_true(info.address_align == 1024 && info.address_bits == 32 && info.global_mem == UINT32_MAX);
    assert_true(!info.fp16 && !info.out_of_order);
    KIT_OK(oc__mask_parse(k.context, "local=0", &mask, &err), &err);
    info.local_mem = 65536;
    oc__mask_apply(&mask, &info);
    assert_int_equal(info.local_mem, 0);
    info = (oc_device_info){.max_work_group = 4096, .local_mem = 65536, .max_alloc = (uint64_t)1 << 33, .address_bits = 64,
                            .fp16 = true, .fp64 = true, .images = true, .out_of_order = true};
    KIT_OK(oc__mask_parse(k.context, "phone,wg=32", &mask, &err), &err); /* the last counts */
    oc__mask_apply(&mask, &info);
    assert_true(info.max_work_group == 32 && info.local_mem == 16384 && info.max_alloc == 128 << 20 && !info.fp64);
    assert_true(info.fp16 && info.images && info.out_of_order && info.address_bits == 64);
    const char *bad[] = {"phone=1", "phones", "local", "alloc=0", "wg",    "wg=",   "wg=0",     "wg=-1",     "wg=4x",    "local=1T", "bits=64",
                         "fp16",  "nofp8", "wg=1,,x",  "wg=1,",     "align=3",  "align=0",  " wg=1", "wg=1;nofp64"};
    for (size_t i = 0; i < OC_COUNT(bad); i++)
        KIT_FAILS(OC_ERROR_INVALID, "mask", oc__mask_parse(k.context, bad[i], &mask, &err), &err);
    kit_finish(&k);
}

static void test_known_bugs(void **state) {
    (void)state;
    oc_device_info pocl = {.platform = "Portable Computing Language"}, other = {.platform = "Sunny"};
    size_t all = 0, of_pocl = 0;
    for (; oc_device_known_bug(NULL, all); all++) {
        const oc_driver_bug *bug = oc_device_known_bug(NULL, all);
        assert_true(bug->name[0] && bug->platform[0] && bug->seen[0] && bug->text[0] && bug->avoided[0]);
    }
    for (; oc_device_known_bug(&pocl, of_pocl); of_pocl++)
        assert_string_equal(oc_device_known_bug(&pocl, of_pocl)->platform, pocl.platform);
    assert_true(of_pocl >= 2 && all > of_pocl);
    assert_null(oc_device_known_bug(&other, 0));
    assert_true(oc__has_bug(&pocl, "pocl_fork"));
    assert_false(oc__has_bug(&pocl, "rusticl_local_size"));
}

static void test_list(void **state) {
    (void)state;
    kit k;
    oc_device_info infos[32];
    size_t count = 0, again;
    kit_init(&k, &(oc_context_params){.mask = "wg=16,local=1k"});
    kit_open(&k);
    KIT_OK(oc_device_list(k.context, infos, 32, &count, &err), &err);
    assert_true(count >= 1);
    for (size_t i = 0; i < OC_MIN(count, (size_t)32); i++) {
        oc_device *device;
        assert_true(infos[i].max_work_group <= 16 && infos[i].local_mem <= 1024);
        assert_true(infos[i].name[0] && infos[i].platform[0] && infos[i].max_alloc > 0 && infos[i].compute_units > 0);
        KIT_OK(oc_device_create(&device, k.context, infos[i].id, &err), &err);
        assert_string_equal(oc_device_get_info(device)->id, infos[i].id);
        assert_memory_equal(oc_device_get_info(device), &infos[i], sizeof infos[i]);
        const oc__caps *caps = oc__device_caps(device);
        assert_true(caps->simd_width >= 1 && caps->simt_width >= 1 && caps->peak_flops > 0 && caps->peak_bytes > 0);
        print_message("%s %s: simd %u, simt %u, fma %d, %.0f GFLOP/s\n%s\n", infos[i].id, infos[i].name, caps->simd_width,
                      caps->simt_width, caps->fast_fma, caps->peak_flops * 1e-9, oc__device_key(device));
        if (strstr(infos[i].platform, "Portable"))
            assert_int_equal(caps->simt_width, 1);
        if (strstr(infos[i].name, "llvmpipe"))
            assert_true(caps->simt_width > 1);
        oc_device_destroy(&device);
    }
    KIT_OK(oc_device_list(k.context, NULL, 0, &again, &err), &err);
    assert_int_equal(again, count);
    KIT_FAILS(OC_ERROR_INVALID, "NULL", oc_device_list(k.context, NULL, 3, &again, &err), &err);
    kit_finish(&k);
}

static void test_bad_mask(void **state) {
    (void)state;
    kit k;
    size_t count;
    kit_init(&k, NULL);
    kit_open(&k);
    kit_finish(&k);
    kit_init(&k, &(oc_context_params){.mask = "wg=none"});
    KIT_FAILS(OC_ERROR_INVALID, "wg=none", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    kit_finish(&k);
}

static cl_int no_platforms(cl_uint n, cl_platform_id *platforms, cl_uint *count) {
    (void)n;
    (void)platforms;
    if (count)
        *count = 0;
    return -1001;
}

static cl_int no_resources(cl_uint n, cl_platform_id *platforms, cl_uint *count) {
    (void)n;
    (void)platforms;
    (void)count;
    return CL_OUT_OF_HOST_MEMORY;
}

static cl_int failing_devices(cl_platform_id platform, cl_device_type type, cl_uint n, cl_device_id *devices, cl_uint *count) {
    (void)platform;
    (void)type;
    (void)n;
    (void)devices;
    (void)count;
    return CL_OUT_OF_RESOURCES;
}

static cl_int no_devices(cl_platform_id platform, cl_device_type type, cl_uint n, cl_device_id *devices, cl_uint *count) {
    (void)failing_devices(platform, type, n, devices, count);
    return CL_DEVICE_NOT_FOUND;
}

static const oc__cl *real;

static cl_int old_version(cl_device_id device, cl_device_info which, size_t size, void *value, size_t *got) {
    static const char version[] = "OpenCL 1.1 toaster";
    if (which != CL_DEVICE_VERSION)
        return real->clGetDeviceInfo(device, which, size, value, got);
    if (value && size >= sizeof version)
        memcpy(value, version, sizeof version);
    if (got)
        *got = sizeof version;
    return CL_SUCCESS;
}

static void test_failing_drivers(void **state) {
    (void)state;
    kit k;
    size_t count;
    kit_init(&k, NULL);
    kit_open(&k);
    oc__cl *cl = oc__cl_table(k.context), good = *cl;
    real = &good;
    cl->clGetPlatformIDs = no_platforms;
    KIT_FAILS(OC_ERROR_NO_DEVICE, "pocl-opencl-icd", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    cl->clGetPlatformIDs = no_resources;
    KIT_FAILS(OC_ERROR_NO_DEVICE, "CL_OUT_OF_HOST_MEMORY (-6)", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    *cl = good;
    kit_log_clear(&k);
    cl->clGetDeviceIDs = failing_devices;
    KIT_FAILS(OC_ERROR_NO_DEVICE, "has a usable device", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    assert_true(kit_logged(&k, "is skipped: clGetDeviceIDs: CL_OUT_OF_RESOURCES (-5)"));
    cl->clGetDeviceIDs = no_devices;
    KIT_FAILS(OC_ERROR_NO_DEVICE, "pocl-opencl-icd", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    assert_true(kit_logged(&k, "has no devices"));
    *cl = good;
    cl->clGetDeviceInfo = old_version;
    KIT_FAILS(OC_ERROR_NO_DEVICE, "has a usable device", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    assert_true(kit_logged(&k, "OpenCL 1.1 toaster"));
    *cl = good;
    kit_finish(&k);
}

static void test_environment_and_list(void **state) {
    (void)state;
    kit k;
    oc_device *devices[4];
    size_t count = 77;
    kit_init(&k, NULL);
    kit_open(&k);
    const char *before = getenv("OCELLI_DEVICE");
    char *saved = before ? strdup(before) : NULL;
    setenv("OCELLI_DEVICE", "toaster", 1);
    KIT_FAILS(OC_ERROR_NO_DEVICE, "toaster", oc_device_create(&devices[0], k.context, NULL, &err), &err);
    if (saved)
        setenv("OCELLI_DEVICE", saved, 1);
    else
        unsetenv("OCELLI_DEVICE");
    free(saved);
    KIT_FAILS(OC_ERROR_LIMIT, "room for 1", oc_device_create_list(devices, 1, &count, k.context, "auto,auto", &err), &err);
    assert_int_equal(count, 77);
    KIT_OK(oc_device_create_list(devices, 4, &count, k.context, "auto,auto", &err), &err);
    assert_int_equal(count, 2);
    oc_device_destroy(&devices[0]);
    oc_device_destroy(&devices[1]);
    assert_string_equal(oc_device_type_name(OC_DEVICE_ACCELERATOR), "accel");
    kit_finish(&k);
}

static void test_forked(void **state) {
    (void)state;
    kit k;
    size_t count;
    oc__buffer *buffer;
    kit_init(&k, NULL);
    oc_device *device = kit_open(&k);
    k.context->owner_process++; /* as a forked child would see it */
    KIT_FAILS(OC_ERROR_FORKED, "forked", oc_device_list(k.context, NULL, 0, &count, &err), &err);
    KIT_FAILS(OC_ERROR_FORKED, "forked", oc__buffer_create(&buffer, device, 4, &err), &err);
    KIT_FAILS(OC_ERROR_FORKED, "forked", oc__queue_finish(oc__device_queue(device), &err), &err);
    k.context->owner_process--;
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),  cmocka_unit_test(test_mask_text),
        cmocka_unit_test(test_known_bugs), cmocka_unit_test(test_list), cmocka_unit_test(test_bad_mask),
        cmocka_unit_test(test_failing_drivers), cmocka_unit_test(test_environment_and_list),
        cmocka_unit_test(test_forked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
