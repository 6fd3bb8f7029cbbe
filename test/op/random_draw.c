/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <math.h>
#include <stdlib.h>

#include <ocelli/op/random.h>
#include <ocelli/op/shape.h>

#include "kit/model.h"
#include "op/random.h"

static const optest_case cases[] = {
    {"random_uniform:i64.2,3x37:from=-1,to=3", NULL, 0, 0},
    {"random_uniform:i64.2,50000:to=1,stream=7", NULL, 0, 0},
    {"random_uniform:i64.2,f16.300:to=1", NULL, 0, 0},
    {"random_uniform:i64.2,f64.30:to=1", NULL, 0, 0},
    {"random_normal:i64.2,f64.30:to=1", NULL, 0, 1e-4},
    {"random_uniform:i64.2,0x3:to=1", NULL, 0, 0},
    {"random_uniform:i64.2,1:from=2,to=2", NULL, 0, 0},
    {"random_normal:i64.2,3x37:to=1", NULL, 0, 1e-4},
    {"random_normal:i64.2,50000:from=3,to=0.5,stream=1", NULL, 0, 1e-4},
    {"random_normal:i64.2,f16.300:to=1", NULL, 0, 2e-3},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

static void draw(const oc__op *op, const oc_random_params *params, int64_t count, double *z) {
    oc_shape shape = {1, {count}}, pair = {1, {2}};
    oc__desc in[2] = {oc__desc_plain(OC_I64, &pair), oc__desc_plain(OC_F32, &shape)};
    oc__problem problem = {.op = op, .params = params, .in_count = 2, .op_in = 2, .out_count = 1, .in = in, .out = &in[1]};
    const double counter[2] = {5, 6};
    assert_int_equal(op->host(NULL, &problem, (const double *const[]){counter, NULL}, (double *const[]){z}, NULL), OC_OK);
}

/* Mean, deviation, kurtosis; other streams have other numbers. */
static void test_distributions(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    static double z[COUNT], other[COUNT];
    for (int normal = 0; normal < 2; normal++) {
        const oc_random_params params = {normal ? 2 : -1, normal ? 0.5f : 3, 4}, apart = {params.from, params.to, 5};
        const oc__op *op = normal ? &oc__op_random_normal : &oc__op_random_uniform;
        double mean = 0, square = 0, fourth = 0, both = 0;
        draw(op, &params, COUNT, z);
        draw(op, &apart, COUNT, other);
        for (int i = 0; i < COUNT; i++)
            mean += z[i] / COUNT;
        for (int i = 0; i < COUNT; i++) {
            double d = z[i] - mean;
            square += d * d / COUNT;
            fourth += d * d * d * d / COUNT;
            both += d * (other[i] - mean) / COUNT;
            assert_true(normal || (z[i] >= -1 && z[i] < 3));
        }
        assert_true(fabs(mean - (normal ? 2 : 1)) < 0.02);
        assert_true(fabs(square - (normal ? 0.25 : 16.0 / 12)) < 0.02);
        assert_true(fabs(fourth / (square * square) - (normal ? 3 : 1.8)) < 0.06);
        assert_true(fabs(both) < 0.02);
    }
}

#define BUILD(name, value) \
    static oc_value *build_##name(oc_graph *graph, oc_value **x, oc_error *err) { return value; }
BUILD(noise, oc_gaussian_noise(graph, x[0], x[1], 0.5, 3, err))
BUILD(sample, oc_sample_gaussian(graph, x[0], x[2], x[1], 3, err))
BUILD(relu, oc_random_relu(graph, x[0], x[1], 0.1, 0.4, 3, err))
BUILD(relu_at_rest, oc_random_relu(graph, x[0], NULL, 0.1, 0.4, 3, err))
BUILD(spatial, oc_spatial_dropout(graph, x[0], x[1], &oc_dropout_params(.ratio = 0.5f, .stream = 2), err))
BUILD(connect, oc_drop_connect(graph, x[0], x[2], x[3], x[1], NULL, &oc_dropout_params(.ratio = 0.5f, .stream = 2), err))

#define COUNTER {1, {2}}
static const optest_gradient gradients[] = {
    {"noise", build_noise, 2, {{2, {OPTEST_N, 4}}, COUNTER}, 0, 2, 2, true},
    {"sample", build_sample, 3, {{2, {OPTEST_N, 4}}, COUNTER, {2, {OPTEST_N, 4}}}, 0, 2, 2, true},
    {"random ReLU", build_relu, 2, {{2, {OPTEST_N, 4}}, COUNTER}, 0, 2, 2, true},
    {"random ReLU at rest", build_relu_at_rest, 1, {{2, {OPTEST_N, 4}}}, 0, 0, 0, true},
    {"spatial dropout", build_spatial, 2, {{4, {OPTEST_N, 5, 2, 3}}, COUNTER}, 0, 2, 2, true},
    {"dropped connections", build_connect, 4, {{2, {OPTEST_N, 4}}, COUNTER, {2, {4, 3}}, {1, {3}}}, 0, 2, 2, true},
};

static void test_gradients(void **state) {
    (void)state;
    optest_gradients(gradients, OC_COUNT(gradients));
}

/* Whole channels are 0 or all the same; a Bernoulli number is one with its probability, and 0 and 1 are certain. */
static void test_values(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static float p[COUNT];
    kit k;
    oc_error err = {0};
    oc_graph *graph;
    oc_tensor *tensor;
    double *got, share = 0, kept = 0;
    kit_init(&k, NULL);
    for (int i = 0; i < COUNT; i++)
        p[i] = i % 4 == 0 ? 0.0f : i % 4 == 1 ? 1.0f : 0.25f;
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    KIT_OK(oc_tensor_wrap(&tensor, k.context, OC_F32, &OC_SHAPE(100, 200), p, &err), &err);
    oc_value *counter = oc_graph_random_counter(graph, &err);
    oc_value *x = oc_graph_constant(graph, NULL, tensor, &err), *drawn = oc_bernoulli(graph, x, counter, 1, &err);
    KIT_OK(oc_graph_output(graph, "drawn", drawn, &err), &err);
    oc_value *ones = oc_expand(graph, oc_graph_scalar(graph, OC_F32, 1, &err), &OC_SHAPE(50, 20, 3, 2), &err);
    oc_value *dropped = oc_spatial_dropout(graph, ones, counter, &oc_dropout_params(.ratio = 0.5f, .stream = 2), &err);
    KIT_OK(oc_graph_output(graph, "dropped", dropped, &err), &err);
    assert_int_equal(model_compute(graph, 1, 0, &got), COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_true(got[i] == 0 || got[i] == 1);
        assert_true(i % 4 > 1 || got[i] == i % 4);
        share += i % 4 > 1 ? got[i] / (COUNT / 2) : 0;
    }
    assert_true(fabs(share - 0.25) < 0.02);
    free(got);
    assert_int_equal(model_compute(graph, 1, 1, &got), 6000);
    for (int i = 0; i < 6000; i++) {
        assert_true((got[i] == 0 || got[i] == 2) && got[i] == got[i / 6 * 6]);
        kept += got[i] / 12000;
    }
    assert_true(fabs(kept - 0.5) < 0.06);
    free(got);
    oc_tensor_destroy(&tensor);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_distributions),
                                       cmocka_unit_test(test_gradients),
                                       cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
