/* SPDX-License-Identifier: Apache-2.0 */
/* oc_gradcheck() tells right gradients from wrong ones. */
#include <math.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/kit.h"

typedef struct seen {
    size_t rows;
    double error, device_error;
    char worst[64];
} seen;

static void see(void *user, const oc_gradcheck_row *row) {
    seen *s = user;
    s->rows++;
    if (row->error >= s->error) {
        s->error = row->error;
        strncpy(s->worst, row->name, sizeof(s->worst) - 1);
    }
    s->device_error = fmax(s->device_error, row->device_error);
}

static oc_graph *begin(kit *k) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    return graph;
}

/* Convolution, normalization by the batch, pooling, dropout, a product, softmax; a second output from the middle. */
static oc_graph *network(kit *k) {
    oc_error err = {0};
    oc_graph *graph = begin(k);
    oc_init he = {.kind = OC_INIT_HE}, one = {.value = 1}, frozen = {.value = 1, .frozen = true};
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 3, 8, 8), &err);
    x = oc_conv2d(graph, x, oc_graph_state(graph, "conv.weight", OC_F32, &OC_SHAPE(4, 3, 3, 3), &he, &err),
                  oc_graph_state(graph, "conv.bias", OC_F32, &OC_SHAPE(4), NULL, &err), &oc_conv_params(.pad_begin = {1, 1}), &err);
    x = oc_batch_norm_train(graph, x, oc_graph_state(graph, "bn.weight", OC_F32, &OC_SHAPE(4), &one, &err),
                            oc_graph_state(graph, "bn.bias", OC_F32, &OC_SHAPE(4), NULL, &err),
                            oc_graph_state(graph, "bn.mean", OC_F32, &OC_SHAPE(4), &frozen, &err),
                            oc_graph_state(graph, "bn.variance", OC_F32, &OC_SHAPE(4), &frozen, &err), NULL, NULL, NULL, &err);
    x = oc_max_pool2d(graph, oc_relu(graph, x, &err), &oc_pool_params(.kernel = {2, 2}, .stride = {2, 2}), NULL, &err);
    KIT_OK(oc_graph_output(graph, "middle", oc_reduce_mean(graph, x, NULL, &err), &err), &err);
    x = oc_dropout(graph, oc_flatten(graph, x, 1, &err), oc_graph_random_counter(graph, &err), &oc_dropout_params(.ratio = 0.25f), &err);
    oc_value *w = oc_graph_state(graph, "fc.weight", OC_F32, &OC_SHAPE(oc_value_get_info(x).shape.dims[1], 5), &he, &err);
    KIT_OK(oc_graph_output(graph, "y", oc_softmax(graph, oc_matmul(graph, x, w, NULL, &err), 1, &err), &err), &err);
    return graph;
}

static void test_right(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = network(&k);
    for (int method = OC_GRADCHECK_HOST; method <= OC_GRADCHECK_DEVICE; method++) {
        seen s = {0};
        size_t wrong = 99;
        oc_gradcheck_params params = {.default_dim = 3, .method = (oc_gradcheck_method)method, .seed = 4};
        KIT_OK(oc_gradcheck(k.device, graph, &params, see, &s, &wrong, &err), &err);
        print_message("errors %.1e (%s), device %.1e\n", s.error, s.worst, s.device_error);
        assert_int_equal(wrong, 0);
        assert_int_equal(s.rows, 5);
        assert_true(method == OC_GRADCHECK_DEVICE ? s.error > 1e-7 : s.error < 1e-6);
        params.tolerance = 1e-30;
        KIT_OK(oc_gradcheck(k.device, graph, &params, NULL, NULL, &wrong, &err), &err);
        assert_true(wrong >= 4);
    }
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Rounding has no gradient, but its steps are seen: a gradient that is wrong in one parameter of two. */
static void test_wrong(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    seen s = {0};
    size_t wrong = 0;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = begin(&k);
    oc_init normal = {.kind = OC_INIT_NORMAL};
    oc_value *a = oc_graph_state(graph, "a", OC_F32, &OC_SHAPE(50), &normal, &err);
    oc_value *b = oc_graph_state(graph, "b", OC_F32, &OC_SHAPE(50), &normal, &err);
    oc_value *fine = oc_graph_scalar(graph, OC_F32, 1e7, &err);
    oc_value *steps = oc_div(graph, oc_round(graph, oc_mul(graph, a, fine, &err), &err), fine, &err);
    KIT_OK(oc_graph_output(graph, "y", oc_add(graph, steps, b, &err), &err), &err);
    KIT_OK(oc_gradcheck(k.device, graph, &(oc_gradcheck_params){.method = OC_GRADCHECK_HOST}, see, &s, &wrong, &err), &err);
    assert_int_equal(wrong, 1);
    assert_int_equal(s.rows, 2);
    assert_string_equal(s.worst, "a");
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static void refuse(kit *k, oc_graph *graph, oc_value *y, oc_status status, const char *part) {
    oc_error err = {0};
    size_t wrong;
    KIT_OK(oc_graph_output(graph, "y", y, &err), &err);
    KIT_FAILS(status, part, oc_gradcheck(k->device, graph, NULL, NULL, NULL, &wrong, &err), &err);
    oc_graph_destroy(&graph);
}

static void test_refused(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = begin(&k);
    refuse(&k, graph, oc_relu(graph, oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(3), &err), &err), OC_ERROR_INVALID, "no trainable");
    graph = begin(&k);
    oc_value *w = oc_graph_state(graph, "w", OC_F32, &OC_SHAPE(3), NULL, &err);
    refuse(&k, graph, oc_cast(graph, w, OC_I32, &err), OC_ERROR_INVALID, "floating-point output");
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_right), cmocka_unit_test(test_wrong), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
