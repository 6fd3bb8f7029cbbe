/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <ocelli/op/conv.h>
#include <ocelli/op/deform.h>
#include <ocelli/op/eltwise.h>

#include "kit/model.h"

static const optest_case cases[] = {
    {"deform_conv2d:2x3x7x6,4x3x3x3,2x18x5x4", NULL, 0, 0},
    {"deform_conv2d:2x4x7x6,6x2x3x2,2x24x4x4,6:stride=2/2,pad_begin=1/1,pad_end=1/1,groups=2,offset_groups=2", NULL, 0, 0},
    {"deform_conv2d:1x4x5x5,2x4x2x2,1x8x3x3,2,1x4x3x3:dilation=2/2", NULL, OPTEST_POSITIVE, 0},
    {"deform_conv2d:1x4x5x5,2x4x2x2,1x8x3x3,none,1x4x3x3:dilation=2/2", NULL, 0, 0},
    {"deform_conv2d:1x1x1x1,1x1x1x1,1x2x1x1", NULL, 0, 0},
    {"deform_conv2d:0x1x3x3,1x1x1x1,0x2x3x3", NULL, 0, 0},
    {"deform_conv2d:f16.1x3x6x6,f16.2x3x3x3,f16.1x18x4x4", NULL, 0, 1e-2},
    {"deform_conv2d:f64.1x3x6x6,f64.2x3x3x3,f64.1x18x4x4", NULL, OPTEST_NO_FAST, 0},
    {"deform_conv2d:2x4x9x11,6x2x3x3,2x36x9x11,6,2x18x9x11:pad_begin=1/1,pad_end=1/1,groups=2,offset_groups=2", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Without offsets it is a convolution; offsets by whole elements move it. */
static oc_value *difference(oc_graph *graph, oc_value **x, oc_error *err) {
    const oc_conv_params plain = {.stride = {2, 1}, .pad_begin = {1, 0}, .pad_end = {1, 0}};
    const oc_deform_params own = {.stride = {2, 1}, .pad_begin = {1, 0}, .pad_end = {1, 0}};
    oc_value *zero = oc_mul(graph, x[2], oc_graph_scalar(graph, OC_F32, 0, err), err);
    return oc_sub(graph, oc_conv2d(graph, x[0], x[1], NULL, &plain, err),
                  oc_deform_conv2d(graph, x[0], x[1], zero, NULL, NULL, &own, err), err);
}

static oc_value *moved(oc_graph *graph, oc_value **x, oc_error *err) {
    return oc_deform_conv2d(graph, x[0], x[1], x[2], NULL, NULL, NULL, err);
}

static void test_values(void **state) {
    (void)state;
    static const float ones[8] = {1, 1, 1, 1, 1, 1, 1, 1}, weight[1] = {1};
    const oc_shape shapes[3] = {OC_SHAPE(1, 2, 5, 4), OC_SHAPE(2, 2, 3, 2), OC_SHAPE(1, 12, 3, 3)};
    const oc_shape small[3] = {OC_SHAPE(1, 1, 2, 2), OC_SHAPE(1, 1, 1, 1), OC_SHAPE(1, 2, 2, 2)};
    double zeros[18] = {0};
    kit k;
    kit_init(&k, NULL);
    model_gives(k.context, difference, shapes, NULL, 3, zeros, 18);
    model_gives(k.context, moved, small, (const float *const[]){NULL, weight, ones}, 3, MODEL_LIST(4, 0, 0, 0));
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
