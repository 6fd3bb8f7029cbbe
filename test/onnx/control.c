/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes with bodies: unrolled, or refused with a sentence. */
#include <stdio.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "op/op.h"
#include "kit/reading.h"

static model body(void) {
    model b;
    model_init(&b, k.context, m.opset);
    return b;
}

static void put_bool(model *to, const char *name, bool value) {
    const uint8_t byte = value;
    model_raw(to, name, ONNX_BOOL8, "", &byte, 1);
}

static oc_value *negative(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_neg(graph, x, err);
}

static oc_value *doubled(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_add(graph, x, x, err);
}

/* x + x, or -x; "inner" is made in both branches, and has the name of something outside. */
static void put_if(const char *condition) {
    model then = body(), other = body();
    model_node(&then, "Identity", "x", "inner");
    model_node(&then, "Add", "inner x", "t");
    model_output(&then, "t");
    model_node(&other, "Neg", "x", "inner");
    model_output(&other, "inner");
    model_node(&m, "Abs", "x", "inner");
    model_body(&m, "then_branch", &then);
    model_body(&m, "else_branch", &other);
    model_node(&m, "If", condition, "y");
}

static void test_if(void **state) {
    (void)state;
    for (int yes = 0; yes < 2; yes++) {
        begin(13, "N,3");
        put_bool(&m, "c", yes);
        put_if("c");
        check_against(yes ? doubled : negative, 2);
    }
    begin(13, "N,3"); /* a condition that is computed: whether x has 2 axes */
    model_node(&m, "Shape", "x", "shape");
    model_node(&m, "Size", "shape", "rank");
    model_constant(&m, "two", 0, (int64_t)2);
    model_node(&m, "Equal", "rank two", "c");
    put_if("c");
    check_against(doubled, 2);
    begin(13, "3");
    model_input(&m, "c", ONNX_BOOL8, "");
    put_if("c");
    read_fails(OC_ERROR_UNSUPPORTED, "node 'y' (If): its condition, 'c', is not known while the model is read");
}

/* A condition that is an input whose contents are given. */
static void test_given(void **state) {
    (void)state;
    oc_error err = {0};
    oc__string bytes;
    oc_graph *graph;
    oc_tensor *no;
    uint8_t byte = 0;
    begin(13, "3");
    model_input(&m, "c", ONNX_BOOL8, "");
    put_if("c");
    model_bytes(&m, &bytes);
    model_finish(&m);
    FILE *file = fopen(kit_path(&k, "if.onnx"), "wb");
    assert_true(file != NULL && fwrite(bytes.text, 1, bytes.size, file) == bytes.size && fclose(file) == 0);
    KIT_OK(oc_tensor_wrap(&no, k.context, OC_BOOL, &(oc_shape){0}, &byte, &err), &err);
    KIT_OK(oc_onnx_read_given(&graph, k.context, kit_path(&k, "if.onnx"), &(oc_onnx_given){"c", no}, 1, &err), &err);
    assert_string_equal(oc_graph_get_output(graph, 0).name, "y");
    assert_string_equal(graph->outputs[0].value->producer->op->name, "neg");
    oc_graph_destroy(&graph);
    oc_tensor_destroy(&no);
    oc__string_finish(&bytes);
}

static void test_branches(void **state) {
    (void)state;
    begin(13, "3");
    model then = body(), other = body();
    put_bool(&m, "c", true);
    model_node(&then, "Strange", "x", "t");
    model_output(&then, "t");
    model_node(&other, "Neg", "x", "t");
    model_output(&other, "t");
    model_body(&m, "then_branch", &then);
    model_body(&m, "else_branch", &other);
    model_node(&m, "If", "c", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "node 'y' (If): operators that are not supported: Strange (node 't')");
    begin(13, "3");
    put_bool(&m, "c", true);
    model_node(&m, "If", "c", "y");
    read_fails(OC_ERROR_FORMAT, "no graph 'then_branch'");
    begin(13, "3");
    put_bool(&m, "c", true);
    then = body();
    model_output(&then, "nothing");
    model_body(&m, "then_branch", &then);
    model_node(&m, "If", "c", "y");
    read_fails(OC_ERROR_FORMAT, "output 'nothing' of its body is made by no node");
    begin(13, "3");
    put_bool(&m, "c", true);
    then = body();
    model_output(&then, "x");
    model_output(&then, "x");
    model_body(&m, "then_branch", &then);
    model_node(&m, "If", "c", "y");
    read_fails(OC_ERROR_FORMAT, "its body has 0 inputs and 2 outputs; it should have 0 and 1");
}

/* a + x i, for each round i; on while i < last. `kept`: each round's sum is an output too. */
static void put_loop(const char *in, const char *out, int64_t last, bool kept) {
    model b = body();
    model_input(&b, "i", ONNX_INT64, "");
    model_input(&b, "on", ONNX_BOOL8, "");
    model_input(&b, "a", ONNX_FLOAT32, "2,3");
    model_longs(&b, "last", "", 1, last);
    model_node(&b, "Less", "i last", "goes");
    model_int(&b, "to", ONNX_FLOAT32);
    model_node(&b, "Cast", "i", "f");
    model_node(&b, "Mul", "x f", "p");
    model_node(&b, "Add", "a p", "sum");
    model_output(&b, "goes");
    model_output(&b, "sum");
    if (kept)
        model_output(&b, "sum");
    model_body(&m, "body", &b);
    model_node(&m, "Loop", in, out);
}

static oc_value *times(oc_graph *graph, oc_value *x, double factor, oc_error *err) {
    return oc_mul(graph, x, oc_graph_scalar(graph, OC_F32, factor, err), err);
}

static oc_value *times_seven(oc_graph *graph, oc_value *x, oc_error *err) { /* 1 + 0 + 1 + 2 + 3 */
    return times(graph, x, 7, err);
}

static oc_value *times_four(oc_graph *graph, oc_value *x, oc_error *err) { /* 1 + 0 + 1 + 2 */
    return times(graph, x, 4, err);
}

static oc_value *same(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_identity(graph, x, err);
}

static oc_value *partial_sums(oc_graph *graph, oc_value *x, oc_error *err) {
    const double factors[4] = {1, 2, 4, 7};
    oc_value *rows[4];
    for (int i = 0; i < 4; i++)
        rows[i] = oc_reshape(graph, times(graph, x, factors[i], err), &OC_SHAPE(1, 2, 3), err);
    return oc_concat(graph, rows, 4, 0, err);
}

static void begin_loop(int64_t trip, bool condition) {
    begin(13, "2,3");
    model_longs(&m, "n", "", 1, trip);
    put_bool(&m, "c", condition);
}

static void test_loop(void **state) {
    (void)state;
    begin_loop(4, true);
    put_loop("n c x", "y", 100, false);
    check_against(times_seven, 1);
    begin_loop(4, true); /* ends by itself; without a trip count too */
    put_loop("n c x", "y", 2, false);
    check_against(times_four, 1);
    begin_loop(4, true);
    put_loop("- c x", "y", 2, false);
    check_against(times_four, 1);
    begin_loop(4, true); /* where no condition is asked for, the body's is nothing */
    put_loop("n - x", "y", 2, false);
    check_against(times_seven, 1);
    begin_loop(4, false);
    put_loop("n c x", "y", 100, false);
    check_against(same, 1);
    begin_loop(0, true);
    put_loop("n c x", "y", 100, false);
    check_against(same, 1);
    begin_loop(4, true);
    put_loop("n c x", "sum y", 100, true);
    check_against(partial_sums, 1);
}

static void test_loop_refused(void **state) {
    (void)state;
    begin_loop(5000, true);
    put_loop("n c x", "y", 10000, false);
    read_fails(OC_ERROR_UNSUPPORTED, "node 'y' (Loop): it runs 1025 rounds or more; at most 1024 are unrolled");
    begin_loop(4, true);
    put_loop("- - x", "y", 4, false);
    read_fails(OC_ERROR_UNSUPPORTED, "at most 1024 are unrolled");
    begin_loop(4, true);
    model_input(&m, "trip", ONNX_INT64, "");
    put_loop("trip c x", "y", 4, false);
    read_fails(OC_ERROR_UNSUPPORTED, "its trip count, 'trip', is not known while the model is read");
    begin_loop(0, true);
    put_loop("n c x", "- y", 4, true);
    read_fails(OC_ERROR_UNSUPPORTED, "it runs no round, and the shape of 'sum' is not written down");
    begin_loop(4, true);
    put_loop("n c x x", "y -", 4, false);
    read_fails(OC_ERROR_FORMAT, "its body has 3 inputs and 2 outputs; it should have 4 and 3");
    begin_loop(4, true);
    put_loop("n c missing", "y", 4, false);
    read_fails(OC_ERROR_FORMAT, "it uses 'missing', which nothing before it makes");
}

/* Rounds of rounds: bounded in all. */
static void test_loops_in_loops(void **state) {
    (void)state;
    model inner, outer;
    begin(13, "2,3");
    inner = body();
    model_input(&inner, "j", ONNX_INT64, "");
    model_input(&inner, "goes", ONNX_BOOL8, "");
    model_input(&inner, "b", ONNX_FLOAT32, "2,3");
    model_node(&inner, "Neg", "b", "minus");
    model_output(&inner, "goes");
    model_output(&inner, "minus");
    outer = body();
    model_input(&outer, "i", ONNX_INT64, "");
    model_input(&outer, "on", ONNX_BOOL8, "");
    model_input(&outer, "a", ONNX_FLOAT32, "2,3");
    model_body(&outer, "body", &inner);
    model_node(&outer, "Loop", "n - a", "result");
    model_output(&outer, "on");
    model_output(&outer, "result");
    model_longs(&m, "n", "", 1, (int64_t)1000);
    model_body(&m, "body", &outer);
    model_node(&m, "Loop", "n - x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "unrolled, the model has more than 32768 nodes");
}

/* A body's weights are one state, however often it runs; those of two bodies with one name are two. */
static void test_states(void **state) {
    (void)state;
    const float values[] = {2, 3, 4};
    begin_loop(3, true);
    for (int i = 0; i < 2; i++) {
        model b = body();
        model_input(&b, "i", ONNX_INT64, "");
        model_input(&b, "on", ONNX_BOOL8, "");
        model_input(&b, "a", ONNX_FLOAT32, "2,3");
        model_floats(&b, "w", "3", values, 3);
        model_node(&b, "Mul", "a w", "p");
        model_output(&b, "on");
        model_output(&b, "p");
        model_body(&m, "body", &b);
        model_node(&m, "Loop", i == 0 ? "n c x" : "n c between", i == 0 ? "between" : "y");
    }
    oc_graph *graph = read_model();
    assert_int_equal(oc_graph_state_count(graph), 2);
    assert_string_equal(oc_graph_get_state(graph, 0).name, "w");
    assert_string_equal(oc_graph_get_state(graph, 1).name, "w.2");
    assert_true(oc_graph_get_state(graph, 0).trainable);
    oc_graph_destroy(&graph);
}

/* Sums along an axis of x, beginning with a row of x. */
static void put_scan(const char *directions, int64_t in_axis, int64_t out_axis) {
    model b = body();
    model_input(&b, "s", ONNX_FLOAT32, "3");
    model_input(&b, "row", ONNX_FLOAT32, "3");
    model_node(&b, "Add", "s row", "t");
    model_output(&b, "t");
    model_output(&b, "t");
    model_body(&m, "body", &b);
    model_int(&m, "num_scan_inputs", 1);
    model_ints(&m, "scan_input_axes", 1, in_axis);
    model_ints(&m, "scan_output_axes", 1, out_axis);
    model_ints(&m, "scan_input_directions", 1, (int64_t)(directions[0] == 'b'));
    model_ints(&m, "scan_output_directions", 1, (int64_t)(directions[1] == 'b'));
    model_node(&m, "Scan", "zero x", "end y");
}

static oc_value *cumulated(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_cumulative_sum(graph, x, &oc_cumulative_params(.axis = 0), err);
}

static oc_value *cumulated_back(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_cumulative_sum(graph, x, &oc_cumulative_params(.reverse = true), err);
}

static oc_value *cumulated_across(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *rows = oc_transpose(graph, x, NULL, err);
    return oc_transpose(graph, oc_cumulative_sum(graph, rows, &oc_cumulative_params(.axis = 0), err), NULL, err);
}

static void test_scan(void **state) {
    (void)state;
    const float zero[3] = {0};
    begin(11, "4,3");
    model_floats(&m, "zero", "3", zero, 3);
    put_scan("ff", 0, 0);
    check_against(cumulated, 1);
    begin(11, "4,3");
    model_floats(&m, "zero", "3", zero, 3);
    put_scan("bb", 0, -2);
    check_against(cumulated_back, 1);
    begin(11, "3,4");
    model_floats(&m, "zero", "3", zero, 3);
    put_scan("ff", -1, -1);
    check_against(cumulated_across, 1);
    begin(11, "N,3");
    model_floats(&m, "zero", "3", zero, 3);
    put_scan("ff", 0, 0);
    read_fails(OC_ERROR_UNSUPPORTED, "how many rounds it runs is not known: the size of 'x' is no number");
    begin(11, "4,3");
    model_floats(&m, "zero", "3", zero, 3);
    put_scan("ff", 2, 0);
    read_fails(OC_ERROR_SHAPE, "'x' has no axis 2 to go along");
    begin(11, "2000,3");
    model_floats(&m, "zero", "3", zero, 3);
    put_scan("ff", 0, 0);
    read_fails(OC_ERROR_UNSUPPORTED, "it runs 2000 rounds or more");
}

static void test_changed_bytes(void **state) {
    (void)state;
    oc__string bytes;
    begin_loop(3, true);
    put_if("c");
    put_loop("n c y", "last all", 2, true);
    model_output(&m, "all");
    model_bytes(&m, &bytes);
    model_finish(&m);
    model_changed_bytes(k.context, &bytes);
    oc__string_finish(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_if), cmocka_unit_test(test_given), cmocka_unit_test(test_branches), cmocka_unit_test(test_loop),
        cmocka_unit_test(test_loop_refused), cmocka_unit_test(test_loops_in_loops), cmocka_unit_test(test_states),
        cmocka_unit_test(test_scan), cmocka_unit_test(test_changed_bytes)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
