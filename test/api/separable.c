/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions that become one step with the 1x1 convolutions behind them: the same numbers, and only where that is so. */
#include <stdio.h>

#include <ocelli/ocelli.h>

#include <string.h>

#include "kit/ways.h"

static oc_value *weights(oc_graph *graph, const char *name, int64_t k, int64_t c, int64_t side, oc_error *err) {
    return oc_graph_state(graph, name, OC_F32, &OC_SHAPE(k, c, side, side), &oc_init_params(OC_INIT_HE), err);
}

static oc_value *bias(oc_graph *graph, const char *name, int64_t k, oc_error *err) {
    return oc_graph_state(graph, name, OC_F32, &OC_SHAPE(k), &oc_init_params(OC_INIT_UNIFORM, 1, 0.5), err);
}

static oc_value *depthwise(oc_graph *graph, oc_value *x, int64_t stride, bool biased, oc_error *err) {
    const oc_conv_params params = {.stride = {stride, stride}, .pad_begin = {1, 1}, .pad_end = {1, 1}, .groups = WAYS_CHANNELS};
    return oc_conv2d(graph, x, weights(graph, "taps", WAYS_CHANNELS, 1, 3, err), biased ? bias(graph, "b", WAYS_CHANNELS, err) : NULL,
                     &params, err);
}

static oc_value *pointwise(oc_graph *graph, oc_value *x, int64_t k, const char *name, oc_error *err) {
    return oc_conv2d(graph, x, weights(graph, name, k, WAYS_CHANNELS, 1, err), NULL, NULL, err);
}

/* An inverted residual: 1x1, ReLU6, depthwise, ReLU6, 1x1, added to where it began. */
static oc_value *residual(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *wide = oc_clip(graph, pointwise(graph, x, WAYS_CHANNELS, "in", err), 0, 1, err);
    oc_value *between = oc_clip(graph, depthwise(graph, wide, 1, true, err), 0, 1, err);
    return oc_add(graph, pointwise(graph, between, WAYS_CHANNELS, "out", err), x, err);
}

/* Larger steps, no bias before, a bias and a ReLU behind. */
static oc_value *strided(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *between = oc_relu(graph, depthwise(graph, x, 2, false, err), err), *w = weights(graph, "out", 20, WAYS_CHANNELS, 1, err);
    return oc_relu(graph, oc_conv2d(graph, between, w, bias(graph, "c", 20, err), NULL, err), err);
}

/* Something else reads what is between. */
static oc_value *shared(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *between = oc_relu(graph, depthwise(graph, x, 1, true, err), err);
    return oc_add(graph, pointwise(graph, between, WAYS_CHANNELS, "out", err), between, err);
}

/* No ReLU between, a bound that is not 0, a filter that is not 1x1. */
static oc_value *linear(oc_graph *graph, oc_value *x, oc_error *err) {
    return pointwise(graph, depthwise(graph, x, 1, true, err), 16, "out", err);
}

static oc_value *bounded(oc_graph *graph, oc_value *x, oc_error *err) {
    return pointwise(graph, oc_clip(graph, depthwise(graph, x, 1, true, err), -0.5f, 1, err), 16, "out", err);
}

static oc_value *wide(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *between = oc_relu(graph, depthwise(graph, x, 1, true, err), err);
    return oc_conv2d(graph, between, weights(graph, "out", 16, WAYS_CHANNELS, 3, err), NULL, NULL, err);
}

/* wanted: how many such steps there are where one work-item is a thread. */
static void look(const oc_plan *plan, oc_device *device, int64_t batch, const void *wanted) {
    (void)batch;
    int found = 0;
    for (size_t i = 0; i < plan->task_count; i++)
        found += plan->tasks[i].problem.op == &oc__op_conv2d_separable;
    int most = oc__device_caps(device)->simt_width <= 1 ? *(const int *)wanted : 0;
    bool pocl = strstr(oc_device_get_info(device)->platform, "Portable") != NULL;
    assert_true(pocl ? found == most : found <= most); /* elsewhere two steps may be expected to take less time */
}

static const int none = 0, one = 1;

static void test_joined(void **state) {
    (void)state;
    ways_check(residual, look, &one);
    ways_check(strided, look, &one);
}

static void test_apart(void **state) {
    (void)state;
    const ways_builder all[] = {shared, linear, bounded, wide};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        ways_check(all[i], look, &none);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_joined), cmocka_unit_test(test_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
