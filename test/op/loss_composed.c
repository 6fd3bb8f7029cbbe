/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <math.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/loss.h>

#include "graph/graph.h"

static oc_error err;

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
BUILD(nll, oc_nll_loss(graph, x[0], x[1], NULL, NULL, err))
BUILD(nll_weights, oc_nll_loss(graph, x[0], x[1], x[2], &oc_nll_params(.ignore = true, .ignored = 1), err))
BUILD(nll_none, oc_nll_loss(graph, x[0], x[1], x[2], &oc_nll_params(.reduction = OC_REDUCTION_NONE), err))
BUILD(cross, oc_cross_entropy(graph, x[0], x[1], x[2], &oc_nll_params(.reduction = OC_REDUCTION_SUM, .ignore = true), err))
BUILD(smooth, oc_cross_entropy(graph, x[0], x[1], x[2], &oc_nll_params(.smoothing = 0.2, .ignore = true), err))
BUILD(smooth_others, oc_cross_entropy(graph, x[0], x[1], NULL,
                                      &oc_nll_params(.smoothing = 0.2, .convention = OC_SMOOTHING_OTHERS), err))
BUILD(mae, oc_mean_absolute_error(graph, x[0], x[1], err))
BUILD(huber, oc_huber(graph, x[0], x[1], 0.7, err))
BUILD(hinge, oc_hinge(graph, x[0], x[1], err))
BUILD(perceptron, oc_perceptron_loss(graph, x[0], x[1], err))
BUILD(bce, oc_binary_cross_entropy(graph, oc_sigmoid(graph, x[0], err), x[1], err))
BUILD(bce_logits, oc_binary_cross_entropy_logits(graph, x[0], x[1], err))
BUILD(kl, oc_kl_divergence(graph, x[0], x[1], err))
BUILD(kl_gaussian, oc_kl_gaussian(graph, x[0], x[1], err))

#define PAIR {{2, {OPTEST_N, 4}}, {2, {OPTEST_N, 4}}}
#define IMAGES {{4, {OPTEST_N, 3, 2, 2}}, {3, {OPTEST_N, 2, 2}}, {1, {3}}}

static const optest_gradient gradients[] = {
    {"nll", build_nll, 2, {{2, {OPTEST_N, 3}}, {1, {OPTEST_N}}}, 0, 2, 2, true},
    {"nll weights", build_nll_weights, 3, IMAGES, OPTEST_POSITIVE, 2, 2, true},
    {"nll none", build_nll_none, 3, IMAGES, 0, 2, 2, true},
    {"cross-entropy", build_cross, 3, IMAGES, 0, 2, 2, true},
    {"smoothed", build_smooth, 3, IMAGES, 0, 2, 2, true},
    {"smoothed otherwise", build_smooth_others, 2, {{2, {OPTEST_N, 3}}, {1, {OPTEST_N}}}, 0, 2, 2, true},
    {"mean absolute error", build_mae, 2, PAIR, 0, 0, 0, true},
    {"huber", build_huber, 2, PAIR, 0, 0, 0, true},
    {"hinge", build_hinge, 2, PAIR, 0, 0, 0, true},
    {"perceptron", build_perceptron, 2, PAIR, 0, 0, 0, true},
    {"binary cross-entropy", build_bce, 2, PAIR, 0, 0, 0, true},
    {"with logits", build_bce_logits, 2, PAIR, 0, 0, 0, true},
    {"kl", build_kl, 2, PAIR, OPTEST_POSITIVE, 0, 0, true},
    {"kl gaussian", build_kl_gaussian, 2, PAIR, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

/* The value of a loss of two lists of four. */
static double value_of(kit *k, optest_build build, const double *a, const double *b) {
    oc_graph *graph;
    oc_value *x[2];
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    for (int i = 0; i < 2; i++)
        x[i] = oc_graph_input(graph, i ? "b" : "a", OC_F32, &OC_SHAPE(2, 2), &err);
    const oc_value *loss = build(graph, x, &err);
    KIT_OK(oc_graph_check(graph, &err), &err);
    double **values = oc__alloc_array(k->context, graph->value_count, sizeof(*values));
    values[x[0]->id] = (double *)(uintptr_t)a;
    values[x[1]->id] = (double *)(uintptr_t)b;
    KIT_OK(oc__graph_interpret(graph, values, &err), &err);
    double result = values[loss->id][0];
    oc__graph_interpret_finish(graph, values);
    oc__free(k->context, values);
    oc_graph_destroy(&graph);
    return result;
}

static void test_values(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    const double a[4] = {0.2, -1.5, 3, 0}, b[4] = {1, 1, -1, 0}, p[4] = {0.5, 0.25, 0.25, 0}, q[4] = {-1, -2, -1.5, -9};
    const double one[4] = {1, 1, 1, 1};
    assert_true(fabs(value_of(&k, build_mae, a, b) - (0.8 + 2.5 + 4) / 4) < 1e-9);
    assert_true(fabs(value_of(&k, build_huber, a, b) - 0.7 * (0.45 + 2.15 + 3.65) / 4) < 1e-6);
    assert_true(fabs(value_of(&k, build_hinge, a, b) - (0.8 + 2.5 + 4 + 1) / 4) < 1e-9);
    assert_true(fabs(value_of(&k, build_perceptron, a, b) - (0 + 1.5 + 3) / 4) < 1e-9);
    double logits = (log1p(exp(-0.2)) + log1p(exp(1.5)) + log1p(exp(-3)) + log(2)) / 4;
    assert_true(fabs(value_of(&k, build_bce_logits, a, one) - logits) < 1e-9);
    assert_true(fabs(value_of(&k, build_bce, a, one) - logits) < 1e-6);
    double divergence = 0.5 * (log(0.5) + 1) + 0.25 * (log(0.25) + 2) + 0.25 * (log(0.25) + 1.5);
    assert_true(fabs(value_of(&k, build_kl, p, q) - divergence) < 1e-9);
    double gaussian = 0.5 * (0.04 + 2.25 + 9 + 4 * exp(1) - 8);
    assert_true(fabs(value_of(&k, build_kl_gaussian, a, one) - gaussian) < 1e-9);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients), cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
