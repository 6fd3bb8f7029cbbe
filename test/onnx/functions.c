/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a model: inlined, or refused with a sentence. */
#include <stdio.h>

#include <ocelli/ocelli.h>

#include "kit/reading.h"

static model body(void) {
    model b;
    model_init(&b, k.context, m.opset);
    return b;
}

/* leak(x, bound): LeakyRelu of an alpha of the caller's, or 0.25; above bound, where there is one, bound. */
static void put_function(void) {
    model f = body();
    model_reference(&f, "alpha", 1, "slope");
    model_node(&f, "LeakyRelu", "x", "y");
    model_node(&f, "Clip", "y - bound", "z");
    model_float(&f, "slope", 0.25f);
    model_function(&m, "leak", "x bound", "z", &f);
}

static oc_value *leaks(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *first = oc_leaky_relu(graph, x, 0.5f, err);
    return oc_min(graph, oc_leaky_relu(graph, first, 0.25f, err), oc_graph_scalar(graph, OC_F32, 0.5, err), err);
}

static void call(const char *name, const char *in, const char *out) {
    model_domain(&m, "own");
    model_node(&m, name, in, out);
}

static void test_functions(void **state) {
    (void)state;
    const float half = 0.5f;
    begin(13, "3,2");
    put_function();
    model_floats(&m, "half", "", &half, 1);
    model_float(&m, "slope", 0.5f);
    call("leak", "x", "z"); /* "z" and "y" are names of the function, too */
    call("leak", "z half", "y");
    check_against(leaks, 1);
    begin(13, "3,2");
    put_function();
    call("leak", "x x x", "y");
    read_fails(OC_ERROR_FORMAT, "node 'y' (leak): it has 3 inputs and 1 outputs; its function has 2 and 1");
    begin(13, "3,2");
    call("leak", "x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "own.leak");
    begin(13, "3,2");
    model_reference(&m, "alpha", 1, "slope");
    model_node(&m, "LeakyRelu", "x", "y");
    read_fails(OC_ERROR_FORMAT, "outside of functions");
}

static void test_recursion(void **state) {
    (void)state;
    begin(13, "3,2");
    for (int i = 0; i < 2; i++) {
        model f = body();
        model_domain(&f, "own");
        model_node(&f, i == 0 ? "two" : "one", "a", "b");
        model_function(&m, i == 0 ? "one" : "two", "a", "b", &f);
    }
    call("one", "x", "y");
    read_fails(OC_ERROR_FORMAT, "the function calls itself");
    begin(13, "3,2");
    for (int i = 0; i < 100; i++) {
        char name[8], next[8];
        model f = body();
        snprintf(name, sizeof(name), "f%d", i);
        snprintf(next, sizeof(next), "f%d", i + 1);
        model_domain(&f, "own");
        model_node(&f, next, "a", "b");
        model_function(&m, name, "a", "b", &f);
    }
    model f = body();
    model_node(&f, "Neg", "a", "b");
    model_function(&m, "f100", "a", "b", &f);
    call("f0", "x", "y");
    read_fails(OC_ERROR_UNSUPPORTED, "nested more than 64 deep");
}

/* What a function's node keeps running is kept from training. */
static void test_frozen_through_functions(void **state) {
    (void)state;
    const float ones[2] = {1, 1};
    static const char *const names[] = {"scale", "shift", "mean", "var"};
    begin(13, "N,2,3,3");
    model f = body();
    model_node(&f, "BatchNormalization", "a s b mu sigma", "n");
    model_function(&m, "norm", "a s b mu sigma", "n", &f);
    for (int i = 0; i < 4; i++)
        model_floats(&m, names[i], "2", ones, 2);
    call("norm", "x scale shift mean var", "y");
    oc_graph *graph = read_model();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(oc_graph_get_state(graph, i).trainable, i < 2);
    oc_graph_destroy(&graph);
}

static void test_changed_bytes(void **state) {
    (void)state;
    oc__string bytes;
    begin(13, "2,3");
    put_function();
    call("leak", "x", "y");
    model_bytes(&m, &bytes);
    model_finish(&m);
    model_changed_bytes(k.context, &bytes);
    oc__string_finish(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_functions), cmocka_unit_test(test_recursion),
                                       cmocka_unit_test(test_frozen_through_functions), cmocka_unit_test(test_changed_bytes)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
