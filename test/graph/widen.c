/* SPDX-License-Identifier: Apache-2.0 */
/* Half precision between inputs, states and results: computed in f32, within half precision of what f16 kernels give. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "graph/graph.h"
#include "kit/kit.h"
#include "tensor/tensor.h"

static oc_error err;

static oc_value *state_of(oc_graph *graph, const char *name, const oc_shape *shape, oc_init_kind kind) {
    return oc_graph_state(graph, name, OC_F16, shape, &(oc_init){.kind = kind, .value = 0.5f, .frozen = true}, &err);
}

/* Convolution and batch normalization (whose statistics come by way of nodes behind the convolution), an epilogue, a pool, a branch of
 * integers, a product, and a rounding that is asked for. */
static oc_graph *network(kit *k) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    oc_value *x = oc_graph_input(graph, "x", OC_F16, &OC_SHAPE(2, 3, 9, 9), &err);
    oc_value *w = state_of(graph, "w", &OC_SHAPE(20, 3, 3, 3), OC_INIT_HE);
    oc_value *y = oc_conv2d(graph, x, w, NULL, &oc_conv_params(.pad_begin = {1, 1}, .pad_end = {1, 1}), &err);
    oc_value *in[4];
    static const char *const names[4] = {"scale", "bias", "mean", "variance"};
    for (int i = 0; i < 4; i++)
        in[i] = oc_reshape(graph, state_of(graph, names[i], &OC_SHAPE(20, 1), OC_INIT_CONSTANT), &OC_SHAPE(20), &err);
    y = oc_relu(graph, oc_batch_norm(graph, y, in[0], in[1], in[2], in[3], NULL, &err), &err);
    y = oc_max_pool2d(graph, y, &oc_pool_params(.kernel = {3, 3}, .stride = {3, 3}), NULL, &err);
    y = oc_flatten(graph, y, 1, &err);
    KIT_OK(oc_graph_output(graph, "largest", oc_arg_reduce(graph, y, &oc_arg_params(.axis = 1), &err), &err), &err);
    y = oc_matmul(graph, y, state_of(graph, "fc", &OC_SHAPE(180, 7), OC_INIT_HE), NULL, &err);
    KIT_OK(oc_graph_output(graph, "y", y, &err), &err);
    oc_value *rounded = oc_cast(graph, oc_cast(graph, oc_graph_input(graph, "z", OC_F32, &OC_SHAPE(64), &err), OC_F16, &err), OC_F32, &err);
    KIT_OK(oc_graph_output(graph, "rounded", rounded, &err), &err);
    return graph;
}

static void test_graph(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    oc_graph *graph = network(&k), *copy = NULL;
    KIT_OK(oc__graph_copy(&copy, graph, &(oc__copy_params){.bind = true}, &err), &err);
    KIT_OK(oc__rewrite(copy, &(oc__rewriting){.fusion = true, .widen = true}, &err), &err);
    for (size_t i = 0; i < copy->node_count; i++) {
        const oc_node *node = copy->nodes[i];
        bool cast = oc__node_is(node, "cast"), shape = oc__node_is(node, "reshape");
        for (int n = 0; n < node->in_count && !cast; n++) {
            assert_true(!node->in[n] || node->in[n]->dtype != OC_F16 || shape);
            assert_true(!node->in[n] || node->in[n]->kind != OC_VALUE_NODE || node->in[n]->producer->id < node->id);
        }
        assert_false(oc__node_is(node, "batch_norm"));
    }
    for (size_t i = 0; i < copy->output_count; i++)
        assert_int_equal(copy->outputs[i].value->dtype, graph->outputs[i].value->dtype);
    oc_graph_destroy(&copy);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

typedef struct results {
    oc_tensor *y, *largest, *rounded;
} results;

static void run(kit *k, const oc_graph *graph, bool reference, oc_tensor *x, oc_tensor *z, results *r) {
    oc_plan *plan = NULL;
    oc_exec *exec = NULL;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &(oc_plan_params){.reference = reference}, &err), &err);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_tensor_create(&r->y, k->context, NULL, OC_F16, &OC_SHAPE(2, 7), &err), &err);
    KIT_OK(oc_tensor_create(&r->largest, k->context, NULL, OC_I64, &OC_SHAPE(2), &err), &err);
    KIT_OK(oc_tensor_create(&r->rounded, k->context, NULL, OC_F32, &OC_SHAPE(64), &err), &err);
    const oc_binding in[] = {{"x", x}, {"z", z}}, out[] = {{"y", r->y}, {"largest", r->largest}, {"rounded", r->rounded}};
    KIT_OK(oc_exec_run(exec, in, 2, out, 3, &err), &err);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
}

static void free_results(results *r) {
    oc_tensor_destroy(&r->y);
    oc_tensor_destroy(&r->largest);
    oc_tensor_destroy(&r->rounded);
}

/* Roundings that are asked for are made to the bit. */
static void test_run(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = network(&k);
    oc_tensor *x = NULL, *z = NULL;
    results wide, half;
    KIT_OK(oc_tensor_create(&x, k.context, NULL, OC_F16, &OC_SHAPE(2, 3, 9, 9), &err), &err);
    KIT_OK(oc_tensor_create(&z, k.context, NULL, OC_F32, &OC_SHAPE(64), &err), &err);
    for (int i = 0; i < 2 * 3 * 81; i++)
        ((uint16_t *)oc_tensor_get_data(x))[i] = (uint16_t)(0x3000 + (i * 37) % 0xc00 + (i % 3 == 0 ? 0x8000 : 0));
    for (int i = 0; i < 64; i++)
        ((float *)oc_tensor_get_data(z))[i] = sinf((float)i);
    run(&k, graph, false, x, z, &wide);
    run(&k, graph, true, x, z, &half);
    for (int i = 0; i < 14; i++) {
        double a = oc__element_get(OC_F16, oc_tensor_get_data(wide.y), i), b = oc__element_get(OC_F16, oc_tensor_get_data(half.y), i);
        if (!(fabs(a - b) <= 0.02 * (0.3 + fabs(b))))
            fail_msg("y[%d] is %g, f16 kernels give %g", i, a, b);
    }
    assert_memory_equal(oc_tensor_get_data(wide.rounded), oc_tensor_get_data(half.rounded), 64 * sizeof(float));
    for (int i = 0; i < 64; i++)
        assert_true(i == 0 || ((float *)oc_tensor_get_data(wide.rounded))[i] != ((float *)oc_tensor_get_data(z))[i]);
    free_results(&wide);
    free_results(&half);
    oc_tensor_destroy(&x);
    oc_tensor_destroy(&z);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_graph), cmocka_unit_test(test_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
