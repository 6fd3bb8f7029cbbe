/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization: shape rules, gradients, graph functions. */
#include "op/norm/norm.h"

#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

static const oc__field fields[] = {OC_FIELD(OC_FIELD_F32, oc_batch_norm_params, epsilon),
                                   OC_FIELD(OC_FIELD_F32, oc_batch_norm_params, momentum),
                                   OC_FIELD(OC_FIELD_BOOL, oc_batch_norm_params, unbiased), {NULL}};

oc__norm_sizes oc__norm_sizes_of(const oc__problem *problem) {
    const oc_shape *x = &problem->in[0].shape;
    oc__norm_sizes sizes = {x->dims[0], x->dims[1], oc__dims_product(x, 2, x->rank), 0};
    sizes.count = sizes.batch * sizes.inner;
    return sizes;
}

bool oc__norm_posts(const oc__problem *problem, char why[OC_WHY]) {
    if (problem->op != &oc__op_batch_norm)
        return oc__without_posts(problem, why);
    for (int i = 0; i < problem->post.count; i++)
        if (problem->post.items[i].kind != OC_POST_ELTWISE)
            return oc__refuse(why, "only elementwise functions may follow");
    return problem->pre.count == 0 || oc__refuse(why, "it takes no prologue");
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_batch_norm_params *params = inference->params;
    const oc__desc *in = inference->in;
    bool backward = inference->op == &oc__op_batch_norm_bwd;
    if (in[0].shape.rank < 2 || !oc__is_float(in[0].dtype))
        return oc__infer_fail(inference, err, "it takes (N, C, …) of a floating-point type");
    params->epsilon = params->epsilon == 0 ? 1e-5f : params->epsilon;
    params->momentum = params->momentum == 0 ? 0.9f : params->momentum;
    oc_shape channels = {1, {in[0].shape.dims[1]}};
    for (int i = 1; i < (backward ? 4 : 5); i++)
        if (!oc__is_float(in[i].dtype) || !oc_shape_equal(&in[i].shape, &channels))
            return oc__infer_fail(inference, err, "operand %d must have one number for each channel", i);
    if (backward && (in[4].dtype != in[0].dtype || !oc_shape_equal(&in[4].shape, &in[0].shape)))
        return oc__infer_fail(inference, err, "the gradient must have the type and shape of operand 0");
    inference->out[0] = in[0];
    for (int i = 1; i < inference->out_count; i++) {
        inference->out[i].shape = channels;
        inference->out[i].dtype = backward ? in[1].dtype : i < 3 ? in[2 + i].dtype : OC_F32;
    }
    return OC_OK;
}

oc_reduce_params oc__norm_axes(int rank, bool keep_dims) {
    oc_reduce_params params = {.axes = {0}, .axis_count = 1, .keep_dims = keep_dims};
    for (int i = 2; i < rank; i++)
        params.axes[params.axis_count++] = i;
    return params;
}

static oc_value *sum_by_channel(oc_graph *graph, oc_value *x, oc_error *err) {
    const oc_reduce_params params = oc__norm_axes(x->shape.rank, false);
    return oc_reduce_sum(graph, x, &params, err);
}

static bool any_wanted(const oc__gradient *g, int from, int to) {
    for (int i = from; i < to; i++)
        if (g->wanted[i])
            return true;
    return false;
}

/* With given statistics, by nodes: normalizing with other operands gives what is needed. */
static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *const *in = g->node->in;
    oc_value *d = g->diff_out[0], *scale = in[1], *mean = in[3], *variance = in[4];
    const oc_batch_norm_params *params = g->node->params;
    oc_value *zero = oc_sub(graph, mean, mean, err);
    if (g->wanted[0])
        g->diff_in[0] = oc_batch_norm(graph, d, scale, zero, zero, variance, params, err);
    if (any_wanted(g, 1, 5)) {
        oc_value *one = oc_exp(graph, zero, err);
        oc_value *normal = oc_batch_norm(graph, in[0], one, zero, mean, variance, params, err);
        oc_value *dscale = sum_by_channel(graph, oc_mul(graph, d, normal, err), err), *dbias = sum_by_channel(graph, d, err);
        oc_value *safe = oc_add(graph, variance, oc_graph_scalar(graph, variance->dtype, params->epsilon, err), err);
        oc_value *slope = oc_neg(graph, oc_div(graph, scale, oc_sqrt(graph, safe, err), err), err);
        oc_value *half = oc_graph_scalar(graph, variance->dtype, -0.5, err);
        oc_value *all[4] = {dscale, dbias, oc_mul(graph, slope, dbias, err),
                            oc_mul(graph, half, oc_div(graph, oc_mul(graph, dscale, scale, err), safe, err), err)};
        for (int i = 0; i < 4; i++)
            g->diff_in[1 + i] = g->wanted[1 + i] ? all[i] : NULL;
    }
    return graph->error.status;
}

static oc_status gradient_train(oc__gradient *g, oc_error *err) {
    const oc_node *node = g->node;
    oc_value *in[5] = {node->in[0], node->in[1], node->out[3], node->out[4], g->diff_out[0]};
    if (!g->diff_out[0])
        return OC_OK;
    return oc__graph_node(g->graph, &oc__op_batch_norm_bwd, node->params, in, 5, g->diff_in, 3, err);
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, problem->op == &oc__op_batch_norm ? 2 : 8);
}

static const oc__solver *const solvers[] = {&oc__norm_rows, &oc__norm_ref, NULL};
static const oc__solver *const inference_solvers[] = {&oc__norm_rows_inference, &oc__norm_ref, NULL};

#define NORM(op_name, outputs, op_flags, grad, why, definition, solver_list) \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = 5, .in_max = 5, .out_count = outputs, .flags = op_flags, \
                                     .params_size = sizeof(oc_batch_norm_params), .fields = fields, .infer = infer, \
                                     .gradient = grad, .cost = cost, .batch = why, .host = definition, .solvers = solver_list, \
                                     .onnx = oc__norm_onnx};
NORM(batch_norm, 1, 0, gradient, OC_BATCH_AXIS0, oc__norm_host, inference_solvers)
NORM(batch_norm_train, 5, OC_OP_OPTIONAL_OUTPUTS, gradient_train, OC_BATCH_NONE("its statistics are those of the batch"),
     oc__norm_train_host, solvers)
NORM(batch_norm_bwd, 3, OC_OP_OPTIONAL_OUTPUTS, oc__norm_bwd_gradient, OC_BATCH_NONE("its statistics are those of the batch"), oc__norm_bwd_host, solvers)

oc_value *oc_batch_norm(oc_graph *graph, oc_value *src, oc_value *scale, oc_value *bias, oc_value *mean, oc_value *variance,
                        const oc_batch_norm_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_batch_norm, params, (oc_value *[]){src, scale, bias, mean, variance}, 5, err);
}

oc_value *oc_batch_norm_train(oc_graph *graph, oc_value *src, oc_value *scale, oc_value *bias, oc_value *running_mean,
                              oc_value *running_variance, const oc_batch_norm_params *params, oc_value **new_mean,
                              oc_value **new_variance, oc_error *err) {
    oc_value *in[5] = {src, scale, bias, running_mean, running_variance}, *out[5];
    if (oc__graph_node(graph, &oc__op_batch_norm_train, params, in, 5, out, 5, err) != OC_OK)
        return NULL;
    if (new_mean)
        *new_mean = out[1];
    if (new_variance)
        *new_variance = out[2];
    return out[0];
}
