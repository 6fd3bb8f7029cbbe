/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of operators that changed from opset to opset, and what else of a file has several forms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/model.h"
#include "onnx/schema.h"

static kit k;
static model m;

static int set_up(void **state)
{
    (void)state;
    kit_init(&k, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_finish(&k);
    return 0;
}

static oc_graph *read_model(void)
{
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_OK(model_read(&m, &graph, &err), &err);
    model_finish(&m);
    return graph;
}

static void read_fails(oc_status status, const char *part)
{
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_FAILS(status, part, model_read(&m, &graph, &err), &err);
    assert_null(graph);
    model_finish(&m);
}

/* The first output must be what `want` builds from the same inputs (and states, by name). */
typedef oc_value *(*builder)(oc_graph *graph, oc_value *x, oc_error *err);

static void check_against(builder want, int64_t n)
{
    oc_error err = {0};
    oc_graph *got = read_model(), *wanted;
    KIT_OK(oc_graph_create(&wanted, k.context, &err), &err);
    oc_value_info x = oc_graph_get_input(got, 0);
    for (int i = 0; i < x.shape.rank; i++)
        if (x.shape.dims[i] < 0)
            x.shape.dims[i] = n;
    oc_value *value = want(wanted, oc_graph_input(wanted, "x", x.dtype, &x.shape, &err), &err);
    KIT_OK(oc_graph_output(wanted, "y", value, &err), &err);
    model_same(got, wanted, n);
    oc_graph_destroy(&got);
    oc_graph_destroy(&wanted);
}

static void begin(int opset, const char *dims)
{
    model_init(&m, k.context, opset);
    model_input(&m, "x", ONNX_FLOAT32, dims);
    model_output(&m, "y");
}

static oc_value *softmax_flat(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_reshape_like(graph, oc_softmax(graph, oc_reshape(graph, x, &OC_SHAPE(2, 12), err), 1, err), x, err);
}

static oc_value *softmax_last(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_softmax(graph, x, 2, err);
}

static oc_value *softmax_one(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_softmax(graph, x, 1, err);
}

static void test_softmax(void **state)
{
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

static oc_value *clipped(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_clip(graph, x, -1, 2.5f, err);
}

static oc_value *clipped_above(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_clip(graph, x, -INFINITY, 2.5f, err);
}

static void test_clip(void **state)
{
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

static oc_value *padded(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_pad(graph, x, &oc_pad_params(.begin = {0, 1}, .end = {2, 0}, .value = 7), err);
}

static void test_pad(void **state)
{
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

static oc_value *sliced(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_slice(graph, x, &oc_slice_params(.begin = {0, 1}, .end = {0, -1}, .step = {0, 1}), err);
}

static void test_slice(void **state)
{
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

static oc_value *summed(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_reduce_sum(graph, x, &oc_reduce_params(.axes = {1}, .axis_count = 1, .keep_dims = true), err);
}

static void test_reduce(void **state)
{
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

static oc_value *unsqueezed(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_reshape(graph, x, &OC_SHAPE(1, 2, 1, 5), err);
}

static void test_squeeze(void **state)
{
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

static oc_value *same(oc_graph *graph, oc_value *x, oc_error *err)
{
    return oc_identity(graph, x, err);
}

static void test_dropout(void **state)
{
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
    read_fails(OC_ERROR_UNSUPPORTED, "output 1");
}

/* x.view(x.size(0), -1) as PyTorch writes it. */
static void test_computed_shape(void **state)
{
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

static void test_sizes_of_inputs(void **state)
{
    (void)state;
    begin(13, "?,H,?,4");
    model_node(&m, "Relu", "x", "y");
    oc_graph *graph = read_model();
    oc_shape shape = oc_graph_get_input(graph, 0).shape;
    assert_string_equal(oc_graph_dim_text(graph, shape.dims[0]), "x_0");
    assert_string_equal(oc_graph_dim_text(graph, shape.dims[1]), "H");
    assert_string_equal(oc_graph_dim_text(graph, shape.dims[2]), "x_2");
    assert_int_equal(shape.dims[3], 4);
    oc_graph_destroy(&graph);
}

static oc_value *times_four(oc_graph *graph, oc_value *x, oc_error *err)
{
    const float values[4] = {1, -2, 0.5f, 65504};
    oc_tensor *tensor;
    KIT_OK(oc_tensor_wrap(&tensor, k.context, OC_F32, &OC_SHAPE(4), (void *)values, err), err);
    oc_value *w = oc_graph_state_tensor(graph, "w", tensor, false, err);
    oc_tensor_destroy(&tensor);
    return oc_mul(graph, x, w, err);
}

static void put_packed_floats(oc__string *field, const float *values, int count)
{
    oc__wire_put_bytes(field, TENSOR_FLOATS, values, (size_t)count * sizeof(float));
}

static void test_typed_fields(void **state)
{
    (void)state;
    const float values[4] = {1, -2, 0.5f, 65504};
    const double doubles[4] = {1, -2, 0.5, 65504};
    for (int form = 0; form < 4; form++) {
        oc__string field;
        oc__string_init(&field, k.context);
        begin(13, "3,4");
        if (form == 0)
            put_packed_floats(&field, values, 4);
        for (int i = 0; form == 1 && i < 4; i++) /* one field each */
            oc__wire_put_float(&field, TENSOR_FLOATS, values[i]);
        if (form == 2) { /* both at once */
            put_packed_floats(&field, values, 1);
            oc__wire_put_float(&field, TENSOR_FLOATS, values[1]);
            put_packed_floats(&field, values + 2, 2);
        }
        if (form < 3)
            model_field(&m, "w", ONNX_FLOAT32, "4", &field);
        else
            model_raw(&m, "w", ONNX_DOUBLE64, "4", doubles, sizeof(doubles));
        model_node(&m, "Mul", "x w", "y");
        oc__string_finish(&field);
        check_against(times_four, 1);
    }
}

static void test_half_and_bool(void **state)
{
    (void)state;
    oc__string field;
    oc_error err = {0};
    oc__string_init(&field, k.context);
    const uint16_t halves[2] = {0x3c00, 0xc000}; /* 1, -2 */
    for (int i = 0; i < 2; i++)
        oc__wire_put_varint(&field, TENSOR_INT32S, halves[i]);
    model_init(&m, k.context, 13);
    model_field(&m, "h", ONNX_FLOAT16, "2", &field);
    model_node(&m, "Neg", "h", "y");
    model_output(&m, "y");
    oc_graph *graph = read_model();
    assert_int_equal(oc_graph_get_output(graph, 0).dtype, OC_F16);
    assert_true(oc_graph_get_state(graph, 0).trainable);
    double *values;
    assert_int_equal(model_compute(graph, 1, 0, &values), 2);
    assert_true(values[0] == -1 && values[1] == 2);
    free(values);
    oc_graph_destroy(&graph);
    model_init(&m, k.context, 13);
    model_field(&m, "b", ONNX_BOOL8, "2", &field); /* any number that is not zero is true */
    model_int(&m, "to", ONNX_FLOAT32);
    model_node(&m, "Cast", "b", "y");
    model_output(&m, "y");
    graph = read_model();
    assert_int_equal(model_compute(graph, 1, 0, &values), 2);
    assert_true(values[0] == 1 && values[1] == 1);
    free(values);
    oc_graph_destroy(&graph);
    oc__string_finish(&field);
    (void)err;
}

/* Up to IR version 3 initializers are listed as inputs as well. */
static void test_initializers_as_inputs(void **state)
{
    (void)state;
    const float values[4] = {1, -2, 0.5f, 65504};
    begin(8, "3,4");
    m.ir_version = 3;
    model_input(&m, "w", ONNX_FLOAT32, "4");
    model_floats(&m, "w", "4", values, 4);
    model_node(&m, "Mul", "x w", "y");
    oc_graph *graph = read_model();
    assert_int_equal(oc_graph_input_count(graph), 1);
    assert_int_equal(oc_graph_state_count(graph), 1);
    assert_string_equal(oc_graph_get_state(graph, 0).name, "w");
    oc_graph_destroy(&graph);
}

static void test_unsupported(void **state)
{
    (void)state;
    begin(13, "3,4");
    model_node(&m, "Einsum", "x", "a");
    model_node(&m, "Relu", "a", "b");
    model_node(&m, "NonZero", "b", "c");
    model_node(&m, "Einsum", "c", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "Einsum, NonZero");
    begin(13, "3,4");
    model_int(&m, "what", 1);
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "'what'");
    begin(18, "3,4");
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "opset 18");
}

static void test_wrong(void **state)
{
    (void)state;
    begin(13, "3,4");
    model_node(&m, "Relu", "z", "y");
    read_fails(OC_ERROR_FORMAT, "'z'");
    begin(13, "3,4");
    model_node(&m, "Relu", "x", "x");
    read_fails(OC_ERROR_FORMAT, "twice");
    begin(13, "3,4");
    read_fails(OC_ERROR_FORMAT, "'y'");
    begin(13, "3,4");
    model_node(&m, "Add", "x", "y");
    read_fails(OC_ERROR_FORMAT, "1 inputs");
    begin(13, "3,4");
    model_node(&m, "MatMul", "x x", "y");
    read_fails(OC_ERROR_SHAPE, "MatMul");
    const float value = 1;
    begin(13, "3,4");
    model_floats(&m, "w", "5", &value, 1);
    model_node(&m, "Add", "x w", "y");
    read_fails(OC_ERROR_FORMAT, "number of elements");
}

static oc_value *gemm(oc_graph *graph, oc_value *x, oc_error *err)
{
    oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(5, 3), NULL, err);
    oc_value *c = oc_graph_state(graph, "c", OC_F32, &OC_SHAPE(4, 1), NULL, err);
    oc_value *product = oc_matmul(graph, x, w, &oc_matmul_params(.trans_a = true, .trans_b = true), err);
    oc_value *half = oc_graph_scalar(graph, OC_F32, 0.5, err), *two = oc_graph_scalar(graph, OC_F32, 2, err);
    return oc_add(graph, oc_mul(graph, product, half, err), oc_mul(graph, c, two, err), err);
}

static void test_gemm(void **state)
{
    (void)state;
    oc_error err = {0};
    begin(13, "3,4");
    model_input(&m, "w", ONNX_FLOAT32, "5,3");
    model_input(&m, "c", ONNX_FLOAT32, "4,1");
    model_float(&m, "alpha", 0.5f);
    model_float(&m, "beta", 2);
    model_int(&m, "transA", 1);
    model_int(&m, "transB", 1);
    model_node(&m, "Gemm", "x w c", "y");
    check_against(gemm, 1);
    (void)err;
}

static oc_value *conv(oc_graph *graph, oc_value *x, oc_error *err)
{
    oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(2, 1, 3, 2), NULL, err);
    return oc_conv2d(graph, x, w, NULL,
                     &oc_conv_params(.stride = {2, 1}, .groups = 2, .pad_begin = {0, 0}, .pad_end = {1, 1}), err);
}

static void test_auto_pad(void **state)
{
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

static void test_metadata(void **state)
{
    (void)state;
    begin(13, "3");
    model_node(&m, "Relu", "x", "y");
    model_metadata(&m, "labels", "cat\ndog");
    oc_graph *graph = read_model();
    assert_string_equal(oc_graph_get_metadata(graph, "labels"), "cat\ndog");
    oc_graph_destroy(&graph);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_softmax),       TEST(test_clip),        TEST(test_pad),
        TEST(test_slice),         TEST(test_reduce),      TEST(test_squeeze),
        TEST(test_dropout),       TEST(test_typed_fields), TEST(test_computed_shape),
        TEST(test_sizes_of_inputs), TEST(test_half_and_bool), TEST(test_initializers_as_inputs),
        TEST(test_unsupported),   TEST(test_wrong),       TEST(test_gemm),
        TEST(test_auto_pad),      TEST(test_metadata)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
