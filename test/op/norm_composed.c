/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/norm.h>

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
BUILD(layer, oc_layer_norm(graph, x[0], x[1], x[2], 1, 1e-3, err))
BUILD(rms, oc_rms_norm(graph, x[0], x[1], -1, 1e-3, err))
BUILD(instance, oc_instance_norm(graph, x[0], x[1], x[2], 1e-3, err))
BUILD(group, oc_group_norm(graph, x[0], x[1], x[2], 2, 1e-3, err))
BUILD(variance, oc_mean_variance_norm(graph, x[0], &oc_reduce_params(.axes = {0, 2}, .axis_count = 2), 1e-3, err))
BUILD(all, oc_mean_variance_norm(graph, x[0], NULL, 1e-3, err))
BUILD(l1, oc_lp_norm(graph, x[0], 1, 1, err))
BUILD(l2, oc_lp_norm(graph, x[0], 1, 2, err))

static const optest_gradient gradients[] = {
    {"layer", build_layer, 3, {{3, {OPTEST_N, 3, 2}}, {2, {3, 2}}, {2, {3, 2}}}, 0, 0, 0, true},
    {"rms", build_rms, 2, {{3, {OPTEST_N, 3, 4}}, {1, {4}}}, 0, 0, 0, true},
    {"instance", build_instance, 3, {{4, {OPTEST_N, 2, 2, 3}}, {1, {2}}, {1, {2}}}, 0, 0, 0, true},
    {"group", build_group, 3, {{4, {OPTEST_N, 4, 2, 2}}, {1, {4}}, {1, {4}}}, 0, 0, 0, true},
    {"mean-variance", build_variance, 1, {{3, {OPTEST_N, 2, 4}}}, 0, 0, 0, true},
    {"mean-variance, all axes", build_all, 1, {{3, {3, 2, OPTEST_N}}}, 0, 0, 0, true},
    {"l1", build_l1, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"l2", build_l2, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
