/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/several.h"

#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/cl.h"

static oc_error err;

oc_value *several_conv(oc_graph *graph, oc_value *x, const char *name, int64_t in, int64_t out, int64_t size) {
    oc_value *w = oc_graph_state(graph, name, OC_F32, &OC_SHAPE(out, in, size, size), &(oc_init){.kind = OC_INIT_HE}, &err);
    oc_value *y = oc_conv2d(graph, x, w, NULL, &oc_conv_params(.pad_begin = {size / 2, size / 2}, .pad_end = {size / 2, size / 2}), &err);
    if (!y)
        fail_msg("%s", err.text);
    (void)oc_value_set_name(y, name);
    return oc_relu(graph, y, &err);
}

/* Two branches, joined, and a classifier; the batch is N, or built in. */
oc_graph *several_network(kit *k, int64_t batch) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "image", OC_F32, &OC_SHAPE(batch ? batch : oc_graph_symbol(graph, "N"), 3, 16, 16), &err);
    x = several_conv(graph, x, "stem", 3, 16, 3);
    oc_value *w0 = oc_graph_state(graph, "again", OC_F32, &OC_SHAPE(16, 16, 3, 3), &(oc_init){.kind = OC_INIT_HE}, &err);
    oc_value *bias = oc_graph_state(graph, "again.bias", OC_F32, &OC_SHAPE(16), &(oc_init){.kind = OC_INIT_CONSTANT, .value = 0.1f}, &err);
    oc_value *y = oc_conv2d(graph, x, w0, bias, &oc_conv_params(.pad_begin = {1, 1}, .pad_end = {1, 1}), &err);
    x = oc_relu(graph, oc_add(graph, y, x, &err), &err); /* a residual in an epilogue */
    oc_value *both[] = {several_conv(graph, several_conv(graph, x, "left1", 16, 16, 3), "left2", 16, 16, 3), several_conv(graph, x, "right", 16, 16, 1)};
    x = oc_concat(graph, both, 2, 1, &err);
    x = oc_max_pool2d(graph, x, &oc_pool_params(.kernel = {2, 2}, .stride = {2, 2}), NULL, &err);
    x = oc_flatten(graph, several_conv(graph, x, "last", 32, 16, 3), 1, &err);
    oc_value *w = oc_graph_state(graph, "fc", OC_F32, &OC_SHAPE(16 * 64, OUT), &(oc_init){.kind = OC_INIT_HE}, &err);
    KIT_OK(oc_graph_output(graph, "y", oc_softmax(graph, oc_matmul(graph, x, w, NULL, &err), 1, &err), &err), &err);
    return graph;
}

/* The platform whose devices can be had in any number. */
static bool find_devices(several *f) {
    oc_device_info infos[32];
    size_t count = 0;
    if (oc_device_list(f->k.context, infos, 32, &count, &err) != OC_OK)
        return false;
    for (size_t i = 0; i < count && i < 32 && f->count < 3; i++)
        if (strstr(infos[i].platform, "Portable Computing Language"))
            KIT_OK(oc_device_create(&f->devices[f->count++], f->k.context, infos[i].id, &err), &err);
    return f->count == 3;
}

static void run_single(several *f) {
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    const oc_dim_binding n = {"N", BATCH};
    const oc_binding in = {"image", f->image}, out = {"y", f->wanted};
    KIT_OK(oc_plan_create(&plan, f->graph, f->devices, 1, &(oc_plan_params){.dims = &n, .dim_count = 1}, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
}

void several_set_up(several *f) {
    *f = (several){0};
    kit_init(&f->k, NULL);
    if (!find_devices(f)) {
        for (size_t i = 0; i < f->count; i++)
            oc_device_destroy(&f->devices[i]);
        kit_finish(&f->k);
        skip();
    }
    f->graph = several_network(&f->k, 0);
    KIT_OK(oc_tensor_create(&f->image, f->k.context, NULL, OC_F32, &OC_SHAPE(BATCH, 3, 16, 16), &err), &err);
    KIT_OK(oc_tensor_create(&f->got, f->k.context, NULL, OC_F32, &OC_SHAPE(BATCH, OUT), &err), &err);
    KIT_OK(oc_tensor_create(&f->wanted, f->k.context, NULL, OC_F32, &OC_SHAPE(BATCH, OUT), &err), &err);
    float *x = oc_tensor_get_data(f->image);
    for (int i = 0; i < BATCH * 3 * 256; i++)
        x[i] = sinf((float)i * 0.37f);
    run_single(f);
}

void several_tear_down(several *f) {
    oc_tensor_destroy(&f->image);
    oc_tensor_destroy(&f->got);
    oc_tensor_destroy(&f->wanted);
    oc_graph_destroy(&f->graph);
    for (size_t i = 0; i < f->count; i++)
        oc_device_destroy(&f->devices[i]);
    kit_finish(&f->k);
}

void several_check(const several *f) {
    const float *got = oc_tensor_get_data(f->got), *wanted = oc_tensor_get_data(f->wanted);
    for (int i = 0; i < BATCH * OUT; i++)
        if (!(fabsf(got[i] - wanted[i]) <= 1e-5f))
            fail_msg("output %d is %g, one device gives %g", i, (double)got[i], (double)wanted[i]);
    memset(oc_tensor_get_data(f->got), 0, sizeof(float) * BATCH * OUT);
}

static oc__cl honest;
/* Threads of devices that have not come back read these at any time. */
static _Atomic bool faulty;
static _Atomic(cl_device_id) broken; /* NULL: all */
static atomic_int launches_left, failures_left;
static atomic_uint slow_ms;

static cl_int faulty_launch(cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global,
                            const size_t *local, cl_uint waits, const cl_event *wait, cl_event *event) {
    cl_device_id device = NULL;
    honest.clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(device), &device, NULL);
    if (faulty && ((device == broken && launches_left-- <= 0 && failures_left-- > 0) || !broken)) {
        if (!slow_ms)
            return CL_OUT_OF_RESOURCES;
        usleep(slow_ms * 1000);
    }
    return honest.clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, waits, wait, event);
}

void several_break(several *f, int device, int after, unsigned ms) {
    oc__cl *table = oc__cl_table(f->k.context);
    if (table->clEnqueueNDRangeKernel != faulty_launch) {
        honest = *table;
        table->clEnqueueNDRangeKernel = faulty_launch;
    }
    broken = device == SEVERAL_ALL ? NULL : f->devices[device]->handle;
    launches_left = after;
    slow_ms = ms;
    failures_left = INT_MAX;
    faulty = true;
}

void several_break_once(several *f, int device, int after) {
    several_break(f, device, after, 0);
    failures_left = 1;
}

void several_mend(several *f) {
    (void)f; /* the table stays: whoever is late still reads it */
    faulty = false;
}

bool several_was_broken(void) {
    return launches_left < 0;
}

static void compare_state(several *f, oc_state *got, oc_state *wanted, const oc_value_info *info, double tolerance) {
    int64_t count = oc_shape_count(&info->shape);
    float *x = malloc((size_t)count * sizeof(*x)), *y = malloc((size_t)count * sizeof(*y));
    assert_true(x && y);
    kit_read_state(&f->k, got, info->name, x, count);
    kit_read_state(&f->k, wanted, info->name, y, count);
    for (int64_t k = 0; k < count; k++)
        if (!(fabs((double)x[k] - (double)y[k]) <= tolerance * (0.1 + fabs((double)y[k]))))
            fail_msg("state %s, element %lld: %g, one device gives %g", info->name, (long long)k, (double)x[k], (double)y[k]);
    free(x);
    free(y);
}

void several_compare_states(several *f, oc_state *got, oc_state *wanted, double tolerance) {
    for (size_t i = 0; i < oc_state_count(wanted); i++) {
        oc_value_info info = oc_state_get_info(wanted, i);
        if (info.dtype == OC_F32)
            compare_state(f, got, wanted, &info, tolerance);
    }
}
