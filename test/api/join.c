/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a concat that are made where the whole wants them: the same numbers, fewer steps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/kit.h"
#include "plan/plan.h"

#define SIDE 6

typedef oc_value *(*builder)(oc_graph *graph, oc_value *x, oc_error *err);

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

static oc_plan *make_plan(kit *k, const oc_graph *graph, oc_plan_params params, int64_t batch) {
    oc_error err = {0};
    oc_plan *plan = NULL;
    params.dims = &(oc_dim_binding){"N", batch};
    params.dim_count = 1;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &params, &err), &err);
    return plan;
}

/* The output after a second run, in which all memory has been used. Freed by the caller. */
static float *run(kit *k, oc_plan *plan, int64_t batch, int64_t *count) {
    oc_error err = {0};
    oc_exec *exec = NULL;
    oc_tensor *x, *y;
    oc_value_info info = oc_plan_get_output(plan, 0);
    KIT_OK(oc_tensor_create(&x, k->context, NULL, OC_F32, &OC_SHAPE(batch, 32, SIDE, SIDE), &err), &err);
    KIT_OK(oc_tensor_create(&y, k->context, NULL, OC_F32, &info.shape, &err), &err);
    float *data = oc_tensor_get_data(x);
    for (int64_t i = 0; i < oc_tensor_get_count(x); i++)
        data[i] = (float)(i * 7919 % 256) / 256 - 0.5f;
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    for (int i = 0; i < 2; i++)
        KIT_OK(oc_exec_run(exec, &(oc_binding){"x", x}, 1, &(oc_binding){"y", y}, 1, &err), &err);
    *count = oc_tensor_get_count(y);
    float *out = malloc((size_t)*count * sizeof(*out));
    memcpy(out, oc_tensor_get_data(y), (size_t)*count * sizeof(*out));
    oc_exec_destroy(&exec);
    oc_tensor_destroy(&x);
    oc_tensor_destroy(&y);
    return out;
}

static size_t join_steps(const oc_plan *plan) {
    size_t steps = 0;
    for (size_t i = 0; i < plan->task_count; i++)
        steps += plan->tasks[i].problem.op == &oc__op_concat ? plan->tasks[i].step_count : 0;
    return steps;
}

/* Whether joins of this network need no steps where convolutions write blocks of 16 channels: with a batch of 1, with a larger one. */
static void check(builder build, bool free_of_one, bool free_of_more) {
    kit k;
    oc_error err = {0};
    oc_graph *graph = NULL;
    kit_init(&k, NULL);
    kit_open(&k);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 32, SIDE, SIDE), &err);
    KIT_OK(oc_graph_output(graph, "y", build(graph, x, &err), &err), &err);
    const oc_plan_params ways[] = {{.reference = true}, {0}, {.no_fusion = true}, {.red_zones = true}};
    for (int64_t batch = 1; batch < 4; batch += 2) {
        float *want = NULL;
        for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
            int64_t count;
            oc_plan *plan = make_plan(&k, graph, ways[i], batch);
            oc_plan_info info = oc_plan_get_info(plan);
            float *got = run(&k, plan, batch, &count);
            for (int64_t n = 0; want && n < count; n++)
                if (!(fabsf(got[n] - want[n]) <= 1e-4f * (1 + fabsf(want[n]))))
                    fail_msg("way %zu, batch %lld, element %lld: %g, not %g", i, (long long)batch, (long long)n, got[n], want[n]);
            if (i == 1 && oc__device_caps(k.device)->simt_width <= 1 && (batch == 1 ? free_of_one : free_of_more))
                assert_int_equal(join_steps(plan), 0);
            if (i == 1)
                assert_true(info.arena_bytes <= info.liveness_bytes * 11 / 10);
            free(want ? got : NULL);
            want = want ? want : got;
            oc_plan_destroy(&plan);
        }
        free(want);
    }
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static void test_branches(void **state) {
    (void)state;
    check(branches, true, true);
}

static void test_dense(void **state) {
    (void)state;
    check(dense, true, true);
}

static void test_nested(void **state) {
    (void)state;
    check(nested, false, false);
}

static void test_awkward(void **state) {
    (void)state;
    check(awkward, false, false);
}

static void test_flat(void **state) {
    (void)state;
    check(flat, false, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_branches), cmocka_unit_test(test_dense), cmocka_unit_test(test_nested),
                                       cmocka_unit_test(test_awkward), cmocka_unit_test(test_flat)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
