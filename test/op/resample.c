/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <math.h>

#include <ocelli/op/resample.h>

#include "graph/graph.h"
#include "op/resample/resample.h"

/* What the taps of an axis 0, 1, 2, … of `from` elements give. */
static double at(const oc_resize_params *params, int64_t from, int64_t to, int64_t x) {
    oc__taps taps;
    double sum = 0, weights = 0;
    oc__resize_taps(params, from, to, x, &taps);
    for (int i = 0; i < taps.count; i++) {
        assert_true(taps.index[i] >= 0 && taps.index[i] < from);
        sum += taps.weight[i] * (double)taps.index[i];
        weights += taps.weight[i];
    }
    assert_true(fabs(weights - 1) < 1e-12);
    return sum;
}

static void test_taps(void **state) {
    (void)state;
    oc_resize_params linear = {.mode = OC_RESIZE_LINEAR}, corners = {.mode = OC_RESIZE_LINEAR, .coordinates = OC_RESIZE_ALIGN_CORNERS};
    oc_resize_params plain = {.mode = OC_RESIZE_LINEAR, .coordinates = OC_RESIZE_ASYMMETRIC}, nearest = {.rounding = OC_RESIZE_FLOOR};
    for (int64_t x = 0; x < 14; x++) {
        assert_true(fabs(at(&linear, 7, 14, x) - fmin(fmax(((double)x + 0.5) / 2 - 0.5, 0), 6)) < 1e-12);
        assert_true(fabs(at(&corners, 7, 14, x) - (double)x * 6 / 13) < 1e-12);
        assert_true(fabs(at(&plain, 7, 14, x) - fmin((double)x / 2, 6)) < 1e-12);
        assert_true(at(&nearest, 7, 14, x) == fmax(floor(((double)x + 0.5) / 2 - 0.5), 0));
    }
    oc_resize_params cubic = {.mode = OC_RESIZE_CUBIC}, crop = {.mode = OC_RESIZE_LINEAR, .coordinates = OC_RESIZE_CROP, .roi_end = 2};
    for (int64_t x = 5; x < 20; x++) /* a line stays a line inside */
        assert_true(fabs(at(&cubic, 10, 30, x) - (((double)x + 0.5) / 3 - 0.5)) < 0.3);
    oc__taps taps;
    oc__resize_taps(&crop, 5, 5, 4, &taps);
    assert_true(taps.outside);
    oc__resize_taps(&crop, 5, 5, 2, &taps);
    assert_false(taps.outside);
    cubic.exclude_outside = true;
    for (int64_t x = 0; x < 9; x++)
        at(&cubic, 3, 9, x);
    assert_true(at(&linear, 1, 5, 3) == 0);
}

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
BUILD(nearest, oc_resize(graph, x[0], 1, 7, NULL, err))
BUILD(linear, oc_resize(graph, x[0], 1, 7, &oc_resize_params(.mode = OC_RESIZE_LINEAR), err))
BUILD(cubic, oc_resize(graph, x[0], -1, 3, &oc_resize_params(.mode = OC_RESIZE_CUBIC), err))
BUILD(crop, oc_resize(graph, x[0], 1, 5, &oc_resize_params(.mode = OC_RESIZE_LINEAR, .coordinates = OC_RESIZE_CROP, .roi_end = 1.5), err))
BUILD(grid, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(.mode = OC_RESIZE_LINEAR), err))
BUILD(border, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(.mode = OC_RESIZE_LINEAR, .padding = OC_GRID_BORDER), err))
BUILD(reflected, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(OC_RESIZE_LINEAR, OC_GRID_REFLECTION, true), err))
BUILD(bicubic, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(.mode = OC_RESIZE_CUBIC), err))

#define GRID {{4, {OPTEST_N, 2, 3, 4}}, {4, {OPTEST_N, 2, 2, 2}}}

static const optest_gradient gradients[] = {
    {"nearest", build_nearest, 1, {{3, {OPTEST_N, 3, 2}}}, 0, 0, 0, false},
    {"linear", build_linear, 1, {{3, {OPTEST_N, 3, 2}}}, 0, 0, 0, true},
    {"cubic", build_cubic, 1, {{2, {OPTEST_N, 5}}}, 0, 0, 0, false},
    {"crop", build_crop, 1, {{2, {OPTEST_N, 5}}}, 0, 0, 0, false},
    {"grid", build_grid, 2, GRID, 0, 0, 0, false},
    {"border", build_border, 2, GRID, 0, 0, 0, false},
    {"reflected", build_reflected, 2, GRID, 0, 0, 0, false},
    {"bicubic", build_bicubic, 2, GRID, 0, 0, 0, false},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_taps), cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
