/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a file: initializers and their elements, inputs and their sizes, what is wrong or not supported. */
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/reading.h"
#include "onnx/schema.h"

static void test_sizes_of_inputs(void **state) {
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

static oc_value *times_four(oc_graph *graph, oc_value *x, oc_error *err) {
    const float values[4] = {1, -2, 0.5f, 65504};
    oc_tensor *tensor;
    KIT_OK(oc_tensor_wrap(&tensor, k.context, OC_F32, &OC_SHAPE(4), (void *)values, err), err);
    oc_value *w = oc_graph_state_tensor(graph, "w", tensor, false, err);
    oc_tensor_destroy(&tensor);
    return oc_mul(graph, x, w, err);
}

static void put_packed_floats(oc__string *field, const float *values, int count) {
    float little[8];
    memcpy(little, values, (size_t)count * sizeof(float));
    oc__swap_to_little(little, (uint64_t)count * sizeof(float), sizeof(float));
    oc__wire_put_bytes(field, TENSOR_FLOATS, little, (size_t)count * sizeof(float));
}

static void test_typed_fields(void **state) {
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
        if (form < 3) {
            model_field(&m, "w", ONNX_FLOAT32, "4", &field);
        } else {
            model_raw(&m, "d", ONNX_DOUBLE64, "4", doubles, sizeof(doubles));
            model_int(&m, "to", ONNX_FLOAT32);
            model_node(&m, "Cast", "d", "w");
        }
        model_node(&m, "Mul", "x w", "y");
        oc__string_finish(&field);
        check_against(times_four, 1);
    }
}

static void test_half_and_bool(void **state) {
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
static void test_initializers_as_inputs(void **state) {
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

static void test_unsupported(void **state) {
    (void)state;
    begin(13, "3,4");
    model_node(&m, "StringSplit", "x", "a");
    model_node(&m, "Relu", "a", "b");
    model_node(&m, "TfIdfVectorizer", "b", "c");
    model_node(&m, "StringSplit", "c", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "StringSplit (node 'a'), TfIdfVectorizer (node 'c')");
    begin(13, "3,4");
    model_int(&m, "what", 1);
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "'what'");
    begin(23, "3,4");
    model_node(&m, "Relu", "x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "opset 23");
}

static void test_wrong(void **state) {
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

static void test_metadata(void **state) {
    (void)state;
    begin(13, "3");
    model_node(&m, "Relu", "x", "y");
    model_metadata(&m, "labels", "cat\ndog");
    oc_graph *graph = read_model();
    assert_string_equal(oc_graph_get_metadata(graph, "labels"), "cat\ndog");
    oc_graph_destroy(&graph);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(test_sizes_of_inputs), TEST(test_typed_fields), TEST(test_half_and_bool),
                                       TEST(test_initializers_as_inputs), TEST(test_unsupported), TEST(test_wrong),
                                       TEST(test_metadata)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
