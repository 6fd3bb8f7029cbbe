/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of operators that changed from opset to opset. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "ir/ir.h"
#include "kit/reading.h"

static oc_value *softmax_flat(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_reshape_like(graph, oc_softmax(graph, oc_reshape(graph, x, &OC_SHAPE(2, 12), err), 1, err), x, err);
}

static oc_value *softmax_last(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_softmax(graph, x, 2, err);
}

static oc_value *softmax_one(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_softmax(graph, x, 1, err);
}

static void test_softmax(void **state) {
    (void)state;
    begin(12, "2,3,4");
    model_node(&m, "Softmax", "x", "y");
    check_against(softmax_flat, 1);
    begin(11, "N,3,4");
    model_int(&m, "axis", -1);
    model_node(&m, "Softmax", "x", "y");
    check_against(softmax_last, 2);
    begin(13, "2,3,4");
    model_node(&m, "Softmax", "x", "y");
    check_against(softmax_last, 1);
    begin(13, "2,3,4");
    model_int(&m, "axis", 1);
    model_node(&m, "Softmax", "x", "y");
    check_against(softmax_one, 1);
}

static oc_value *clipped(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_clip(graph, x, -1, 2.5f, err);
}

static oc_value *clipped_above(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_clip(graph, x, -INFINITY, 2.5f, err);
}

static void test_clip(void **state) {
    (void)state;
    const float low = -1, high = 2.5f;
    begin(6 + 1, "3,4");
    model_float(&m, "min", low);
    model_float(&m, "max", high);
    model_node(&m, "Clip", "x", "y");
    check_against(clipped, 1);
    begin(11, "3,4");
    model_floats(&m, "low", "", &low, 1);
    model_floats(&m, "high", "", &high, 1);
    model_node(&m, "Clip", "x low high", "y");
    check_against(clipped, 1);
    begin(13, "3,4");
    model_floats(&m, "high", "", &high, 1);
    model_node(&m, "Clip", "x - high", "y");
    oc_graph *graph = read_model();
    assert_int_equal(oc_graph_state_count(graph), 0); /* bounds are no parameters */
    oc_graph_destroy(&graph);
    begin(13, "3,4");
    model_floats(&m, "high", "", &high, 1);
    model_node(&m, "Clip", "x - high", "y");
    check_against(clipped_above, 1);
}

static oc_value *padded(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_pad(graph, x, &oc_pad_params(.begin = {0, 1}, .end = {2, 0}, .value = 7), err);
}

static void test_pad(void **state) {
    (void)state;
    const float seven = 7;
    begin(7, "N,4");
    model_ints(&m, "pads", 4, (int64_t)0, (int64_t)1, (int64_t)2, (int64_t)0);
    model_float(&m, "value", seven);
    model_node(&m, "Pad", "x", "y");
    check_against(padded, 3);
    begin(13, "3,4");
    model_longs(&m, "pads", "4", 4, (int64_t)0, (int64_t)1, (int64_t)2, (int64_t)0);
    model_floats(&m, "seven", "", &seven, 1);
    model_node(&m, "Pad", "x pads seven", "y");
    check_against(padded, 1);
}

static oc_value *sliced(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_slice(graph, x, &oc_slice_params(.begin = {0, 1}, .end = {0, -1}, .step = {0, 1}), err);
}

static void test_slice(void **state) {
    (void)state;
    begin(9, "N,5");
    model_ints(&m, "starts", 1, (int64_t)1);
    model_ints(&m, "ends", 1, (int64_t)-1);
    model_ints(&m, "axes", 1, (int64_t)1);
    model_node(&m, "Slice", "x", "y");
    check_against(sliced, 2);
    begin(11, "2,5");
    model_constant(&m, "one", 1, (int64_t)1);
    model_constant(&m, "minus", 1, (int64_t)-1);
    model_node(&m, "Slice", "x one minus one", "y");
    check_against(sliced, 1);
}

static oc_value *responses(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_lrn(graph, x, &oc_lrn_params(.size = 3, .alpha = 1e-4f, .beta = 0.5f, .bias = 1), err);
}

static void test_lrn(void **state) {
    (void)state;
    begin(13, "N,5,3");
    model_int(&m, "size", 3);
    model_float(&m, "beta", 0.5f);
    model_node(&m, "LRN", "x", "y");
    check_against(responses, 2);
    begin(13, "N,5,3");
    model_node(&m, "LRN", "x", "y");
    read_fails(OC_ERROR_SHAPE, "size is 0");
}

static oc_value *gathered_one(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *part = oc_slice(graph, x, &oc_slice_params(.begin = {0, 4}, .end = {0, 5}, .step = {0, 1}), err);
    return oc_reshape(graph, part, &OC_SHAPE(-1, 3), err);
}

static oc_value *gathered_even(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_slice(graph, x, &oc_slice_params(.begin = {0, 0, 0}, .end = {0, 0, 3}, .step = {0, 0, 2}), err);
}

static oc_value *gathered_square(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *parts[4];
    const int at[4] = {3, 0, 0, 4};
    for (int i = 0; i < 4; i++)
        parts[i] = oc_slice(graph, x, &oc_slice_params(.begin = {0, at[i]}, .end = {0, at[i] + 1}, .step = {0, 1}), err);
    return oc_reshape(graph, oc_concat(graph, parts, 4, 1, err), &OC_SHAPE(-1, 2, 2, 3), err);
}

static void test_gather(void **state) {
    (void)state;
    begin(13, "N,5,3");
    model_constant(&m, "at", 0, (int64_t)-1);
    model_int(&m, "axis", 1);
    model_node(&m, "Gather", "x at", "y");
    check_against(gathered_one, 2);
    begin(13, "N,5,3");
    model_longs(&m, "at", "2", 2, (int64_t)0, (int64_t)2);
    model_int(&m, "axis", -1);
    model_node(&m, "Gather", "x at", "y");
    check_against(gathered_even, 2);
    begin(13, "N,5,3");
    model_longs(&m, "at", "2,2", 4, (int64_t)3, (int64_t)0, (int64_t)0, (int64_t)-1);
    model_int(&m, "axis", 1);
    model_node(&m, "Gather", "x at", "y");
    check_against(gathered_square, 2);
    begin(13, "N,5,3");
    model_constant(&m, "at", 1, (int64_t)5);
    model_int(&m, "axis", 1);
    model_node(&m, "Gather", "x at", "y");
    read_fails(OC_ERROR_SHAPE, "index 5 is out of range");
}

static oc_value *summed(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_reduce_sum(graph, x, &oc_reduce_params(.axes = {1}, .axis_count = 1, .keep_dims = true), err);
}

static void test_reduce(void **state) {
    (void)state;
    begin(11, "2,5");
    model_ints(&m, "axes", 1, (int64_t)-1);
    model_node(&m, "ReduceSum", "x", "y");
    check_against(summed, 1);
    begin(13, "2,5");
    model_constant(&m, "axes", 1, (int64_t)1);
    model_node(&m, "ReduceSum", "x axes", "y");
    check_against(summed, 1);
}

static oc_value *unsqueezed(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_reshape(graph, x, &OC_SHAPE(1, 2, 1, 5), err);
}

static void test_squeeze(void **state) {
    (void)state;
    begin(11, "N,5");
    model_ints(&m, "axes", 2, (int64_t)0, (int64_t)2);
    model_node(&m, "Unsqueeze", "x", "y");
    check_against(unsqueezed, 2);
    begin(13, "1,2,1,5,1");
    model_constant(&m, "axes", 1, (int64_t)-1);
    model_node(&m, "Squeeze", "x axes", "y");
    oc_graph *graph = read_model();
    oc_shape shape = oc_graph_get_output(graph, 0).shape;
    assert_true(oc_shape_equal(&shape, &OC_SHAPE(1, 2, 1, 5)));
    oc_graph_destroy(&graph);
}

static oc_value *same(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_identity(graph, x, err);
}

static void test_dropout(void **state) {
    (void)state;
    begin(7, "2,5");
    model_float(&m, "ratio", 0.9f);
    model_node(&m, "Dropout", "x", "y mask"); /* the mask is not used */
    check_against(same, 1);
    begin(13, "2,5");
    model_node(&m, "Dropout", "x", "y");
    check_against(same, 1);
    begin(13, "2,5");
    model_output(&m, "mask");
    model_node(&m, "Dropout", "x", "y mask");
    oc_graph *graph = read_model();
    assert_int_equal(oc_graph_get_output(graph, 1).dtype, OC_BOOL);
    oc_graph_destroy(&graph);
}

/* x.view(x.size(0), -1) as PyTorch writes it. */
static void test_computed_shape(void **state) {
    (void)state;
    begin(11, "N,3,4");
    model_node(&m, "Shape", "x", "shape");
    model_constant(&m, "zero", 0, (int64_t)0);
    model_node(&m, "Gather", "shape zero", "n");
    model_ints(&m, "axes", 1, (int64_t)0);
    model_node(&m, "Unsqueeze", "n", "n1");
    model_constant(&m, "rest", 1, (int64_t)-1);
    model_int(&m, "axis", 0);
    model_node(&m, "Concat", "n1 rest", "dims");
    model_node(&m, "Reshape", "x dims", "y");
    oc_graph *graph = read_model();
    oc_shape shape = oc_graph_get_output(graph, 0).shape;
    assert_int_equal(shape.rank, 2);
    assert_string_equal(oc_graph_dim_text(graph, shape.dims[0]), "N");
    assert_int_equal(shape.dims[1], 12);
    double *values;
    assert_int_equal(model_compute(graph, 5, 0, &values), 60);
    free(values);
    oc_graph_destroy(&graph);
}

/* Group normalization as PyTorch writes it: back to the shape of a value whose height and width are both symbols. */
static void test_shape_of_another(void **state) {
    (void)state;
    begin(17, "N,4,H,W");
    model_constant(&m, "groups", 3, (int64_t)0, (int64_t)2, (int64_t)-1);
    model_node(&m, "Reshape", "x groups", "g");
    model_node(&m, "Shape", "x", "shape");
    model_node(&m, "Reshape", "g shape", "y");
    oc_graph *graph = read_model();
    oc_shape want = oc_graph_get_input(graph, 0).shape, shape = oc_graph_get_output(graph, 0).shape;
    assert_true(oc_shape_equal(&shape, &want));
    double *values;
    assert_int_equal(model_compute(graph, 3, 0, &values), 108);
    free(values);
    oc_graph_destroy(&graph);
}

/* F.interpolate(x, size) as PyTorch writes it: the batch's size comes from a Shape, and is a symbol. */
static void test_computed_sizes(void **state) {
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        begin(13, "N,3,2,2");
        model_node(&m, "Shape", "x", "shape");
        model_constant(&m, "from", 1, (int64_t)0);
        model_constant(&m, "to", 1, (int64_t)2);
        model_constant(&m, "size", 2, (int64_t)4, (int64_t)6);
        model_node(&m, "Slice", "shape from to", "kept");
        model_int(&m, "axis", 0);
        model_node(&m, "Concat", wrong ? "size kept" : "kept size", "sizes");
        model_text(&m, "mode", "nearest");
        model_node(&m, "Resize", "x - - sizes", "y");
        if (wrong) {
            read_fails(OC_ERROR_UNSUPPORTED, "not a number");
            continue;
        }
        oc_graph *graph = read_model();
        oc_shape shape = oc_graph_get_output(graph, 0).shape;
        assert_string_equal(oc_graph_dim_text(graph, shape.dims[0]), "N");
        assert_true(shape.dims[1] == 3 && shape.dims[2] == 4 && shape.dims[3] == 6);
        oc_graph_destroy(&graph);
    }
}

static oc_value *gemm(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(5, 3), NULL, err);
    oc_value *c = oc_graph_state(graph, "c", OC_F32, &OC_SHAPE(4, 1), NULL, err);
    oc_value *product = oc_matmul(graph, x, w, &oc_matmul_params(.trans_a = true, .trans_b = true), err);
    oc_value *half = oc_graph_scalar(graph, OC_F32, 0.5, err), *two = oc_graph_scalar(graph, OC_F32, 2, err);
    return oc_add(graph, oc_mul(graph, product, half, err), oc_mul(graph, c, two, err), err);
}

static void test_gemm(void **state) {
    (void)state;
    begin(13, "3,4");
    model_input(&m, "w", ONNX_FLOAT32, "5,3");
    model_input(&m, "c", ONNX_FLOAT32, "4,1");
    model_float(&m, "alpha", 0.5f);
    model_float(&m, "beta", 2);
    model_int(&m, "transA", 1);
    model_int(&m, "transB", 1);
    model_node(&m, "Gemm", "x w c", "y");
    check_against(gemm, 1);
}

static void batch_norm(int opset, bool train) {
    const float ones[2] = {1, 1}, zeros[2] = {0, 0};
    begin(opset, "N,2,3");
    model_floats(&m, "scale", "2", ones, 2);
    model_floats(&m, "bias", "2", zeros, 2);
    model_floats(&m, "mean", "2", zeros, 2);
    model_floats(&m, "var", "2", ones, 2);
    model_float(&m, "momentum", 0.75f);
    if (train)
        model_int(&m, "training_mode", 1);
    model_node(&m, "BatchNormalization", "x scale bias mean var", train ? "y new_mean new_var" : "y");
}

static oc_value *normalized(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_mul(graph, x, oc_graph_scalar(graph, OC_F32, 1 / sqrt(1 + 1e-5), err), err);
}

/* Running statistics are states that training leaves alone; in training mode a run replaces them. */
static void test_batch_norm(void **state) {
    (void)state;
    batch_norm(9, false);
    check_against(normalized, 2);
    batch_norm(15, false);
    check_against(normalized, 2);
    batch_norm(14, true);
    model_output(&m, "new_mean");
    model_output(&m, "new_var");
    oc_graph *graph = read_model();
    double *y, *mean, *variance;
    assert_int_equal(model_compute(graph, 2, 0, &y), 12);
    assert_int_equal(model_compute(graph, 2, 1, &mean), 2);
    assert_int_equal(model_compute(graph, 2, 2, &variance), 2);
    for (int c = 0; c < 2; c++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < 6; i++) {
            double value = y[i / 3 * 6 + c * 3 + i % 3];
            sum += value;
            squares += value * value;
        }
        assert_true(fabs(sum) < 1e-3 && fabs(squares - 6) < 1e-2); /* normalized by the biased variance */
        assert_true(variance[c] > 0.75);                            /* 0.75 * 1 + 0.25 * the batch's */
    }
    for (size_t i = 0; i < oc_graph_state_count(graph); i++)
        assert_int_equal(oc_graph_get_state(graph, i).trainable, i < 2);
    assert_non_null(oc_graph_find(graph, "mean")->update);
    assert_non_null(oc_graph_find(graph, "var")->update);
    free(y);
    free(mean);
    free(variance);
    oc_graph_destroy(&graph);
}

static oc_value *conv(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(2, 1, 3, 2), NULL, err);
    return oc_conv2d(graph, x, w, NULL,
                     &oc_conv_params(.stride = {2, 1}, .groups = 2, .pad_begin = {0, 0}, .pad_end = {1, 1}), err);
}

static void test_auto_pad(void **state) {
    (void)state;
    begin(11, "1,2,6,5"); /* SAME: 3 by 5 of them */
    model_input(&m, "w", ONNX_FLOAT32, "2,1,3,2");
    model_text(&m, "auto_pad", "SAME_UPPER");
    model_ints(&m, "strides", 2, (int64_t)2, (int64_t)1);
    model_int(&m, "group", 2);
    model_node(&m, "Conv", "x w", "y");
    check_against(conv, 1);
    begin(11, "1,2,6,5");
    model_input(&m, "w", ONNX_FLOAT32, "2,1,3,2");
    model_ints(&m, "kernel_shape", 2, (int64_t)3, (int64_t)3);
    model_node(&m, "Conv", "x w", "y");
    read_fails(OC_ERROR_SHAPE, "kernel_shape");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(test_softmax), TEST(test_clip),    TEST(test_pad),  TEST(test_slice), TEST(test_gather), TEST(test_lrn),
                                       TEST(test_reduce), TEST(test_squeeze), TEST(test_dropout), TEST(test_gemm), TEST(test_auto_pad),
                                       TEST(test_computed_shape), TEST(test_shape_of_another), TEST(test_computed_sizes),
                                       TEST(test_batch_norm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
