/* SPDX-License-Identifier: Apache-2.0 */
/* Folds batch normalization into what comes before it. */
#include <ocelli/op/matmul.h>

#include "graph/graph.h"
#include "op/norm/norm.h"

typedef struct folder {
    oc_graph *graph;
    size_t values; /* that were there before; tables below know only these */
    bool *fixed;   /* by value id: made of constants, and of states that no run changes */
    int *uses;     /* by value id */
} folder;

static bool fits(const folder *f, const oc_value *value) {
    return (size_t)value->id < f->values && f->fixed[value->id] && value->dtype == OC_F32;
}

/* The convolution or product that only this normalization reads, and whose weights can be changed; the axis of its outputs. */
static oc_node *find_before(const folder *f, const oc_node *norm, int64_t *axis) {
    const oc_value *x = norm->in[0];
    if (x->kind != OC_VALUE_NODE || (size_t)x->id >= f->values || f->uses[x->id] != 1 || x->dtype != OC_F32)
        return NULL;
    oc_node *before = x->producer;
    bool conv = before->op == &oc__op_conv2d, product = before->op == &oc__op_matmul && x->shape.rank == 2;
    if ((!conv && !product) || before->post.count || before->pre.count || !fits(f, before->in[1]) ||
        oc_shape_count(&before->in[1]->shape) == 0 || before->in[1]->shape.rank < 2)
        return NULL;
    if (before->op_in > 2 && before->in[2] && !fits(f, before->in[2]))
        return NULL;
    for (int i = 1; i < 5; i++)
        if (!fits(f, norm->in[i]))
            return NULL;
    *axis = product && !((const oc_matmul_params *)before->params)->trans_b ? 1 : 0;
    return before;
}

static oc_status fold(folder *f, const oc_node *norm, const oc_node *before, int64_t axis, oc_error *err) {
    oc_graph *graph = f->graph;
    const oc_batch_norm_params *from = norm->params;
    const oc__norm_fold_params params = {.axis = axis, .epsilon = from->epsilon};
    bool bias = before->op_in > 2 && before->in[2];
    oc_value *in[6] = {before->in[1], norm->in[1], norm->in[2], norm->in[3], norm->in[4], bias ? before->in[2] : NULL}, *out[2];
    OC_TRY(oc__graph_node(graph, &oc__op_norm_fold, &params, in, bias ? 6 : 5, out, 2, err));
    oc_value *y = oc__node3(graph, before->op, before->params, before->in[0], out[0], out[1], err);
    OC_TRY(oc__gave(graph, y));
    oc__replace_uses(graph, norm->out[0], y);
    oc__take_place_all(graph, norm, 2); /* behind all that the normalization reads */
    return OC_OK;
}

static oc_status fold_all(folder *f, oc_error *err) {
    oc_graph *graph = f->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc_node *norm = graph->nodes[i];
        int64_t axis;
        const oc_node *before = norm->op == &oc__op_batch_norm && !norm->post.count ? find_before(f, norm, &axis) : NULL;
        if (!before)
            continue;
        oc__pass_note(graph, norm, "goes into the weights of %s", oc__node_label(before));
        OC_TRY(fold(f, norm, before, axis, err));
    }
    return oc__pass_dead(graph, err);
}

oc_status oc__pass_norm(oc_graph *graph, oc_error *err) {
    folder f = {.graph = graph, .values = graph->value_count, .uses = oc__use_counts(graph), .fixed = oc__fixed_values(graph)};
    oc_status status = f.uses && f.fixed ? fold_all(&f, err) : oc__fail_memory(graph->context, err, f.values * sizeof(*f.uses));
    oc__free(graph->context, f.uses);
    oc__free(graph->context, f.fixed);
    return status;
}
