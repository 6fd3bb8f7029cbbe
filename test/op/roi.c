/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <stdio.h>

#include <ocelli/op/roi.h>

static const optest_case cases[] = {
    {"roi_align:2x3x7x5,4x4,i64.4:size=3/2,samples=2", NULL, 0, 0},
    {"roi_align:2x3x7x5,4x4,i64.4:size=3/2,samples=2,half_pixel=1", NULL, OPTEST_POSITIVE, 0},
    {"roi_align:3x2x9x9,5x4,i64.5:size=2/2,samples=3,max=1,scale=2", NULL, OPTEST_POSITIVE, 0},
    {"roi_align:3x1x1x1,1x4,i64.1:size=1/1,samples=1", NULL, 0, 0},
    {"roi_align:2x3x7x5,0x4,i64.0:size=3/2,samples=2", NULL, 0, 0},
    {"roi_align:f16.2x3x7x5,f16.4x4,i64.4:size=2/2,samples=2", NULL, 0, 5e-3},
    {"roi_align_bwd:4x3x3x2,4x4,i64.4,2x3x7x5:size=3/2,samples=2", NULL, 0, 0},
    {"roi_align_bwd:4x3x3x2,4x4,i64.4,2x3x7x5:size=3/2,samples=2,max=1,scale=1.5", NULL, OPTEST_POSITIVE, 0},
    {"roi_align_bwd:0x3x3x2,0x4,i64.0,2x3x7x5:size=3/2,samples=2", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Regions within, across the edge, outside, empty, of the last image and of none; samples by the size of the region. */
static const double x[72] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, -2, -3, -4, 5, 6, 0.5, 0.25, 7, 9, 11, 3};
static const double regions[24] = {0.3, 0.2, 5.1, 4.3, -2.2, 1.2, 3.3, 8.2, 20, 20, 24, 23, 3, 3, 3, 3, 0, 0, 5.5, 5.5, 1, 1, 2,
                                   2};
static const double images[6] = {0, 0, 0, 1, 1, 7};

static void test_values(void **state) {
    (void)state;
    static const double diff[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4};
    static const char *const params[] = {"size=2/2", "size=2/2,half_pixel=1", "size=2/2,max=1",
                                         "size=2/2,samples=2,half_pixel=1,scale=0.7"};
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    for (int i = 0; i < 4; i++) {
        char text[120];
        snprintf(text, sizeof(text), "roi_align:2x1x6x6,6x4,i64.6:%s", params[i]);
        optest_values(&k, text, (const double *const[]){x, regions, images});
        snprintf(text, sizeof(text), "roi_align_bwd:6x1x2x2,6x4,i64.6,2x1x6x6:%s", params[i]);
        optest_values(&k, text, (const double *const[]){diff, regions, images, x});
    }
    kit_finish(&k);
}

static oc_value *build(oc_graph *graph, oc_value **v, oc_error *err) {
    return oc_roi_align(graph, v[0], v[1], v[2], &oc_roi_params(.size = {2, 3}, .samples = 2), err);
}

static oc_value *build_max(oc_graph *graph, oc_value **v, oc_error *err) {
    return oc_roi_align(graph, v[0], v[1], v[2], &oc_roi_params(.size = {2, 2}, .samples = 2, .max = true, .scale = 2), err);
}

static const optest_gradient gradients[] = {
    {"mean", build, 3, {{4, {3, 2, 4, 3}}, {2, {4, 4}}, {1, {4}}}, 0, 6, 4, true},
    {"max", build_max, 3, {{4, {3, 1, 4, 3}}, {2, {3, 4}}, {1, {3}}}, OPTEST_POSITIVE, 6, 4, false},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
