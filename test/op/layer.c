/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/conv.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/layer.h>
#include <ocelli/op/matmul.h>

#include "kit/model.h"

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
#define SIZE(...) ((const int64_t[3]){__VA_ARGS__})
BUILD(maxout, oc_maxout(graph, x[0], 1, 3, err))
BUILD(maxout_last, oc_maxout(graph, x[0], -1, 2, err))
BUILD(glu, oc_glu(graph, x[0], 1, err))
BUILD(stepped, oc_stepped_sigmoid(graph, x[0], 3, err))
BUILD(bilinear, oc_bilinear(graph, x[0], x[1], x[2], x[3], err))
BUILD(weight_norm, oc_weight_norm(graph, x[0], x[1], err))
BUILD(standardize, oc_standardize(graph, x[0], err))
BUILD(local, oc_locally_connected2d(graph, x[0], x[1], x[2],
                                    &oc_conv_params(.stride = {2, 1}, .pad_begin = {1}, .dilation = {1, 2}), err))
BUILD(flipped, oc_conv2d(graph, x[0], x[1], NULL, &oc_conv_params(.flip = true), err))
BUILD(flipped_line, oc_conv(graph, x[0], x[1], NULL, &oc_conv_params(.flip = true), err))
BUILD(flipped_back, oc_conv_transpose(graph, x[0], x[1], NULL, &oc_conv_params(.flip = true), NULL, err))
BUILD(affine, oc_affine_grid(graph, x[0], SIZE(2, 3), false, err))
BUILD(affine_volume, oc_affine_grid(graph, x[0], SIZE(2, 1, 3), true, err))
BUILD(fold, oc_fold_windows(graph, x[0], SIZE(5, 4), SIZE(2, 3), 2, &oc_conv_params(.stride = {2, 1}, .pad_end = {1}), err))

static const optest_gradient gradients[] = {
    {"maxout", build_maxout, 1, {{3, {OPTEST_N, 6, 2}}}, 0, 0, 0, true},
    {"maxout of the last axis", build_maxout_last, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"glu", build_glu, 1, {{3, {OPTEST_N, 4, 2}}}, 0, 0, 0, true},
    {"stepped sigmoid", build_stepped, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"bilinear", build_bilinear, 4, {{2, {OPTEST_N, 3}}, {2, {OPTEST_N, 2}}, {3, {4, 3, 2}}, {1, {4}}}, 0, 0, 0, true},
    {"weight norm", build_weight_norm, 2, {{4, {3, 2, 2, 1}}, {1, {3}}}, 0, 0, 0, true},
    {"standardize", build_standardize, 1, {{3, {OPTEST_N, 3, 4}}}, 0, 0, 0, true},
    {"locally connected", build_local, 3, {{4, {OPTEST_N, 2, 5, 4}}, {6, {3, 2, 2, 2, 2, 3}}, {3, {3, 3, 2}}}, 0, 0, 0, true},
    {"flipped", build_flipped, 2, {{4, {OPTEST_N, 2, 4, 3}}, {4, {2, 2, 2, 3}}}, 0, 0, 0, true},
    {"flipped line", build_flipped_line, 2, {{3, {OPTEST_N, 2, 5}}, {3, {2, 2, 3}}}, 0, 0, 0, true},
    {"affine", build_affine, 1, {{3, {OPTEST_N, 2, 3}}}, 0, 0, 0, true},
    {"affine volume", build_affine_volume, 1, {{3, {OPTEST_N, 3, 4}}}, 0, 0, 0, true},
    {"fold", build_fold, 1, {{3, {OPTEST_N, 12, 6}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

/* Unshared weights that are all the same are a convolution's. */
static oc_value *build_shared(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_locally_connected2d(graph, x[0], x[1], NULL, NULL, err);
}

static void test_values(void **state) {
    (void)state;
    kit k;
    static const float map[6] = {2, 0, 1, 0, 1, 0}, two[2] = {3, 4}, five[1] = {5};
    static const float shared[8] = {1, 10, 1, 10, 1, 10, 1, 10};
    const float *const maps[] = {map}, *const lengths[] = {two, five}, *const local[] = {NULL, shared};
    kit_init(&k, NULL);
    model_gives(k.context, build_maxout, &OC_SHAPE(1, 6, 1), NULL, 1, MODEL_LIST(3, 6));
    model_gives(k.context, build_glu, &OC_SHAPE(1, 2), NULL, 1, MODEL_LIST(0.880797078));
    model_gives(k.context, build_standardize, &OC_SHAPE(2, 2), NULL, 1,
                MODEL_LIST(-0.70710678, 0.70710678, -0.70710678, 0.70710678));
    model_gives(k.context, build_weight_norm, (const oc_shape[]){OC_SHAPE(1, 2), OC_SHAPE(1)}, lengths, 2, MODEL_LIST(3, 4));
    model_gives(k.context, build_flipped_line, (const oc_shape[]){OC_SHAPE(1, 1, 3), OC_SHAPE(1, 1, 3)}, NULL, 2, MODEL_LIST(10));
    model_gives(k.context, build_flipped_back, (const oc_shape[]){OC_SHAPE(1, 1, 2), OC_SHAPE(1, 1, 2)}, NULL, 2,
                MODEL_LIST(2, 5, 2));
    model_gives(k.context, build_affine, &OC_SHAPE(1, 2, 3), maps, 1,
                MODEL_LIST(2 * -2.0 / 3 + 1, -0.5, 1, -0.5, 2 * 2.0 / 3 + 1, -0.5, 2 * -2.0 / 3 + 1, 0.5, 1, 0.5,
                           2 * 2.0 / 3 + 1, 0.5));
    model_gives(k.context, build_shared, (const oc_shape[]){OC_SHAPE(1, 1, 2, 3), OC_SHAPE(2, 2, 1, 1, 2, 1)}, local, 2,
                MODEL_LIST(21, 32, 54, 65));
    kit_finish(&k);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    static const optest_build builds[] = {build_maxout, build_glu, build_fold, build_affine, build_standardize};
    static const char *const texts[] = {"maxout: axis 1 of 5", "glu: axis 1 of 5", "columns should be", "it takes maps",
                                        "standardize: it takes"};
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(builds); i++) {
        oc_graph *graph;
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *x = oc_graph_input(graph, "x", i == 4 ? OC_I64 : OC_F32, &OC_SHAPE(2, 5, 7), &err);
        assert_null(builds[i](graph, &x, &err));
        KIT_FAILS(OC_ERROR_SHAPE, texts[i], oc_graph_check(graph, &err), &err);
        oc_graph_destroy(&graph);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
