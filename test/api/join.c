/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a concat that are made where the whole wants them: the same numbers, fewer steps. */
#include <stdio.h>

#include <ocelli/ocelli.h>

#include "kit/ways.h"

static oc_value *conv(oc_graph *graph, oc_value *x, int64_t from, int64_t to, const char *name, oc_error *err) {
    oc_value *w = oc_graph_state(graph, name, OC_F32, &OC_SHAPE(to, from, 3, 3), &oc_init_params(OC_INIT_HE), err);
    const oc_conv_params params = {.pad_begin = {1, 1}, .pad_end = {1, 1}};
    return oc_relu(graph, oc_conv2d(graph, x, w, NULL, &params, err), err);
}

static oc_value *join(oc_graph *graph, oc_value *a, oc_value *b, oc_value *c, oc_error *err) {
    return oc_concat(graph, (oc_value *[]){a, b, c}, c ? 3 : 2, 1, err);
}

/* An inception block: all parts are made for the join alone. */
static oc_value *branches(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *a = conv(graph, x, 32, 32, "a", err), *b = conv(graph, x, 32, 48, "b", err), *c = conv(graph, x, 32, 20, "c", err);
    return conv(graph, join(graph, a, b, c, err), 100, 16, "d", err);
}

static oc_value *norm(oc_graph *graph, oc_value *x, int64_t channels, const char *name, oc_error *err) {
    oc_value *in[4];
    for (int i = 0; i < 4; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%s.%d", name, i);
        in[i] = oc_graph_state(graph, text, OC_F32, &OC_SHAPE(channels), &oc_init_params(OC_INIT_UNIFORM, 1, 0.5), err);
    }
    return oc_relu(graph, oc_batch_norm(graph, x, in[0], in[1], in[2], in[3], NULL, err), err);
}

/* A dense block behind a pool: each join begins with the one before. */
static oc_value *dense(oc_graph *graph, oc_value *x, oc_error *err) {
    const oc_pool_params window = {.kernel = {3, 3}, .pad_begin = {1, 1}, .pad_end = {1, 1}};
    oc_value *all = oc_max_pool2d(graph, conv(graph, x, 32, 32, "first", err), &window, NULL, err), *parts[4] = {all};
    for (int i = 1; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof(name), "w%d", i);
        oc_value *normal = norm(graph, all, 32 * i, name, err);
        parts[i] = conv(graph, i == 2 ? oc_avg_pool2d(graph, normal, &window, err) : normal, 32 * i, 32, name, err);
        all = oc_concat(graph, parts, (size_t)i + 1, 1, err);
    }
    return all;
}

/* A join in a join, and a part that is used in two of them at different places. */
static oc_value *nested(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *a = conv(graph, x, 32, 16, "a", err), *b = conv(graph, x, 32, 32, "b", err);
    oc_value *inner = join(graph, a, b, NULL, err), *c = conv(graph, inner, 48, 16, "c", err);
    return join(graph, join(graph, b, c, NULL, err), inner, a, err);
}

/* The input itself, one value twice, and channels that fill no block. */
static oc_value *awkward(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *a = conv(graph, x, 32, 7, "a", err), *b = conv(graph, x, 32, 32, "b", err);
    return join(graph, join(graph, x, b, b, err), a, oc_neg(graph, a, err), err);
}

/* Along the last axis, and of parts that are views. */
static oc_value *flat(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *a = oc_flatten(graph, conv(graph, x, 32, 16, "a", err), 1, err), *b = oc_flatten(graph, oc_exp(graph, x, err), 1, err);
    return oc_concat(graph, (oc_value *[]){a, b, oc_neg(graph, a, err)}, 3, 1, err);
}

static size_t join_steps(const oc_plan *plan) {
    size_t steps = 0;
    for (size_t i = 0; i < plan->task_count; i++)
        steps += plan->tasks[i].problem.op == &oc__op_concat ? plan->tasks[i].step_count : 0;
    return steps;
}

/* Where joins need no steps if convolutions write blocks of 16 channels: with a batch of 1, with a larger one. */
typedef struct free_joins {
    bool of_one, of_more;
} free_joins;

static void look(const oc_plan *plan, oc_device *device, int64_t batch, const void *wanted) {
    const free_joins *joins = wanted;
    oc_plan_info info = oc_plan_get_info(plan);
    if (oc__device_caps(device)->simt_width <= 1 && (batch == 1 ? joins->of_one : joins->of_more))
        assert_int_equal(join_steps(plan), 0);
    assert_true(info.arena_bytes <= info.liveness_bytes * 11 / 10);
}

static void test_branches(void **state) {
    (void)state;
    ways_check(branches, look, &(free_joins){true, true});
}

static void test_dense(void **state) {
    (void)state;
    ways_check(dense, look, &(free_joins){true, true});
}

static void test_nested(void **state) {
    (void)state;
    ways_check(nested, look, &(free_joins){false, false});
}

static void test_awkward(void **state) {
    (void)state;
    ways_check(awkward, look, &(free_joins){false, false});
}

static void test_flat(void **state) {
    (void)state;
    ways_check(flat, look, &(free_joins){false, false});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_branches), cmocka_unit_test(test_dense), cmocka_unit_test(test_nested),
                                       cmocka_unit_test(test_awkward), cmocka_unit_test(test_flat)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
