/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization in training, for replicas that exchange their statistics: reductions, meetings (replica_sum), and what is made of
 * their results. The variance is found from the mean of all: two meetings forward, one backward. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/norm.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "graph/sync.h"
#include "op/reduce/reduce.h"
#include "op/replica.h"

typedef oc_value V;

typedef struct syncer {
    oc_graph *graph;
    const oc__sync_params *params;
    int32_t meetings;
    oc_error *err;
} syncer;

/* All axes but the second. */
static oc_reduce_params batch_axes(const V *x) {
    oc_reduce_params axes = {.axes = {0}, .axis_count = 1};
    for (int i = 2; i < x->shape.rank; i++)
        axes.axes[axes.axis_count++] = i;
    return axes;
}

/* Elements a channel, in all replicas together. */
static double element_count(const syncer *s, const V *x) {
    double count = (double)s->params->rows;
    for (int i = 2; i < x->shape.rank; i++)
        count *= (double)x->shape.dims[i];
    return count;
}

/* (C) as (1, C, 1, …). */
static V *by_channel(const syncer *s, V *v, const V *x) {
    oc_shape shape = {.rank = x->shape.rank};
    for (int i = 0; i < shape.rank; i++)
        shape.dims[i] = i == 1 ? x->shape.dims[1] : 1;
    return oc_reshape(s->graph, v, &shape, s->err);
}

static V *scaled(const syncer *s, V *x, double by) {
    return oc_mul(s->graph, x, oc_graph_scalar(s->graph, OC_F32, by, s->err), s->err);
}

static oc_status meet(syncer *s, V **shares, int count, bool mean, V **sums) {
    const oc__replica_params params = {.meeting = s->meetings++, .mean = mean};
    return oc__graph_node(s->graph, &oc__op_replica_sum, &params, shares, count, sums, count, s->err);
}

/* Both the share of the mean over the batch and, from a meeting, the mean. */
static V *mean_of(syncer *s, V *x, V **share) {
    oc_reduce_params axes = batch_axes(x);
    V *sum = NULL;
    *share = oc_reduce_mean(s->graph, x, &axes, s->err);
    return meet(s, share, 1, true, &sum) == OC_OK ? sum : NULL;
}

static V *running(const syncer *s, V *old, V *batch, double momentum, double factor) {
    return oc_add(s->graph, scaled(s, old, momentum), scaled(s, batch, (1 - momentum) * factor), s->err);
}

static void forward(syncer *s, const oc_node *node, V *out[5]) {
    oc_graph *g = s->graph;
    const oc_batch_norm_params *p = node->params;
    V *x = node->in[0], *mean_share, *spread_share, *mean = mean_of(s, x, &mean_share);
    V *centered = oc_sub(g, x, by_channel(s, mean, x), s->err);
    V *variance = mean_of(s, oc_mul(g, centered, centered, s->err), &spread_share);
    double count = element_count(s, x), factor = p->unbiased && count > 1 ? count / (count - 1) : 1;
    out[0] = oc_batch_norm(g, x, node->in[1], node->in[2], mean, variance, p, s->err);
    out[1] = running(s, node->in[3], mean_share, p->momentum, 1);
    out[2] = running(s, node->in[4], spread_share, p->momentum, factor);
    out[3] = mean;
    V *safe = oc_add(g, variance, oc_graph_scalar(g, OC_F32, p->epsilon, s->err), s->err);
    out[4] = oc_reciprocal(g, oc_sqrt(g, safe, s->err), s->err);
}

/* A number a channel, to be taken from each element: its part of the mean. A gradient that bears 1 / rows of its replica wants those. */
static V *spread(const syncer *s, V *sum, V *x, bool mean) {
    oc_reduce_params axes = batch_axes(x);
    return mean ? oc__broadcast_back(s->graph, sum, x, &axes, true, s->err) : by_channel(s, scaled(s, sum, 1 / element_count(s, x)), x);
}

/* dx = scale / deviation * (d - mean of d - normal * mean of (d * normal)). */
static void backward(syncer *s, const oc_node *node, V *out[3]) {
    oc_graph *g = s->graph;
    V *x = node->in[0], *inverse = node->in[3], *d = node->in[4], *sums[2] = {NULL, NULL};
    bool mean = s->params->mean[d->id];
    oc_reduce_params axes = batch_axes(x);
    V *normal = oc_mul(g, oc_sub(g, x, by_channel(s, node->in[2], x), s->err), by_channel(s, inverse, x), s->err);
    out[1] = oc_reduce_sum(g, oc_mul(g, d, normal, s->err), &axes, s->err);
    out[2] = oc_reduce_sum(g, d, &axes, s->err);
    (void)meet(s, &out[1], 2, mean, sums);
    V *rest = oc_sub(g, d, oc_add(g, spread(s, sums[1], x, mean), oc_mul(g, normal, spread(s, sums[0], x, mean), s->err), s->err), s->err);
    out[0] = oc_mul(g, rest, by_channel(s, oc_mul(g, node->in[1], inverse, s->err), x), s->err);
}

static bool is_wanted(const syncer *s, const oc_node *node) {
    const oc_shape *x = &node->in[0]->shape;
    if ((!oc__node_is(node, "batch_norm_train") && !oc__node_is(node, "batch_norm_bwd")) || x->dims[0] != s->params->batch)
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i]->dtype != OC_F32)
            return false;
    for (int i = 1; i < x->rank; i++)
        if (x->dims[i] < 0)
            return false;
    return true;
}

oc_status oc__pass_sync_norm(oc_graph *graph, const oc__sync_params *params, oc_error *err) {
    syncer s = {.graph = graph, .params = params, .err = err};
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc_node *node = graph->nodes[i];
        size_t before = graph->node_count;
        V *out[5] = {NULL};
        if (!is_wanted(&s, node))
            continue;
        (node->out_count == 5 ? forward : backward)(&s, node, out);
        if (graph->error.status != OC_OK)
            return graph->error.status;
        for (int k = 0; k < node->out_count; k++)
            oc__replace_uses(graph, node->out[k], out[k]);
        oc__pass_note(graph, node, "takes the statistics of all replicas");
        size_t added = graph->node_count - before;
        oc__take_place_all(graph, node, added);
        i += added - 1;
    }
    return oc__pass_dead(graph, err);
}
