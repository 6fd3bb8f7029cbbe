/* SPDX-License-Identifier: Apache-2.0 */
/* Corners of operators' definitions, by numbers. */
#include <math.h>
#include <stdlib.h>

#include <ocelli/ocelli.h>

#include "kit/reading.h"

/* The first output is this. Inputs are all initializers. */
static void gives(const double *want, int count) {
    double *got;
    oc_graph *graph = read_model();
    assert_int_equal(model_compute(graph, 1, 0, &got), count);
    for (int i = 0; i < count; i++)
        if (fabs(got[i] - want[i]) > 1e-6)
            fail_msg("element %d is %g and should be %g", i, got[i], want[i]);
    free(got);
    oc_graph_destroy(&graph);
}

static void begin_constant(int opset) {
    model_init(&m, k.context, opset);
    model_output(&m, "y");
}

static void test_matmul_of_vectors(void **state) {
    (void)state;
    const float a[] = {1, 2}, b[] = {3, 4, 5, 6};
    begin_constant(13);
    model_floats(&m, "a", "2", a, 2);
    model_floats(&m, "b", "2", b, 2);
    model_node(&m, "MatMul", "a b", "y");
    gives((const double[]){11}, 1);
    begin_constant(13);
    model_floats(&m, "a", "2", a, 2);
    model_floats(&m, "b", "2,2", b, 4);
    model_node(&m, "MatMul", "a b", "y");
    gives((const double[]){13, 16}, 2);
    begin_constant(13);
    model_floats(&m, "a", "2", a, 2);
    model_floats(&m, "b", "1,2,2", b, 4);
    model_node(&m, "MatMul", "b a", "y");
    gives((const double[]){11, 17}, 2);
}

static void test_logical_reductions(void **state) {
    (void)state;
    const uint8_t x[] = {1, 0, 0, 0};
    static const char *const types[] = {"ReduceMax", "ReduceMin"};
    for (int i = 0; i < 2; i++) {
        begin_constant(20);
        model_raw(&m, "x", ONNX_BOOL8, "2,2", x, 4);
        model_longs(&m, "axes", "1", 1, (int64_t)1);
        model_int(&m, "keepdims", 0);
        model_node(&m, types[i], "x axes", "y");
        gives(i == 0 ? (const double[]){1, 0} : (const double[]){0, 0}, 2);
    }
}

static void test_norm_of_zeros(void **state) {
    (void)state;
    const float x[] = {3, 4, 0, 0};
    for (int p = 1; p < 3; p++) {
        begin_constant(20);
        model_floats(&m, "x", "2,2", x, 4);
        model_int(&m, "p", p);
        model_node(&m, "LpNormalization", "x", "y");
        gives(p == 1 ? (const double[]){3.0 / 7, 4.0 / 7, 0, 0} : (const double[]){0.6, 0.8, 0, 0}, 4);
    }
}

/* 3 elements of 1 and padding of 1 each, in twos: the last window reaches past the padding, where nothing is counted. */
static void test_padding_that_counts(void **state) {
    (void)state;
    const float x[3] = {1, 1, 1};
    begin_constant(19);
    model_floats(&m, "x", "1,1,3,1,1", x, 3);
    model_ints(&m, "kernel_shape", 3, (int64_t)3, (int64_t)1, (int64_t)1);
    model_ints(&m, "strides", 3, (int64_t)2, (int64_t)1, (int64_t)1);
    model_ints(&m, "pads", 6, (int64_t)2, (int64_t)0, (int64_t)0, (int64_t)1, (int64_t)0, (int64_t)0);
    model_int(&m, "ceil_mode", 1);
    model_int(&m, "count_include_pad", 1);
    model_node(&m, "AveragePool", "x", "y");
    gives((const double[]){1.0 / 3, 1, 0.5}, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matmul_of_vectors), cmocka_unit_test(test_logical_reductions),
                                       cmocka_unit_test(test_norm_of_zeros), cmocka_unit_test(test_padding_that_counts)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
