/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and pooling over one and three spatial axes, and transposed ones: against sums written out, and gradients. */
#include "kit/optest.h"

#include <math.h>
#include <stdlib.h>

#include <ocelli/op/conv.h>
#include <ocelli/op/pool.h>

#include "graph/graph.h"

static oc_error err;

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
#define P oc_conv_params
BUILD(conv1, oc_conv(graph, x[0], x[1], x[2], &P(.stride = {2}, .dilation = {2}, .pad_begin = {1}, .pad_end = {2}), err))
BUILD(conv3, oc_conv(graph, x[0], x[1], x[2], &P(.stride = {2, 1, 1}, .dilation = {2, 1, 1}, .pad_begin = {1, 0, 1}, .pad_end = {2, 1}), err))
BUILD(groups3, oc_conv(graph, x[0], x[1], NULL, &P(.groups = 2), err))
BUILD(back1, oc_conv_transpose(graph, x[0], x[1], x[2], &P(.stride = {3}, .pad_begin = {1}), (const int64_t[]){2, 0, 0}, err))
BUILD(back2, oc_conv_transpose(graph, x[0], x[1], x[2], &P(.stride = {2, 1}, .dilation = {1, 2}, .pad_end = {1, 1}), NULL, err))
BUILD(back3, oc_conv_transpose(graph, x[0], x[1], x[2], &P(.stride = {2, 1, 2}, .dilation = {2, 1, 1}, .pad_begin = {1, 1, 0}),
                               (const int64_t[]){1, 0, 1}, err))
BUILD(max1, oc_max_pool(graph, x[0], &oc_pool_params(.kernel = {3}, .stride = {2}, .pad_begin = {1}, .ceil_mode = true), err))
BUILD(max3, oc_max_pool(graph, x[0], &oc_pool_params(.kernel = {2, 2, 2}, .stride = {2, 1, 1}, .pad_begin = {1}, .ceil_mode = true), err))
BUILD(mean1, oc_avg_pool(graph, x[0], &oc_pool_params(.kernel = {3}, .stride = {2}, .pad_begin = {1}), err))
BUILD(mean3, oc_avg_pool(graph, x[0], &oc_pool_params(.kernel = {2, 2, 3}, .pad_begin = {1, 1}), err))
BUILD(whole3, oc_avg_pool(graph, x[0], &oc_pool_params(.kernel = {2, 2, 3}, .pad_begin = {1, 1}, .count_include_pad = true), err))

static const optest_gradient gradients[] = {
    {"conv 1", build_conv1, 3, {{3, {OPTEST_N, 2, 7}}, {3, {3, 2, 3}}, {1, {3}}}, 0, 0, 0, true},
    {"conv 3", build_conv3, 3, {{5, {OPTEST_N, 2, 4, 3, 2}}, {5, {2, 2, 2, 2, 2}}, {1, {2}}}, 0, 0, 0, true},
    {"groups 3", build_groups3, 2, {{5, {2, 4, 2, 2, 2}}, {5, {2, 2, 2, 1, 2}}}, 0, 0, 0, true},
    {"transposed 1", build_back1, 3, {{3, {OPTEST_N, 2, 3}}, {3, {2, 3, 4}}, {1, {3}}}, 0, 0, 0, true},
    {"transposed 2", build_back2, 3, {{4, {OPTEST_N, 2, 3, 2}}, {4, {2, 2, 3, 2}}, {1, {2}}}, 0, 0, 0, true},
    {"transposed 3", build_back3, 3, {{5, {OPTEST_N, 2, 2, 3, 2}}, {5, {2, 2, 2, 2, 2}}, {1, {2}}}, 0, 0, 0, true},
    {"max 1", build_max1, 1, {{3, {OPTEST_N, 2, 6}}}, 0, 0, 0, true},
    {"max 3", build_max3, 1, {{5, {2, 2, 4, 3, 3}}}, 0, 0, 0, true},
    {"mean 1", build_mean1, 1, {{3, {OPTEST_N, 2, 6}}}, 0, 0, 0, true},
    {"mean 3", build_mean3, 1, {{5, {2, 2, 3, 3, 3}}}, 0, 0, 0, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

/* Computes a build of values on the host; the result is freed by the caller. */
static double *compute(kit *k, optest_build build, const oc_shape *shapes, double *const *in, int count, oc_shape *shape) {
    static const char *const names[] = {"x", "w", "b"};
    oc_graph *graph;
    oc_value *x[3];
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    for (int i = 0; i < count; i++)
        x[i] = oc_graph_input(graph, names[i], OC_F32, &shapes[i], &err);
    const oc_value *y = build(graph, x, &err);
    KIT_OK(oc_graph_check(graph, &err), &err);
    double **values = oc__alloc_array(k->context, graph->value_count, sizeof(*values));
    for (int i = 0; i < count; i++)
        values[x[i]->id] = in[i];
    KIT_OK(oc__graph_interpret(graph, values, &err), &err);
    int64_t total = oc_shape_count(&y->shape);
    double *result = malloc((size_t)total * sizeof(double));
    for (int64_t i = 0; i < total; i++)
        result[i] = values[y->id][i];
    *shape = y->shape;
    oc__graph_interpret_finish(graph, values);
    oc__free(k->context, values);
    oc_graph_destroy(&graph);
    return result;
}

static double *numbers(int64_t count) {
    double *out = malloc((size_t)count * sizeof(double));
    for (int64_t i = 0; i < count; i++)
        out[i] = (double)(i * 37 % 11) - 5;
    return out;
}

typedef struct layer {
    optest_build build;
    oc_shape shapes[3];
    int64_t stride[3], dilation[3], pad[3], want[3];
    bool back;
} layer;

/* Adds what each pair of an element of the smaller image and a tap gives. */
static void check_layer(kit *k, const layer *l) {
    int axes = l->shapes[0].rank - 2;
    const int64_t *x = l->shapes[0].dims, *w = l->shapes[1].dims;
    double *in[3];
    oc_shape shape;
    for (int i = 0; i < 3; i++)
        in[i] = numbers(oc_shape_count(&l->shapes[i]));
    double *got = compute(k, l->build, l->shapes, in, 3, &shape);
    int64_t outs = l->back ? w[1] : w[0], ins = l->back ? w[0] : w[1], size = 1, taps = 1, places = 1;
    assert_int_equal(shape.dims[1], outs);
    for (int i = 0; i < axes; i++) {
        assert_int_equal(shape.dims[2 + i], l->want[i]);
        size *= l->want[i];
        taps *= w[2 + i];
        places *= x[2 + i];
    }
    double *want = calloc((size_t)(x[0] * outs * size), sizeof(double));
    for (int64_t i = 0; i < x[0] * outs * size; i++)
        want[i] = in[2][i / size % outs];
    int64_t steps = l->back ? places : size;
    for (int64_t i = 0; i < steps * taps; i++) {
        int64_t step = i / taps, tap = i % taps, big = 0, stride = 1;
        bool inside = true;
        for (int a = axes - 1; a >= 0; a--) {
            int64_t small_size = l->back ? x[2 + a] : l->want[a], big_size = l->back ? l->want[a] : x[2 + a];
            int64_t at = step % small_size * l->stride[a] + tap % w[2 + a] * l->dilation[a] - l->pad[a];
            step /= small_size;
            tap /= w[2 + a];
            inside = inside && at >= 0 && at < big_size;
            big += at * stride;
            stride *= big_size;
        }
        for (int64_t n = 0; n < x[0] * outs * ins && inside; n++) {
            int64_t o = n % outs, c = n / outs % ins, b = n / outs / ins, from = l->back ? i / taps : big, to = l->back ? big : i / taps;
            double weight = in[1][((l->back ? c * outs + o : o * ins + c) * taps) + i % taps];
            want[(b * outs + o) * size + to] += weight * in[0][(b * ins + c) * places + from];
        }
    }
    for (int64_t i = 0; i < x[0] * outs * size; i++)
        assert_true(got[i] == want[i]);
    free(want);
    free(got);
    for (int i = 0; i < 3; i++)
        free(in[i]);
}

static void test_layers(void **state) {
    (void)state;
    static const layer layers[] = {
        {build_conv1, {{3, {2, 2, 9}}, {3, {3, 2, 3}}, {1, {3}}}, {2}, {2}, {1}, {4}, false},
        {build_conv3, {{5, {2, 2, 5, 4, 3}}, {5, {3, 2, 2, 2, 2}}, {1, {3}}}, {2, 1, 1}, {2, 1, 1}, {1, 0, 1}, {3, 4, 3}, false},
        {build_back1, {{3, {2, 2, 3}}, {3, {2, 3, 4}}, {1, {3}}}, {3}, {1}, {1}, {11}, true},
        {build_back2, {{4, {2, 2, 3, 2}}, {4, {2, 3, 3, 2}}, {1, {3}}}, {2, 1}, {1, 2}, {0, 0}, {6, 3}, true},
        {build_back3, {{5, {2, 2, 3, 2, 2}}, {5, {2, 3, 2, 2, 3}}, {1, {3}}}, {2, 1, 2}, {2, 1, 1}, {1, 1, 0}, {7, 2, 6}, true},
    };
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(layers); i++)
        check_layer(&k, &layers[i]);
    kit_finish(&k);
}

/* A window in a corner: 2 of 4 slices deep, with padding before the first two axes. */
static void test_pools(void **state) {
    (void)state;
    kit k;
    oc_shape shape, x = OC_SHAPE(1, 1, 2, 2, 3);
    double values[12], *in[1] = {values}, sum = 0;
    for (int i = 0; i < 12; i++)
        values[i] = i + 1;
    for (int i = 0; i < 3; i++)
        sum += values[i];
    kit_init(&k, NULL);
    double *mean = compute(&k, build_mean3, &x, in, 1, &shape), *whole;
    assert_true(shape.dims[2] == 2 && shape.dims[3] == 2 && shape.dims[4] == 1);
    assert_true(fabs(mean[0] - sum / 3) < 1e-12 && fabs(mean[3] - 6.5) < 1e-12);
    whole = compute(&k, build_whole3, &x, in, 1, &shape);
    assert_true(fabs(whole[0] - sum / 12) < 1e-12 && fabs(whole[3] - 6.5) < 1e-12);
    free(mean);
    free(whole);
    double *max = compute(&k, build_max3, &x, in, 1, &shape);
    assert_true(shape.dims[2] == 2 && max[0] == 5 && max[1] == 6 && max[2] == 11 && max[3] == 12);
    free(max);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients), cmocka_unit_test(test_layers), cmocka_unit_test(test_pools)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
