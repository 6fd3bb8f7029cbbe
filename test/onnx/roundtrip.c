/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is read back: every operator that has a form, and the models of the data folder, with their values. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "kit/model.h"

static oc_value *one(oc_graph *graph, const char *name, oc_shape shape, oc_error *err) {
    return oc_graph_state(graph, name, OC_F32, &shape, NULL, err);
}

/* Builders: an output of x (N, 3, 6, 5) and, if they like, states. */
typedef oc_value *(*builder)(oc_graph *graph, oc_value *x, oc_error *err);

static oc_value *conv(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_conv2d(graph, x, one(graph, "w", OC_SHAPE(6, 1, 3, 2), err), one(graph, "b", OC_SHAPE(6), err),
                     &oc_conv_params(.stride = {2, 1}, .dilation = {1, 2}, .pad_begin = {0, 1}, .pad_end = {2, 3}, .groups = 3), err);
}

static oc_value *transposed(oc_graph *graph, oc_value *x, oc_error *err) {
    const int64_t more[3] = {1, 0};
    return oc_conv_transpose(graph, x, one(graph, "w", OC_SHAPE(3, 2, 3, 2), err), one(graph, "b", OC_SHAPE(6), err),
                             &oc_conv_params(.stride = {2, 3}, .dilation = {1, 2}, .pad_begin = {0, 1}, .pad_end = {2, 0}, .groups = 3), more,
                             err);
}

static oc_value *pools(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *indices;
    oc_value *max = oc_max_pool2d(graph, x, &oc_pool_params(.kernel = {3, 2}, .stride = {2, 2}, .pad_begin = {1, 0},
                                                            .pad_end = {0, 1}, .ceil_mode = true), &indices, err);
    oc_value *average = oc_avg_pool2d(graph, x, &oc_pool_params(.kernel = {2, 2}, .stride = {2, 2}, .pad_begin = {1, 1},
                                                                .count_include_pad = true), err);
    KIT_OK(oc_graph_output(graph, "indices", indices, err), err);
    KIT_OK(oc_graph_output(graph, "average", average, err), err);
    return oc_add(graph, max, oc_global_avg_pool(graph, x, err), err);
}

static oc_value *products(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *flat = oc_flatten(graph, x, 1, err);
    oc_value *y = oc_linear(graph, flat, one(graph, "w", OC_SHAPE(7, 90), err), one(graph, "b", OC_SHAPE(7), err),
                            &oc_matmul_params(.trans_b = true), err);
    oc_value *batched = oc_matmul(graph, x, one(graph, "v", OC_SHAPE(6, 2), err), &oc_matmul_params(.trans_a = true), err);
    oc_value *biased = oc_linear(graph, x, one(graph, "u", OC_SHAPE(5, 4), err), one(graph, "t", OC_SHAPE(4), err), NULL, err);
    KIT_OK(oc_graph_output(graph, "batched", batched, err), err);
    KIT_OK(oc_graph_output(graph, "biased", biased, err), err);
    return oc_matmul(graph, y, one(graph, "s", OC_SHAPE(7, 3), err), NULL, err);
}

static oc_value *unary(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *(*const functions[])(oc_graph *, oc_value *, oc_error *) = {oc_relu, oc_sigmoid, oc_tanh, oc_exp, oc_sqrt, oc_neg,
                                                                         oc_abs,  oc_reciprocal, oc_ln};
    char name[16];
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        snprintf(name, sizeof(name), "unary%zu", i);
        KIT_OK(oc_graph_output(graph, name, functions[i](graph, x, err), err), err);
    }
    KIT_OK(oc_graph_output(graph, "above", oc_clip(graph, x, -INFINITY, 1, err), err), err);
    return oc_leaky_relu(graph, oc_clip(graph, x, -1.5f, 2, err), 0.2f, err);
}

static oc_value *binary(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *(*const functions[])(oc_graph *, oc_value *, oc_value *, oc_error *) = {oc_add, oc_sub, oc_mul, oc_div, oc_max, oc_min};
    char name[16];
    oc_value *b = one(graph, "b", OC_SHAPE(3, 1, 1), err);
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        snprintf(name, sizeof(name), "binary%zu", i);
        KIT_OK(oc_graph_output(graph, name, functions[i](graph, x, b, err), err), err);
    }
    return oc_pow(graph, x, oc_graph_scalar(graph, OC_F32, 2, err), err);
}

static oc_value *reductions(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *sum = oc_reduce_sum(graph, x, &oc_reduce_params(.axes = {-1, 1}, .axis_count = 2), err);
    KIT_OK(oc_graph_output(graph, "all", oc_reduce_mean(graph, x, NULL, err), err), err);
    KIT_OK(oc_graph_output(graph, "max", oc_reduce_max(graph, x, &oc_reduce_params(.axes = {2}, .axis_count = 1, .keep_dims = true),
                                                       err), err), err);
    return oc_log_softmax(graph, oc_softmax(graph, sum, 1, err), 0, err);
}

static oc_value *moves(oc_graph *graph, oc_value *x, oc_error *err) {
    const int32_t perm[] = {0, 2, 3, 1};
    int64_t n = oc_value_get_info(x).shape.dims[0];
    oc_value *turned = oc_transpose(graph, x, perm, err);
    oc_value *flat = oc_reshape(graph, turned, &OC_SHAPE(n, 30, 3), err);
    oc_value *part = oc_slice(graph, flat, &oc_slice_params(.begin = {0, 20, 0}, .end = {0, 3, 0}, .step = {0, -4, 0}), err);
    oc_value *joined = oc_concat(graph, (oc_value *[]){part, flat}, 2, 1, err);
    oc_value *padded = oc_pad(graph, joined, &oc_pad_params(.begin = {0, 1, 2}, .end = {0, -1, 0}, .value = 3), err);
    KIT_OK(oc_graph_output(graph, "edge", oc_pad(graph, x, &oc_pad_params(.begin = {0, 0, 1, 1}, .mode = OC_PAD_EDGE), err), err), err);
    KIT_OK(oc_graph_output(graph, "whole", oc_cast(graph, padded, OC_I32, err), err), err);
    KIT_OK(oc_graph_output(graph, "back", oc_reshape_like(graph, turned, x, err), err), err);
    KIT_OK(oc_graph_output(graph, "x again", x, err), err);
    return oc_identity(graph, padded, err);
}

static oc_value *labels(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *classes = oc_graph_input(graph, "classes", OC_I64, &OC_SHAPE(oc_value_get_info(x).shape.dims[0]), err);
    oc_value *logits = oc_reduce_sum(graph, x, &oc_reduce_params(.axes = {1, 2}, .axis_count = 2), err);
    return oc_softmax_cross_entropy(graph, logits, classes, err);
}

static void rewrite(kit *k, const oc_graph *graph, oc_state *state, oc_graph **out) {
    oc_error err = {0};
    char path[600];
    snprintf(path, sizeof(path), "%s", kit_path(k, "model.onnx"));
    KIT_OK(oc_onnx_write(graph, state, path, &err), &err);
    KIT_OK(oc_onnx_read(out, k->context, path, &err), &err);
}

/* States get values that are their own; what is read back has them as tensors. */
static void give_values(kit *k, oc_graph *from, oc_graph *to) {
    (void)k;
    assert_int_equal(oc_graph_state_count(from), oc_graph_state_count(to));
    for (size_t i = 0; i < oc_graph_state_count(from); i++) {
        assert_string_equal(oc_graph_get_state(from, i).name, oc_graph_get_state(to, i).name);
        assert_int_equal(oc_graph_get_state(from, i).trainable, oc_graph_get_state(to, i).trainable);
    }
}

static void check_builder(kit *k, builder build) {
    oc_error err = {0};
    oc_graph *graph, *back;
    oc_state *values;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 3, 6, 5), &err);
    KIT_OK(oc_graph_output(graph, "y", build(graph, x, &err), &err), &err);
    KIT_OK(oc_graph_set_metadata(graph, "mean", "0.5", &err), &err);
    KIT_OK(oc_state_create(&values, k->device, graph, 1, &err), &err);
    rewrite(k, graph, values, &back);
    give_values(k, graph, back);
    oc_shape shape = oc_graph_get_input(back, 0).shape;
    assert_string_equal(oc_graph_dim_text(back, shape.dims[0]), "N");
    assert_string_equal(oc_graph_get_metadata(back, "mean"), "0.5");
    oc_graph *again;
    rewrite(k, back, NULL, &again); /* without a device: the graph's own values */
    model_same(back, again, 2);
    oc_state_destroy(&values);
    oc_graph_destroy(&graph);
    oc_graph_destroy(&back);
    oc_graph_destroy(&again);
}

/* The graph as built and as read back give the same when their states do. */
static void check_numbers(kit *k, builder build) {
    oc_error err = {0};
    oc_graph *graph, *back;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 3, 6, 5), &err);
    KIT_OK(oc_graph_output(graph, "y", build(graph, x, &err), &err), &err);
    model_give_states(graph);
    rewrite(k, graph, NULL, &back);
    model_same(graph, back, 2);
    oc_graph_destroy(&graph);
    oc_graph_destroy(&back);
}

static void test_operators(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    const builder builders[] = {conv, transposed, pools, products, unary, binary, reductions, moves, labels};
    for (size_t i = 0; i < sizeof(builders) / sizeof(builders[0]); i++)
        check_numbers(&k, builders[i]);
    kit_finish(&k);
}

static void test_states(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    check_builder(&k, conv);
    check_builder(&k, transposed);
    check_builder(&k, products);
    kit_finish(&k);
}

static void test_refusals(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_graph *graph;
    kit_init(&k, NULL);
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 3), &err), *w = one(graph, "w", OC_SHAPE(2, 3), &err), *gradient;
    KIT_FAILS(OC_ERROR_INVALID, "no outputs", oc_onnx_write(graph, NULL, kit_path(&k, "a.onnx"), &err), &err);
    oc_value *loss = oc_softmax(graph, oc_mul(graph, x, w, &err), 1, &err);
    KIT_OK(oc_graph_gradients(graph, loss, &w, 1, &gradient, &err), &err);
    KIT_OK(oc_graph_output(graph, "loss", loss, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "'w'", oc_onnx_write(graph, NULL, kit_path(&k, "a.onnx"), &err), &err);
    KIT_OK(oc_graph_output(graph, "gradient", gradient, &err), &err);
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "softmax_bwd", oc_onnx_write(graph, NULL, kit_path(&k, "a.onnx"), &err), &err);
    oc_graph *read = NULL;
    KIT_FAILS(OC_ERROR_IO, "a.onnx", oc_onnx_read(&read, k.context, kit_path(&k, "a.onnx"), &err), &err);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

/* Reads a model, writes it, and runs what was read back on its first data set. */
static void check_model(kit *k, const char *folder) {
    oc_error err = {0};
    oc_graph *graph, *back;
    char path[700];
    snprintf(path, sizeof(path), "%s/model.onnx", folder);
    KIT_OK(oc_onnx_read(&graph, k->context, path, &err), &err);
    rewrite(k, graph, NULL, &back);
    give_values(k, graph, back);
    assert_int_equal(oc_graph_input_count(graph), oc_graph_input_count(back));
    oc_tensor *input, *wanted, *got;
    snprintf(path, sizeof(path), "%s/test_data_set_0/input_0.pb", folder);
    KIT_OK(oc_onnx_read_tensor(&input, k->context, path, NULL, 0, &err), &err);
    snprintf(path, sizeof(path), "%s/test_data_set_0/output_0.pb", folder);
    KIT_OK(oc_onnx_read_tensor(&wanted, k->context, path, NULL, 0, &err), &err);
    const oc_plan_params params = {.default_dim = oc_tensor_get_shape(input)->dims[0]};
    oc_plan *plan;
    oc_exec *exec;
    KIT_OK(oc_plan_create(&plan, back, &k->device, 1, &params, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_tensor_create(&got, k->context, NULL, OC_F32, oc_tensor_get_shape(wanted), &err), &err);
    oc_binding in = {oc_graph_get_input(back, 0).name, input}, out = {oc_graph_get_output(back, 0).name, got};
    KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
    const float *a = oc_tensor_get_data(got), *b = oc_tensor_get_data(wanted);
    for (int64_t i = 0; i < oc_tensor_get_count(wanted); i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-5f + 1e-3f * fabsf(b[i])))
            fail_msg("%s: element %lld is %.9g, wanted is %.9g", folder, (long long)i, (double)a[i], (double)b[i]);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_tensor_destroy(&input);
    oc_tensor_destroy(&wanted);
    oc_tensor_destroy(&got);
    oc_graph_destroy(&graph);
    oc_graph_destroy(&back);
}

static void test_models(void **state) {
    (void)state;
    static const char *const names[] = {"mnist_8",         "lenet_mnist", "lenet_fashion_mnist", "super_resolution_10",
                                        "squeezenet1_1", "ultraface"};
    kit k;
    const char *folder = model_data("models");
    if (folder == NULL)
        skip();
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char sub[64];
        snprintf(sub, sizeof(sub), "models/%s", names[i]);
        folder = model_data(sub);
        if (folder != NULL)
            check_model(&k, folder);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_operators), cmocka_unit_test(test_states),
                                       cmocka_unit_test(test_refusals), cmocka_unit_test(test_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
