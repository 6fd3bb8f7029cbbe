/* SPDX-License-Identifier: Apache-2.0 */
/* Common subexpressions: nodes that compute the same from the same become one. */
#include <string.h>

#include "graph/graph.h"

#define SMALL 256 /* bytes of constants that are compared */

typedef struct finder {
    oc_graph *graph;
    oc_value **same; /* by value id: what stands for it, or NULL */
    size_t values;
    int32_t *first, *next; /* buckets of nodes by hash, and of constants behind them */
    size_t buckets;
} finder;

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash ^= value;
    return hash * 0x100000001b3u ^ hash >> 29;
}

static const oc_value *stand_in(const finder *f, const oc_value *value) {
    return value && f->same[value->id] ? f->same[value->id] : value;
}

static uint64_t hash_node(const finder *f, const oc_node *node) {
    uint64_t hash = mix(0xcbf29ce484222325u, (uint64_t)(uintptr_t)node->op);
    for (int i = 0; i < node->in_count; i++)
        hash = mix(hash, node->in[i] ? (uint64_t)stand_in(f, node->in[i])->id + 1 : 0);
    return hash;
}

/* Params are normalized, and their unused bytes zero or as the caller had them: then two nodes stay two. */
static bool same_node(const finder *f, const oc_node *a, const oc_node *b) {
    if (a->op != b->op || a->in_count != b->in_count || a->out_count != b->out_count || a->op_in != b->op_in)
        return false;
    for (int i = 0; i < a->in_count; i++)
        if (stand_in(f, a->in[i]) != stand_in(f, b->in[i]))
            return false;
    for (int i = 0; i < a->out_count; i++)
        if (a->out[i]->dtype != b->out[i]->dtype || !oc_shape_equal(&a->out[i]->shape, &b->out[i]->shape))
            return false;
    return !a->op->params_size || !memcmp(a->params, b->params, a->op->params_size);
}

static bool comparable(const oc_node *node) {
    return !(node->op->flags & (OC_OP_RANDOM | OC_OP_GATHERED)) && !node->pre.count && !node->post.count && !node->op->alias;
}

static void find_node(finder *f, oc_node *node) {
    int32_t *bucket = &f->first[hash_node(f, node) % f->buckets];
    if (!comparable(node))
        return;
    for (int32_t at = *bucket; at >= 0; at = f->next[at]) {
        const oc_node *other = f->graph->nodes[at];
        if (!same_node(f, node, other))
            continue;
        oc__pass_note(f->graph, node, "computes the same as %s", oc__node_label(other));
        for (int i = 0; i < node->out_count; i++)
            f->same[node->out[i]->id] = other->out[i];
        return;
    }
    f->next[node->id] = *bucket;
    *bucket = node->id;
}

static bool same_constant(const oc_value *a, const oc_value *b) {
    uint64_t bytes = oc_tensor_get_bytes(a->data);
    return a->dtype == b->dtype && oc_shape_equal(&a->shape, &b->shape) && bytes == oc_tensor_get_bytes(b->data) &&
           !memcmp(oc_tensor_get_data(a->data), oc_tensor_get_data(b->data), (size_t)bytes);
}

static uint64_t hash_constant(const oc_value *value) {
    const uint8_t *data = oc_tensor_get_data(value->data);
    uint64_t hash = mix(0xcbf29ce484222325u, (uint64_t)value->dtype);
    for (uint64_t i = 0; i < oc_tensor_get_bytes(value->data); i++)
        hash = mix(hash, data[i]);
    return hash;
}

/* Constants, in buckets of their own: entries of next are value ids until nodes are looked at. */
static void find_constants(finder *f) {
    for (size_t i = 0; i < f->values; i++) {
        oc_value *value = f->graph->values[i];
        if (value->kind != OC_VALUE_CONSTANT || oc_tensor_get_bytes(value->data) > SMALL)
            continue;
        int32_t *bucket = &f->first[hash_constant(value) % f->buckets], at = *bucket;
        while (at >= 0 && !same_constant(value, f->graph->values[at]))
            at = f->next[at];
        if (at >= 0) {
            f->same[i] = f->graph->values[at];
        } else {
            f->next[i] = *bucket;
            *bucket = (int32_t)i;
        }
    }
}

static void replace(finder *f, oc_value **value) {
    if (*value && f->same[(*value)->id])
        *value = f->same[(*value)->id];
}

static void replace_all(finder *f) {
    oc_graph *graph = f->graph;
    for (size_t i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i]->in_count; k++)
            replace(f, &graph->nodes[i]->in[k]);
    for (size_t i = 0; i < graph->output_count; i++)
        replace(f, &graph->outputs[i].value);
    for (size_t i = 0; i < graph->state_count; i++)
        replace(f, &graph->states[i]->update);
}

static void empty_buckets(finder *f) {
    memset(f->first, 0xff, f->buckets * sizeof(*f->first));
}

oc_status oc__pass_common(oc_graph *graph, oc_error *err) {
    finder f = {.graph = graph, .values = graph->value_count, .buckets = 2 * graph->value_count + 1};
    size_t links = OC_MAX(graph->value_count, graph->node_count) + 1;
    f.same = oc__alloc_array(graph->context, f.values + 1, sizeof(*f.same));
    f.first = oc__alloc_array(graph->context, f.buckets, sizeof(*f.first));
    f.next = oc__alloc_array(graph->context, links, sizeof(*f.next));
    oc_status status = f.same && f.first && f.next ? OC_OK : oc__fail_memory(graph->context, err, links * sizeof(*f.next));
    if (status == OC_OK) {
        empty_buckets(&f);
        find_constants(&f);
        empty_buckets(&f);
        for (size_t i = 0; i < graph->node_count; i++)
            find_node(&f, graph->nodes[i]);
        replace_all(&f);
    }
    oc__free(graph->context, f.same);
    oc__free(graph->context, f.first);
    oc__free(graph->context, f.next);
    return status == OC_OK ? oc__pass_dead(graph, err) : status;
}
