/* SPDX-License-Identifier: Apache-2.0 */
/* Masks are obeyed: what a weaker device would refuse is refused, and plans keep to it. */
#include "kit/kit.h"

#include <stdio.h>
#include <string.h>

#include "device/cl.h"
#include "kit/lenet.h"
#include "plan/plan.h"

static oc_error err;

static void open_masked(kit *k, const char *mask, const char *kernels) {
    oc_context_params params = {.mask = mask, .kernels = kernels};
    kit_init(k, &params);
    kit_open(k);
}

/* A kernel of one's own, in a folder that replaces the library's. */
static void write_kernel(const char *folder, const char *name, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_local(void **state) {
    (void)state;
    kit files, k;
    oc__program *program;
    oc__kernel *kernel = NULL;
    kit_init(&files, NULL);
    write_kernel(files.folder, "near.cl",
                 "__kernel void near_by(__global float *x) { __local float t[64]; t[get_local_id(0)] = x[0];\n"
                 "barrier(CLK_LOCAL_MEM_FENCE); x[0] = t[0]; }\n"
                 "__kernel void given(__global float *x, __local float *t) { t[0] = x[0]; x[0] = t[0] + 1; }\n");
    write_kernel(files.folder, "fill.cl", "__kernel void fill_value(__global float *x) { x[0] = 0; }\n"); /* the library's probe */
    static const char *const masks[] = {"local=0", "local=255", "local=256"};
    for (size_t i = 0; i < OC_COUNT(masks); i++) {
        open_masked(&k, masks[i], files.folder);
        KIT_OK(oc__program_get(&program, k.device, "near.cl", "", &err), &err);
        if (i < 2)
            KIT_FAILS(OC_ERROR_LIMIT, "near_by: 256 bytes of local memory", oc__kernel_create(&kernel, program, "near_by", &err), &err);
        else
            KIT_OK(oc__kernel_create(&kernel, program, "near_by", &err), &err);
        oc__kernel_destroy(&kernel);
        KIT_OK(oc__kernel_create(&kernel, program, "given", &err), &err);
        KIT_FAILS(OC_ERROR_LIMIT, "local memory", oc__kernel_set_local(kernel, 1, 260, &err), &err);
        oc__kernel_destroy(&kernel);
        kit_finish(&k);
    }
    kit_finish(&files);
}

static void test_doubles(void **state) {
    (void)state;
    kit files, k;
    oc__program *program;
    kit_init(&files, NULL);
    write_kernel(files.folder, "wide.cl",
                 "#ifdef cl_khr_fp64\n#define WIDE double\n#else\n#define WIDE float\n#endif\n"
                 "__kernel void wide(__global float *x) { WIDE y = x[0]; x[0] = (float)(y * y); }\n");
    write_kernel(files.folder, "always.cl", "__kernel void always(__global float *x) { double y = x[0]; x[0] = (float)(y * y); }\n");
    write_kernel(files.folder, "fill.cl", "__kernel void fill_value(__global float *x) { x[0] = 0; }\n");
    open_masked(&k, "nofp64,nofp16", files.folder);
    bool hidden = k.device->hides_fp64;
    assert_false(oc__device_caps(k.device)->fp64 || oc__device_caps(k.device)->fp16);
    KIT_OK(oc__program_get(&program, k.device, "wide.cl", "", &err), &err);
    if (hidden)
        KIT_FAILS(OC_ERROR_BUILD, "always.cl", oc__program_get(&program, k.device, "always.cl", "", &err), &err);
    kit_finish(&k);
    open_masked(&k, "noimages,inorder", files.folder);
    assert_false(oc_device_get_info(k.device)->images || oc_device_get_info(k.device)->out_of_order);
    assert_false(k.device->hides_fp64);
    if (hidden)
        KIT_OK(oc__program_get(&program, k.device, "always.cl", "", &err), &err);
    kit_finish(&k);
    kit_finish(&files);
}

static void test_sizes(void **state) {
    (void)state;
    kit k;
    oc__buffer *buffer = NULL;
    oc__program *program;
    oc__kernel *kernel;
    open_masked(&k, "bits=32,wg=16", NULL);
    const oc_device_info *info = oc_device_get_info(k.device);
    assert_true(info->address_bits == 32 && info->global_mem <= UINT32_MAX && info->max_alloc <= INT32_MAX);
    KIT_FAILS(OC_ERROR_LIMIT, "2147483648", oc__buffer_create(&buffer, k.device, (uint64_t)1 << 31, &err), &err);
    KIT_OK(oc__program_get(&program, k.device, "fill.cl", "", &err), &err);
    KIT_OK(oc__kernel_create(&kernel, program, "fill_bits", &err), &err);
    KIT_FAILS(OC_ERROR_LIMIT, "work-groups of 32 items",
              oc__queue_launch(oc__device_queue(k.device), kernel, &(oc__range){1, {32}, {32}}, NULL, &err), &err);
    oc__kernel_destroy(&kernel);
    kit_finish(&k);
}

/* Every value of a plan lies where a sub-buffer may begin, also between red zones. */
static void check_places(const oc_plan *plan, uint64_t align) {
    int seen = 0;
    for (size_t i = 0; i < plan->slot_count; i++) {
        const oc__slot *slot = &plan->slots[i];
        if (slot->alias >= 0 || slot->region >= 0)
            continue;
        assert_int_equal(slot->place.offset % align, 0);
        seen++;
    }
    assert_true(seen > 5);
}

static void test_align(void **state) {
    (void)state;
    kit k;
    open_masked(&k, "align=4096", NULL);
    oc_graph *graph = lenet_graph(&k);
    oc_dim_binding n = {"N", 2};
    static float pixels[2 * 784] = {1, 2, 3};
    float got[2][20];
    for (int zones = 0; zones < 2; zones++) {
        oc_plan *plan = NULL;
        oc_exec *exec = NULL;
        oc_binding in = {.name = "image"}, out = {.name = "logits"};
        oc_plan_params params = {.dims = &n, .dim_count = 1, .red_zones = zones};
        KIT_OK(oc_plan_create(&plan, graph, &k.device, 1, &params, &err), &err);
        check_places(plan, 4096);
        KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
        KIT_OK(oc_tensor_wrap(&in.tensor, k.context, OC_F32, &OC_SHAPE(2, 1, 28, 28), pixels, &err), &err);
        KIT_OK(oc_tensor_wrap(&out.tensor, k.context, OC_F32, &OC_SHAPE(2, 10), got[zones], &err), &err);
        KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
        oc_tensor_destroy(&in.tensor);
        oc_tensor_destroy(&out.tensor);
        oc_exec_destroy(&exec);
        oc_plan_destroy(&plan);
    }
    assert_memory_equal(got[0], got[1], sizeof got[0]);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_local), cmocka_unit_test(test_doubles), cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_align)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
