/* SPDX-License-Identifier: Apache-2.0 */
/* Passes change the graph, not the numbers: the definitions are computed before and after. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/ocelli.h>

#include "graph/graph.h"
#include "op/eltwise/chain.h"
#include "kit/kit.h"

static kit k;

static int set_up(void **state) {
    (void)state;
    kit_init(&k, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    kit_finish(&k);
    return 0;
}

static oc_graph *begin(void) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
    return graph;
}

static oc_value *state_of(oc_graph *graph, const char *name, const oc_shape *shape) {
    oc_error err = {0};
    return oc_graph_state(graph, name, OC_F32, shape, NULL, &err);
}

static oc_value *norm(oc_graph *graph, oc_value *x, int64_t channels, const char *prefix) {
    static const char *const parts[4] = {"scale", "shift", "mean", "variance"};
    oc_error err = {0};
    oc_value *in[4];
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s.%s", prefix, parts[i]);
        in[i] = state_of(graph, name, &OC_SHAPE(channels));
    }
    return oc_batch_norm(graph, x, in[0], in[1], in[2], in[3], NULL, &err);
}

/* Numbers that depend on a leaf's name, in (0, 1]: variances must be positive. */
static void fill(const oc_value *value, double *out) {
    uint64_t seed = 7;
    for (const char *c = value->name; c && *c; c++)
        seed = seed * 31 + (uint64_t)*c;
    for (int64_t i = 0; i < oc_shape_count(&value->shape); i++)
        out[i] = 1 - (double)((seed + (uint64_t)i) * 2654435761u % 1024) / 1024;
}

static double *compute(const oc_graph *graph, int64_t *count) {
    oc_error err = {0};
    double **values = calloc(graph->value_count, sizeof(*values)), *result;
    for (size_t i = 0; i < graph->value_count; i++) {
        const oc_value *value = graph->values[i];
        if (value->kind != OC_VALUE_INPUT && value->kind != OC_VALUE_STATE)
            continue;
        values[i] = calloc((size_t)oc_shape_count(&value->shape) + 1, sizeof(double));
        fill(value, values[i]);
    }
    KIT_OK(oc__graph_interpret(graph, values, &err), &err);
    const oc_value *out = graph->outputs[0].value;
    *count = oc_shape_count(&out->shape);
    result = malloc(sizeof(double) * (size_t)*count);
    memcpy(result, values[out->id], sizeof(double) * (size_t)*count);
    for (size_t i = 0; i < graph->value_count; i++) {
        if (graph->values[i]->kind != OC_VALUE_INPUT && graph->values[i]->kind != OC_VALUE_STATE)
            continue;
        free(values[i]);
        values[i] = NULL;
    }
    oc__graph_interpret_finish(graph, values);
    free(values);
    return result;
}

static int count_op(const oc_graph *graph, const oc__op *op) {
    int count = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        count += graph->nodes[i]->op == op;
    return count;
}

typedef oc_status (*pass)(oc_graph *graph, oc_error *err);

/* Ends the graph with a value, and runs passes; the numbers must stay. */
static void run_passes(oc_graph *graph, oc_value *y, const pass *passes, int count) {
    oc_error err = {0};
    int64_t before_count, after_count;
    KIT_OK(oc_graph_output(graph, "y", y, &err), &err);
    double *before = compute(graph, &before_count);
    for (int i = 0; i < count; i++)
        KIT_OK(passes[i](graph, &err), &err);
    for (size_t i = 0; i < graph->node_count; i++) {
        assert_int_equal(graph->nodes[i]->id, i);
        for (int n = 0; n < graph->nodes[i]->in_count; n++) {
            const oc_value *in = graph->nodes[i]->in[n];
            assert_true(!in || in->kind != OC_VALUE_NODE || in->producer->id < (int)i);
        }
    }
    double *after = compute(graph, &after_count);
    assert_int_equal(before_count, after_count);
    for (int64_t i = 0; i < before_count; i++)
        if (!(fabs(before[i] - after[i]) <= 1e-6 * (1 + fabs(before[i]))))
            fail_msg("element %lld: %.9g before, %.9g after", (long long)i, before[i], after[i]);
    free(before);
    free(after);
}

static const pass fold_and_fuse[] = {oc__pass_fold, oc__pass_simplify, oc__pass_norm, oc__pass_fuse};

static void test_norm_into_conv(void **state) {
    (void)state;
    for (int bias = 0; bias < 2; bias++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 4, 5, 5), &err);
        oc_value *w = state_of(graph, "w", &OC_SHAPE(6, 2, 3, 3)), *b = bias ? state_of(graph, "b", &OC_SHAPE(6)) : NULL;
        oc_value *y = oc_conv2d(graph, x, w, b, &oc_conv_params(.pad_begin = {1, 1}, .pad_end = {1, 1}, .groups = 2), &err);
        run_passes(graph, oc_relu(graph, norm(graph, y, 6, "n"), &err), fold_and_fuse, 4);
        assert_int_equal(count_op(graph, &oc__op_batch_norm), 0);
        assert_int_equal(graph->node_count, 2);
        oc_graph_destroy(&graph);
    }
}

static void test_norm_into_product(void **state) {
    (void)state;
    for (int way = 0; way < 4; way++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(3, 5), &err);
        const oc_matmul_params params = {.trans_b = way & 1};
        oc_value *w = state_of(graph, "w", way & 1 ? &OC_SHAPE(7, 5) : &OC_SHAPE(5, 7));
        oc_value *y = way & 2 ? oc_linear(graph, x, w, state_of(graph, "b", &OC_SHAPE(7)), &params, &err)
                              : oc_matmul(graph, x, w, &params, &err);
        run_passes(graph, norm(graph, y, 7, "n"), fold_and_fuse, 4);
        assert_int_equal(count_op(graph, &oc__op_batch_norm), 0);
        oc_graph_destroy(&graph);
    }
}

/* Weights that a run changes, results that others read too, and statistics that come from an input stay as they are. */
static void test_norm_stays(void **state) {
    (void)state;
    for (int way = 0; way < 3; way++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 4, 5, 5), &err);
        oc_value *w = way == 2 ? oc_graph_input(graph, "w", OC_F32, &OC_SHAPE(6, 4, 3, 3), &err)
                               : state_of(graph, "w", &OC_SHAPE(6, 4, 3, 3));
        oc_value *y = oc_conv2d(graph, x, w, NULL, NULL, &err), *z = norm(graph, y, 6, "n");
        if (way == 0)
            KIT_OK(oc_graph_update(graph, w, oc_neg(graph, w, &err), &err), &err);
        if (way == 1)
            z = oc_mul(graph, z, y, &err);
        run_passes(graph, z, fold_and_fuse, 4);
        assert_int_equal(count_op(graph, &oc__op_batch_norm), 1);
        oc_graph_destroy(&graph);
    }
}

static oc_value *layer(oc_graph *graph, oc_value *x, const char *name) {
    oc_error err = {0};
    oc_value *w = state_of(graph, name, &OC_SHAPE(4, 4, 1, 1));
    return norm(graph, oc_conv2d(graph, x, w, NULL, NULL, &err), 4, name);
}

/* A residual block, with a shortcut that is the input or a convolution, the sum in both orders. */
static void test_residual(void **state) {
    (void)state;
    for (int way = 0; way < 4; way++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_relu(graph, oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 4, 5, 5), &err), &err);
        oc_value *a = layer(graph, oc_relu(graph, layer(graph, x, "one"), &err), "two");
        oc_value *b = way & 1 ? layer(graph, x, "short") : x;
        oc_value *sum = way & 2 ? oc_add(graph, b, a, &err) : oc_add(graph, a, b, &err);
        run_passes(graph, oc_relu(graph, sum, &err), fold_and_fuse, 4);
        assert_int_equal(count_op(graph, &oc__op_add), 0);
        assert_int_equal(count_op(graph, &oc__op_relu), 1); /* the first one */
        assert_int_equal(count_op(graph, &oc__op_batch_norm), 0);
        oc_graph_destroy(&graph);
    }
}

/* Behind a normalization that stays, an activation becomes its epilogue, unless it would fill the padding lanes. */
static void test_activation_behind_norm(void **state) {
    (void)state;
    for (int way = 0; way < 2; way++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *y = norm(graph, oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 5, 3, 3), &err), 5, "n");
        run_passes(graph, way ? oc_sigmoid(graph, y, &err) : oc_relu(graph, y, &err), fold_and_fuse, 4);
        assert_int_equal(graph->node_count, way ? 2 : 1);
        oc_graph_destroy(&graph);
    }
}

static void test_nodes_that_change_nothing(void **state) {
    (void)state;
    oc_error err = {0};
    oc_graph *graph = begin();
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 5, 3, 3), &err);
    oc_value *y = oc_avg_pool2d(graph, oc_concat(graph, &x, 1, 1, &err), &oc_pool_params(.kernel = {1, 1}), &err);
    y = oc_max_pool2d(graph, oc_cast(graph, y, OC_F32, &err), &oc_pool_params(.kernel = {1, 1}), NULL, &err);
    y = oc_transpose(graph, oc_identity(graph, y, &err), (int32_t[]){0, 1, 2, 3}, &err);
    run_passes(graph, oc_relu(graph, y, &err), fold_and_fuse, 4);
    assert_int_equal(graph->node_count, 1);
    oc_graph_destroy(&graph);
}

/* A convolution and its gradients. NULL: the window does not fit. */
static oc_value *conv_with_gradients(oc_graph *graph, int64_t h, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad, bool flip) {
    oc_error err = {0};
    oc_value *in[2] = {state_of(graph, "x", &OC_SHAPE(2, 4, h, 4)), state_of(graph, "w", &OC_SHAPE(2, 2, kernel, 3))}, *d[2];
    if (h + 2 * pad < dilation * (kernel - 1) + 1)
        return NULL;
    oc_value *y = oc_conv2d(graph, in[0], in[1], NULL, &oc_conv_params(.stride = {stride, 1}, .dilation = {dilation, 1}, .groups = 2,
                                                                      .pad_begin = {pad, 1}, .pad_end = {pad, 1}, .flip = flip), &err);
    oc_value *loss = oc_reduce_sum(graph, oc_mul(graph, y, y, &err), NULL, &err);
    KIT_OK(oc_graph_gradients(graph, loss, in, 2, d, &err), &err);
    oc_value *all[3] = {oc_reshape(graph, y, &OC_SHAPE(-1), &err), oc_reshape(graph, d[0], &OC_SHAPE(-1), &err),
                        oc_reshape(graph, d[1], &OC_SHAPE(-1), &err)};
    return oc_concat(graph, all, 3, 0, &err);
}

static oc_value *line_conv(oc_graph *graph, oc_value *x, int64_t channels, const char *name) {
    oc_error err = {0};
    return oc_conv(graph, x, state_of(graph, name, &OC_SHAPE(4, channels, 3)), NULL, &oc_conv_params(.pad_begin = {1}, .pad_end = {1}), &err);
}

/* What is between two convolutions over one axis. */
static oc_value *between(oc_graph *graph, oc_value *x, int form) {
    oc_error err = {0};
    oc_value *two[] = {x, x}, *other;
    switch (form) {
    case 0: return oc_relu(graph, norm(graph, x, 4, "n"), &err);
    case 1: return oc_mul(graph, oc_add(graph, state_of(graph, "c", &OC_SHAPE(4, 1)), x, &err), oc_graph_scalar(graph, OC_F32, 2, &err), &err);
    case 2: return oc_slice(graph, x, &oc_slice_params(.begin = {0, -3, 7}, .end = {0, 4, 1}, .step = {0, 1, -2}), &err);
    case 3: return oc_concat(graph, two, 2, 2, &err);
    case 4: return oc_concat(graph, two, 2, -2, &err);
    case 5: two[1] = state_of(graph, "d", &OC_SHAPE(3, 4, 9)); return oc_concat(graph, two, 2, 0, &err);
    case 6: return oc_add(graph, x, state_of(graph, "l", &OC_SHAPE(9)), &err);
    default:
        other = oc_graph_input(graph, "z", OC_F32, &OC_SHAPE(1, 4, 9), &err);
        return oc_sub(graph, oc_max_pool(graph, x, &oc_pool_params(.kernel = {3}, .pad_begin = {1}, .pad_end = {1}), &err), other, &err);
    }
}

/* Nothing between them loses the axis that both have, but for what is read elsewhere, too. */
static void test_lift(void **state) {
    (void)state;
    static const pass lift[] = {oc__pass_lift, oc__pass_fold, oc__pass_simplify};
    for (int i = 0; i < 8 * 2; i++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 4, 9), &err);
        oc_value *y = between(graph, line_conv(graph, x, 4, "w"), i / 2);
        oc_value *z = line_conv(graph, y, oc_value_get_info(y).shape.dims[1], "v");
        int dropped = 0;
        run_passes(graph, i % 2 ? oc_concat(graph, (oc_value *[]){oc_reshape(graph, y, &OC_SHAPE(-1), &err),
                                                                  oc_reshape(graph, z, &OC_SHAPE(-1), &err)}, 2, 0, &err) : z, lift, 3);
        for (size_t n = 0; n < graph->node_count; n++)
            dropped += (graph->nodes[n]->op->flags & OC_OP_VIEW) && graph->nodes[n]->in[0]->shape.rank == 4;
        assert_int_equal(dropped, 1 + i % 2);
        oc_graph_destroy(&graph);
    }
}

/* Taps that see only padding are left out, of the window and of its gradients. */
static void test_taps(void **state) {
    (void)state;
    static const pass taps[] = {oc__pass_taps, oc__pass_common, oc__pass_dead};
    int less = 0;
    for (int i = 0; i < 3 * 2 * 3 * 2 * 4 * 2; i++) {
        int64_t h = 1 + i % 3, kernel = i / 3 % 2 ? 5 : 3, stride = 1 + i / 6 % 3, dilation = 1 + i / 18 % 2, pad = i / 36 % 4;
        oc_graph *graph = begin();
        oc_value *y = conv_with_gradients(graph, h, kernel, stride, dilation, pad, i / 144);
        if (y)
            run_passes(graph, y, taps, 3);
        less += y && count_op(graph, &oc__op_slice_bwd) == 1;
        oc_graph_destroy(&graph);
    }
    assert_in_range(less, 60, 288);
}

static oc_value *number(oc_graph *graph, double value) {
    oc_error err = {0};
    return oc_graph_scalar(graph, OC_F32, value, &err);
}

/* GELU as exporters write it, x * sigmoid(x), and what others still need stays. */
static void test_chain(void **state) {
    (void)state;
    static const pass chain[] = {oc__pass_chain};
    for (int i = 0; i < 4; i++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 3, 5), &err), *y = x, *channels = state_of(graph, "c", &OC_SHAPE(3, 1));
        oc_value *half = oc_mul(graph, x, number(graph, 0.5), &err);
        if (i == 0)
            y = oc_mul(graph, half, oc_add(graph, oc_erf(graph, oc_div(graph, x, number(graph, 1.4142), &err), &err), number(graph, 1), &err),
                       &err);
        else if (i == 1)
            y = oc_mul(graph, half, oc_sigmoid(graph, half, &err), &err);
        else if (i == 2) { /* `half` is needed by a node that no chain takes */
            oc_value *both[] = {oc_relu(graph, oc_neg(graph, half, &err), &err), half};
            y = oc_concat(graph, both, 2, 1, &err);
        } else /* by channel: not in a chain */
            y = oc_exp(graph, oc_neg(graph, oc_mul(graph, half, channels, &err), &err), &err);
        run_passes(graph, y, chain, 1);
        assert_int_equal(count_op(graph, &oc__op_chain), 1);
        assert_int_equal(graph->node_count, i < 2 ? 1 : 3);
        oc_graph_destroy(&graph);
    }
}

/* Swish, mish and GELU, each as exporters write it, behind a convolution: nothing but the convolution is left. */
static oc_value *written(oc_graph *graph, oc_value *x, int form) {
    oc_error err = {0};
    oc_value *half = number(graph, 0.5), *sum;
    if (form < 2)
        return oc_mul(graph, form ? oc_sigmoid(graph, x, &err) : x, form ? x : oc_sigmoid(graph, x, &err), &err);
    if (form == 2)
        return oc_mul(graph, x, oc_tanh(graph, oc_softplus(graph, x, &err), &err), &err);
    if (form == 3)
        return oc_mul(graph, x, oc_unary(graph, "hard_sigmoid", x, &(oc_eltwise_params){1.0f / 6, 0.5f}, &err), &err);
    sum = form % 2 ? oc_div(graph, x, number(graph, 1.4142135381698608), &err) : oc_mul(graph, x, number(graph, 0.70710678), &err);
    sum = oc_add(graph, oc_erf(graph, sum, &err), number(graph, 1), &err);
    if (form < 6)
        return oc_mul(graph, oc_mul(graph, x, half, &err), sum, &err);
    if (form == 6)
        return oc_mul(graph, x, oc_mul(graph, half, sum, &err), &err);
    return oc_mul(graph, oc_mul(graph, x, sum, &err), half, &err);
}

static void test_named(void **state) {
    (void)state;
    static const pass passes[] = {oc__pass_named, oc__pass_fuse};
    for (int form = 0; form < 8; form++) {
        oc_error err = {0};
        oc_graph *graph = begin();
        oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 4, 5, 5), &err);
        oc_value *y = oc_conv2d(graph, x, state_of(graph, "w", &OC_SHAPE(6, 4, 3, 3)), NULL, NULL, &err);
        run_passes(graph, written(graph, y, form), passes, 2);
        assert_int_equal(graph->node_count, 1);
        oc_graph_destroy(&graph);
    }
}

/* More than a chain can hold: several, and the numbers stay. */
static void test_long_chain(void **state) {
    (void)state;
    static const pass chain[] = {oc__pass_chain};
    oc_error err = {0};
    oc_graph *graph = begin();
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 3), &err), *y = x;
    for (int i = 0; i < 40; i++) {
        char name[] = {'s', (char)('0' + i), 0};
        oc_value *other = i % 5 ? y : state_of(graph, name, &OC_SHAPE(2, 3));
        y = oc_tanh(graph, oc_add(graph, y, other, &err), &err);
    }
    run_passes(graph, y, chain, 1);
    assert_in_range(count_op(graph, &oc__op_chain), 7, 16);
    oc_graph_destroy(&graph);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_norm_into_conv), TEST(test_norm_into_product), TEST(test_norm_stays),
                                       TEST(test_residual), TEST(test_activation_behind_norm),
                                       TEST(test_nodes_that_change_nothing), TEST(test_lift), TEST(test_taps), TEST(test_chain),
                                       TEST(test_named), TEST(test_long_chain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
