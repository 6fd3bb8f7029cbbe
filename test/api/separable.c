/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolutions that become one step with the 1x1 convolutions behind them, and before them: the same numbers, and only where
 * that is so. */
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

/* The same with ReLU, and something between that something else reads, too: two steps remain. */
static oc_value *residual_shared(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *wide = oc_relu(graph, pointwise(graph, x, WAYS_CHANNELS, "in", err), err);
    oc_value *between = oc_relu(graph, depthwise(graph, wide, 1, true, err), err);
    return oc_add(graph, pointwise(graph, between, WAYS_CHANNELS, "out", err), wide, err);
}

/* No ReLU behind the first 1x1 convolution. */
static oc_value *residual_linear(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *wide = pointwise(graph, x, WAYS_CHANNELS, "in", err);
    oc_value *between = oc_relu(graph, depthwise(graph, wide, 2, true, err), err);
    return pointwise(graph, between, 20, "out", err);
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

typedef struct expected {
    int separable, inverted; /* such steps, where one work-item is a thread */
} expected;

static void look(const oc_plan *plan, oc_device *device, int64_t batch, const void *wanted) {
    (void)batch;
    expected found = {0};
    for (size_t i = 0; i < plan->task_count; i++) {
        found.separable += plan->tasks[i].problem.op == &oc__op_conv2d_separable;
        found.inverted += plan->tasks[i].problem.op == &oc__op_conv2d_inverted;
    }
    const oc__caps *caps = oc__device_caps(device);
    expected most = caps->simt_width <= 1 && caps->local_mem >= 16384 ? *(const expected *)wanted : (expected){0};
    if (strstr(oc_device_get_info(device)->platform, "Portable")) {
        assert_int_equal(found.separable, most.separable);
        assert_int_equal(found.inverted, most.inverted);
    } else {
        assert_true(found.separable + found.inverted <= most.separable + most.inverted); /* more steps may be expected to take less */
    }
}

static const expected none = {0, 0}, separable = {1, 0}, inverted = {0, 1};

static void test_joined(void **state) {
    (void)state;
    ways_check(residual, look, &inverted);
    ways_check(residual_shared, look, &separable);
    ways_check(residual_linear, look, &separable);
    ways_check(strided, look, &separable);
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
