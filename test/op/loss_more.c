/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <math.h>

#include <ocelli/op/det.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/loss.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/metric.h>
#include <ocelli/op/shape.h>

#include "kit/model.h"

static const optest_case cases[] = {
    {"inverse:3x4x4", NULL, OPTEST_POSITIVE, 1e-2}, {"inverse:2x1x1", NULL, OPTEST_POSITIVE, 1e-4}, {"inverse:0x2x2", NULL, 0, 0},
    {"inverse:2x0x0", NULL, 0, 0},                  {"inverse:f64.2x9x9", NULL, OPTEST_POSITIVE, 1e-6},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* x x^T + 1: positive definite. */
static oc_value *covariance(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *product = oc_matmul(graph, x, x, &oc_matmul_params(.trans_b = true), err);
    static const float unit[4] = {1, 0, 0, 1};
    oc_tensor *tensor;
    if (oc_tensor_wrap(&tensor, graph->context, OC_F32, &OC_SHAPE(2, 2), (void *)unit, err) != OC_OK)
        return NULL;
    oc_value *y = oc_add(graph, product, oc_graph_constant(graph, NULL, tensor, err), err);
    oc_tensor_destroy(&tensor);
    return y;
}

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
BUILD(inverse, oc_inverse(graph, covariance(graph, x[0], err), err))
BUILD(gaussians, oc_kl_gaussians(graph, x[0], covariance(graph, x[1], err), x[2], covariance(graph, x[3], err), err))
BUILD(sparsity, oc_kl_sparsity(graph, oc_sigmoid(graph, x[0], err), 0.1, err))
BUILD(gram, oc_gram(graph, x[0], err))
BUILD(style, oc_style_distance(graph, x[0], x[1], err))
BUILD(variation, oc_total_variation(graph, x[0], false, err))
BUILD(variation_squared, oc_total_variation(graph, x[0], true, err))
BUILD(l1, oc_penalty_l1(graph, x, 2, 0.5, err))
BUILD(l2, oc_penalty_l2(graph, x, 2, 0.5, err))

#define PAIR {{4, {OPTEST_N, 2, 3, 2}}, {4, {OPTEST_N, 2, 3, 2}}}
static const optest_gradient gradients[] = {
    {"inverse", build_inverse, 1, {{3, {OPTEST_N, 2, 2}}}, 0, 0, 0, true},
    {"two Gaussians", build_gaussians, 4, {{2, {2, 2}}, {3, {2, 2, 2}}, {2, {2, 2}}, {3, {2, 2, 2}}}, 0, 0, 0, true},
    {"sparsity", build_sparsity, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"gram", build_gram, 1, {{4, {OPTEST_N, 2, 3, 2}}}, 0, 0, 0, true},
    {"style", build_style, 2, PAIR, 0, 0, 0, true},
    {"total variation", build_variation, 1, {{4, {OPTEST_N, 2, 3, 2}}}, 0, 0, 0, true},
    {"squared", build_variation_squared, 1, {{5, {OPTEST_N, 1, 2, 3, 2}}}, 0, 0, 0, true},
    {"L1", build_l1, 2, PAIR, 0, 0, 0, true},
    {"L2", build_l2, 2, PAIR, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

static oc_value *as_labels(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_cast(graph, x, OC_I64, err);
}

BUILD(kl, oc_kl_gaussians(graph, x[0], x[1], x[2], x[3], err))
BUILD(plain_inverse, oc_inverse(graph, x[0], err))
BUILD(sparse, oc_kl_sparsity(graph, x[0], 0.25, err))
BUILD(top1, oc_accuracy(graph, x[0], as_labels(graph, x[1], err), 1, err))
BUILD(top2, oc_accuracy(graph, x[0], as_labels(graph, x[1], err), 2, err))
BUILD(confusion, oc_confusion_matrix(graph, x[0], as_labels(graph, x[1], err), err))
BUILD(smooth, oc_cross_entropy(graph, x[0], as_labels(graph, x[1], err), x[2], &oc_nll_params(.smoothing = 0.3), err))
BUILD(smooth_others, oc_cross_entropy(graph, x[0], as_labels(graph, x[1], err), NULL,
                                      &oc_nll_params(.smoothing = 0.3, .convention = OC_SMOOTHING_OTHERS), err))

static void test_values(void **state) {
    (void)state;
    kit k;
    static const float zero[2] = {0, 0}, mean[2] = {1, 2}, unit[4] = {1, 0, 0, 1}, wide[4] = {2, 0, 0, 4}, skew[4] = {4, 7, 2, 6};
    static const float half[2] = {0.5f, 0.5f}, scores[12] = {1, 3, 2, 5, 4, 3, 0, 1, 2, 7, 8, 9}, labels[4] = {2, 0, 2, 0};
    static const float logits[6] = {0, 1, 2, 1, 1, 1}, two[2] = {2, 0}, weights[3] = {1, 2, 3};
    const oc_shape gaussian[] = {OC_SHAPE(1, 2), OC_SHAPE(1, 2, 2), OC_SHAPE(1, 2),
                                 OC_SHAPE(1, 2, 2)}, table[] = {OC_SHAPE(4, 3), OC_SHAPE(4)};
    const oc_shape small[] = {OC_SHAPE(2, 3), OC_SHAPE(2), OC_SHAPE(3)};
    kit_init(&k, NULL);
    model_gives(k.context, build_plain_inverse, &OC_SHAPE(2, 2), (const float *const[]){skew}, 1,
                MODEL_LIST(0.6, -0.7, -0.2, 0.4));
    model_gives(k.context, build_kl, gaussian, (const float *const[]){zero, unit, zero, unit}, 4, MODEL_LIST(0));
    model_gives(k.context, build_kl, gaussian, (const float *const[]){mean, unit, zero, wide}, 4,
                MODEL_LIST(0.5 * (0.5 + 0.25 + 0.5 + 1 - 2 + log(8))));
    model_gives(k.context, build_sparse, &OC_SHAPE(1, 2), (const float *const[]){half}, 1,
                MODEL_LIST(2 * (0.25 * log(0.5) + 0.75 * log(1.5))));
    model_gives(k.context, build_gram, &OC_SHAPE(1, 2, 1, 2), NULL, 1, MODEL_LIST(5.0 / 4, 11.0 / 4, 11.0 / 4, 25.0 / 4));
    model_gives(k.context, build_variation, &OC_SHAPE(1, 1, 2, 3), NULL, 1, MODEL_LIST(9 + 4));
    model_gives(k.context, build_variation_squared, &OC_SHAPE(1, 1, 2, 3), NULL, 1, MODEL_LIST(27 + 4));
    model_gives(k.context, build_l2, (const oc_shape[]){OC_SHAPE(2), OC_SHAPE(1)}, NULL, 2, MODEL_LIST(3));
    model_gives(k.context, build_top1, table, (const float *const[]){scores, labels}, 2, MODEL_LIST(0.5));
    model_gives(k.context, build_top2, table, (const float *const[]){scores, labels}, 2, MODEL_LIST(0.75));
    model_gives(k.context, build_confusion, table, (const float *const[]){scores, labels}, 2,
                MODEL_LIST(1, 0, 1, 0, 0, 0, 0, 1, 1));
    /* torch.nn.functional.cross_entropy(..., label_smoothing=0.3), with weights 1, 2, 3 */
    model_gives(k.context, build_smooth, small, (const float *const[]){logits, two, weights}, 3, MODEL_LIST(0.7321830198));
    double e = exp(1), sum = log(1 + e + e * e), third = log(3);
    model_gives(k.context, build_smooth_others, small, (const float *const[]){logits, two}, 2,
                MODEL_LIST((0.7 * (sum - 2) + 0.15 * (sum + sum - 1) + third) / 2));
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_gradients),
                                       cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
