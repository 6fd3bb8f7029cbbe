/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling to a size, where maxima are, and the way back. */
#include "kit/optest.h"

#include <math.h>

#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

#include "kit/model.h"

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
#define SIZE(...) ((const int64_t[3]){__VA_ARGS__})
BUILD(average_even, oc_adaptive_avg_pool(graph, x[0], SIZE(3, 2), err))
BUILD(average, oc_adaptive_avg_pool(graph, x[0], SIZE(4, 3), err))
BUILD(average_line, oc_adaptive_avg_pool(graph, x[0], SIZE(3), err))
BUILD(average_volume, oc_adaptive_avg_pool(graph, x[0], SIZE(2, 2, 3), err))
BUILD(larger, oc_adaptive_avg_pool(graph, x[0], SIZE(7, 5), err))
BUILD(max, oc_adaptive_max_pool(graph, x[0], SIZE(4, 3), err))
BUILD(max_volume, oc_adaptive_max_pool(graph, x[0], SIZE(1, 2, 2), err))
BUILD(nearest, oc_unpool_nearest(graph, x[0], SIZE(2, 3), err))
BUILD(nearest_volume, oc_unpool_nearest(graph, x[0], SIZE(1, 2, 2), err))
BUILD(nails, oc_unpool_nails(graph, x[0], SIZE(2, 3), err))
BUILD(nails_line, oc_unpool_nails(graph, x[0], SIZE(4), err))

static oc_value *there_and_back(oc_graph *graph, oc_value *x, const oc_pool_params *params, const int64_t *size, oc_error *err) {
    oc_value *indices = NULL, *y = oc_max_pool_indices(graph, x, params, &indices, err);
    return oc_max_unpool(graph, y, indices, size, err);
}
BUILD(back_line, there_and_back(graph, x[0], &oc_pool_params(.kernel = {2}, .stride = {2}), SIZE(7), err))
BUILD(back, there_and_back(graph, x[0], &oc_pool_params(.kernel = {2, 3}, .stride = {2, 3}), SIZE(4, 6), err))
BUILD(back_volume, there_and_back(graph, x[0], &oc_pool_params(.kernel = {2, 2, 2}, .stride = {2, 2, 2}), SIZE(4, 2, 4), err))

static const optest_gradient gradients[] = {
    {"average, even", build_average_even, 1, {{4, {OPTEST_N, 2, 6, 4}}}, 0, 0, 0, true},
    {"average", build_average, 1, {{4, {OPTEST_N, 2, 7, 5}}}, 0, 0, 0, true},
    {"average, line", build_average_line, 1, {{3, {OPTEST_N, 2, 5}}}, 0, 0, 0, true},
    {"average, volume", build_average_volume, 1, {{5, {OPTEST_N, 1, 3, 2, 4}}}, 0, 0, 0, true},
    {"larger", build_larger, 1, {{4, {OPTEST_N, 1, 3, 2}}}, 0, 0, 0, true},
    {"max", build_max, 1, {{4, {OPTEST_N, 2, 7, 5}}}, 0, 0, 0, true},
    {"max, volume", build_max_volume, 1, {{5, {OPTEST_N, 1, 3, 3, 5}}}, 0, 0, 0, true},
    {"nearest", build_nearest, 1, {{4, {OPTEST_N, 2, 2, 3}}}, 0, 0, 0, true},
    {"nearest, volume", build_nearest_volume, 1, {{5, {OPTEST_N, 1, 2, 1, 3}}}, 0, 0, 0, true},
    {"nails", build_nails, 1, {{4, {OPTEST_N, 2, 2, 3}}}, 0, 0, 0, true},
    {"nails, line", build_nails_line, 1, {{3, {OPTEST_N, 2, 3}}}, 0, 0, 0, true},
    {"there and back, line", build_back_line, 1, {{3, {OPTEST_N, 2, 7}}}, 0, 0, 0, true},
    {"there and back", build_back, 1, {{4, {OPTEST_N, 2, 4, 6}}}, 0, 0, 0, true},
    {"there and back, volume", build_back_volume, 1, {{5, {OPTEST_N, 2, 4, 2, 4}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

static oc_value *indices_of(oc_graph *graph, oc_value *x, const oc_pool_params *params, oc_error *err) {
    oc_value *indices = NULL;
    oc_max_pool_indices(graph, x, params, &indices, err);
    return indices;
}
BUILD(indices_line, indices_of(graph, x[0], &oc_pool_params(.kernel = {2}, .stride = {2}), err))
BUILD(indices_volume, indices_of(graph, x[0],
                                 &oc_pool_params(.kernel = {2, 2, 1}, .stride = {2, 1, 1}, .pad_begin = {1},
                                                 .pad_end = {1}), err))
BUILD(third, oc_adaptive_avg_pool(graph, x[0], SIZE(3), err))
BUILD(third_max, oc_adaptive_max_pool(graph, x[0], SIZE(3), err))
BUILD(twice, oc_unpool_nearest(graph, x[0], SIZE(2), err))
BUILD(norms, oc_lp_pool(graph, x[0], &oc_pool_params(.kernel = {2}, .stride = {2}), 2, err))
BUILD(blocks, oc_space_to_depth(graph, x[0], 2, err))
BUILD(and_back, oc_depth_to_space(graph, oc_space_to_depth(graph, x[0], 2, err), 2, false, err))
BUILD(shuffled, oc_depth_to_space(graph, x[0], 2, true, err))
BUILD(nailed, oc_unpool_nails(graph, x[0], SIZE(3), err))

#define GIVES(build, shape, ...) model_gives(k.context, build, &shape, NULL, 1, MODEL_LIST(__VA_ARGS__))

static void test_values(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    GIVES(build_third, OC_SHAPE(1, 1, 5), 1.5, 3, 4.5); /* 0 … 1, 1 … 3, 3 … 4 */
    GIVES(build_third_max, OC_SHAPE(1, 1, 5), 2, 4, 5);
    GIVES(build_twice, OC_SHAPE(1, 1, 2), 1, 1, 2, 2);
    GIVES(build_nailed, OC_SHAPE(1, 1, 2), 1, 0, 0, 2, 0, 0);
    GIVES(build_norms, OC_SHAPE(1, 1, 4), sqrt(5), 5);
    GIVES(build_blocks, OC_SHAPE(1, 1, 2, 4), 1, 3, 2, 4, 5, 7, 6, 8);
    GIVES(build_and_back, OC_SHAPE(1, 1, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
    GIVES(build_shuffled, OC_SHAPE(1, 8, 1, 1), 1, 2, 3, 4, 5, 6, 7, 8);
    GIVES(build_indices_line, OC_SHAPE(2, 1, 4), 1, 3, 5, 7);
    GIVES(build_indices_volume, OC_SHAPE(2, 1, 2, 2, 2), 2, 3, 6, 7, 10, 11, 14, 15);
    kit_finish(&k);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_graph *graph;
    kit_init(&k, NULL);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 2, 4, 4), &err);
    assert_null(oc_adaptive_avg_pool(graph, x, SIZE(0, 1), &err));
    KIT_FAILS(OC_ERROR_SHAPE, "sizes of 1 to 2^20", oc_graph_check(graph, &err), &err);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
