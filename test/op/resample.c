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
    assert_true(oc__taps_init(&taps, NULL, to, oc__resize_tap_count(params, from, to)));
    oc__resize_taps(params, from, &taps);
    for (int64_t i = x * taps.count; i < (x + 1) * taps.count; i++) {
        assert_true(taps.index[i] >= 0 && taps.index[i] < from);
        sum += taps.weight[i] * (double)taps.index[i];
        weights += taps.weight[i];
    }
    assert_true(fabs(weights - 1) < 1e-12);
    oc__taps_finish(&taps);
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
    assert_true(oc__taps_init(&taps, NULL, 5, 2));
    oc__resize_taps(&crop, 5, &taps);
    assert_true(taps.outside[4] && !taps.outside[2]);
    oc__taps_finish(&taps);
    cubic.exclude_outside = true;
    for (int64_t x = 0; x < 9; x++)
        at(&cubic, 3, 9, x);
    assert_true(at(&linear, 1, 5, 3) == 0);
}

/* Half as many elements, each of a triangle over four; and a mean of two or three. */
static void test_wide_taps(void **state) {
    (void)state;
    const oc_resize_params half = {.mode = OC_RESIZE_LINEAR, .antialias = true}, inner = {OC_RESIZE_CUBIC, .antialias = true,
                                                                                          .exclude_outside = true};
    oc__taps taps;
    assert_int_equal(oc__resize_tap_count(&half, 8, 4), 4);
    assert_int_equal(oc__resize_tap_count(&half, 8, 16), 2);
    assert_int_equal(oc__resize_tap_count(&inner, 10, 2), 20);
    assert_true(oc__taps_init(&taps, NULL, 4, 4));
    oc__resize_taps(&half, 8, &taps);
    for (int t = 0; t < 4; t++) {
        assert_true(fabs(taps.weight[4 + t] - (t % 3 ? 0.375 : 0.125)) < 1e-12);
        assert_int_equal(taps.index[4 + t], t + 1);
    }
    oc__taps_finish(&taps);
    for (int64_t x = 0; x < 2; x++)
        at(&inner, 10, 2, x);
    assert_true(oc__taps_init(&taps, NULL, 3, 3));
    oc__area_taps(7, &taps); /* 0 … 2, 2 … 4, 4 … 6 */
    for (int64_t i = 0; i < 9; i++)
        assert_true(taps.index[i] == i / 3 * 2 + i % 3 && fabs(taps.weight[i] - 1.0 / 3) < 1e-12);
    oc__taps_finish(&taps);
    assert_false(oc__taps_init(&taps, NULL, 4, OC_MAX_TAPS + 1));
    oc__taps_finish(&taps);
}

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
BUILD(nearest, oc_resize(graph, x[0], 1, 7, NULL, err))
BUILD(linear, oc_resize(graph, x[0], 1, 7, &oc_resize_params(.mode = OC_RESIZE_LINEAR), err))
BUILD(cubic, oc_resize(graph, x[0], -1, 3, &oc_resize_params(.mode = OC_RESIZE_CUBIC), err))
BUILD(antialias, oc_resize(graph, x[0], 1, 2, &oc_resize_params(.mode = OC_RESIZE_CUBIC, .antialias = true), err))
BUILD(crop, oc_resize(graph, x[0], 1, 5, &oc_resize_params(.mode = OC_RESIZE_LINEAR, .coordinates = OC_RESIZE_CROP, .roi_end = 1.5), err))
BUILD(grid, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(.mode = OC_RESIZE_LINEAR), err))
BUILD(volume, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(OC_RESIZE_LINEAR, OC_GRID_REFLECTION, false), err))
BUILD(border, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(.mode = OC_RESIZE_LINEAR, .padding = OC_GRID_BORDER), err))
BUILD(reflected, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(OC_RESIZE_LINEAR, OC_GRID_REFLECTION, true), err))
BUILD(bicubic, oc_grid_sample(graph, x[0], x[1], &oc_grid_params(.mode = OC_RESIZE_CUBIC), err))

#define GRID {{4, {OPTEST_N, 2, 3, 4}}, {4, {OPTEST_N, 2, 2, 2}}}

static const optest_gradient gradients[] = {
    {"nearest", build_nearest, 1, {{3, {OPTEST_N, 3, 2}}}, 0, 0, 0, true},
    {"linear", build_linear, 1, {{3, {OPTEST_N, 3, 2}}}, 0, 0, 0, true},
    {"cubic", build_cubic, 1, {{2, {OPTEST_N, 5}}}, 0, 0, 0, true},
    {"antialias", build_antialias, 1, {{3, {OPTEST_N, 9, 2}}}, 0, 0, 0, true},
    {"crop", build_crop, 1, {{2, {OPTEST_N, 5}}}, 0, 0, 0, true},
    {"grid", build_grid, 2, GRID, 0, 0, 0, true},
    {"volume", build_volume, 2, {{5, {OPTEST_N, 2, 3, 2, 4}}, {5, {OPTEST_N, 1, 2, 2, 3}}}, 0, 0, 0, true},
    {"border", build_border, 2, GRID, 0, 0, 0, true},
    {"reflected", build_reflected, 2, GRID, 0, 0, 0, true},
    {"bicubic", build_bicubic, 2, GRID, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_taps), cmocka_unit_test(test_wide_taps),
                                       cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
