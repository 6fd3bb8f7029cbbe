/* SPDX-License-Identifier: Apache-2.0 */
/* What follows on the sums of all replicas: the first device does it, where the caller's state is; fused updates are shared with the
 * devices that reach that state's memory as well as it does. */
#include <string.h>

#include "plan/split.h"

/* One device's piece of what follows. */
typedef struct piece {
    int32_t device;
    bool *nodes;    /* by node */
    bool *exported; /* by value */
    bool *updated;  /* by the graph's states */
    bool any;
} piece;

/* Updates that need no other update, so that all of them can begin at once. */
static bool can_be_shared(const oc__splitter *s, const oc_node *node) {
    if (!s->after[node->id] || !(node->op->flags & OC_OP_GATHERED))
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && node->in[i]->kind == OC_VALUE_NODE && (node->in[i]->producer->op->flags & OC_OP_GATHERED))
            return false;
    return true;
}

static double seconds_of(const oc__splitter *s, const oc_node *node, int32_t device) {
    double elements = 0;
    for (int i = 0; i < node->in_count; i++)
        elements += (double)oc_shape_count(&node->in[i]->shape);
    return elements / s->plan->parts->machine.speeds[device].bytes;
}

static bool can_help(const oc_plan *plan, int32_t device) {
    return plan->parts->shares[device] && oc__device_has_memory_of(plan->devices[device], plan->devices[0]);
}

/* The largest that no device has yet; -1: none. */
static int64_t largest_left(const oc__splitter *s) {
    int64_t best = -1;
    for (size_t i = 0; i < s->graph->node_count; i++)
        if (s->shared_with[i] < 0 && can_be_shared(s, s->graph->nodes[i]) &&
            (best < 0 || seconds_of(s, s->graph->nodes[i], 0) > seconds_of(s, s->graph->nodes[best], 0)))
            best = (int64_t)i;
    return best;
}

/* Largest first, each to the device that would be done with it first; one alone stays with what comes before it. */
oc_status oc__split_share_updates(oc__splitter *s, oc_error *err) {
    oc__arena *arena = &s->plan->arena;
    size_t nodes = s->graph->node_count;
    double *load = oc__arena_alloc(arena, (size_t)s->plan->device_count * sizeof(*load)); /* by device: seconds */
    s->shared_with = oc__arena_alloc(arena, (nodes + 1) * sizeof(*s->shared_with));
    if (!load || !s->shared_with)
        return oc__fail_memory(s->plan->context, err, nodes * sizeof(*s->shared_with));
    memset(s->shared_with, -1, (nodes + 1) * sizeof(*s->shared_with));
    bool shared = false;
    for (int64_t i = largest_left(s); i >= 0; i = largest_left(s)) {
        const oc_node *node = s->graph->nodes[i];
        int32_t best = 0;
        for (int32_t d = 1; d < s->plan->device_count; d++)
            if (can_help(s->plan, d) && load[d] + seconds_of(s, node, d) < load[best] + seconds_of(s, node, best))
                best = d;
        load[best] += seconds_of(s, node, best);
        s->shared_with[i] = best;
        shared = shared || best > 0;
    }
    for (size_t i = 0; i < nodes && !shared; i++)
        s->shared_with[i] = -1;
    return OC_OK;
}

/* Whether the device makes the value; -1: it is among what is not shared. */
static bool makes(const oc__splitter *s, int32_t device, const oc_value *value) {
    return value->kind == OC_VALUE_NODE && s->after[value->producer->id] && s->shared_with[value->producer->id] == device;
}

static void mark_nodes(const oc__splitter *s, int32_t device, piece *p) {
    for (size_t i = s->graph->node_count; i-- > 0;) {
        const oc_node *node = s->graph->nodes[i];
        p->nodes[i] = p->nodes[i] || (s->after[i] && s->shared_with[i] == device);
        for (int k = 0; p->nodes[i] && k < node->in_count; k++)
            oc__split_want_same(s, p->nodes, node->in[k]);
        p->any = p->any || p->nodes[i];
    }
}

/* States take what is made here, and, where nothing is shared, what is there already. */
static bool is_updated(const oc__splitter *s, int32_t device, const oc_value *update) {
    if (!update)
        return false;
    bool by_sharer = update->kind == OC_VALUE_NODE && s->shared_with[update->producer->id] >= 0;
    return by_sharer ? makes(s, device, update) : device < 0;
}

/* What a device does of the shared updates; -1: all that is not shared. */
static oc_status make_piece(const oc__splitter *s, int32_t device, piece *out, oc_error *err) {
    const oc_graph *graph = s->graph;
    oc__arena *arena = &s->plan->arena;
    *out = (piece){.device = device < 0 ? 0 : device, .nodes = oc__arena_alloc(arena, graph->node_count + 1),
                   .exported = oc__arena_alloc(arena, graph->value_count + 1), .updated = oc__arena_alloc(arena, graph->state_count + 1)};
    if (!out->nodes || !out->exported || !out->updated)
        return oc__fail_memory(s->plan->context, err, graph->value_count);
    mark_nodes(s, device, out);
    for (size_t i = 0; i < graph->value_count; i++)
        out->exported[i] = s->exported_after[i] && makes(s, device, graph->values[i]);
    for (size_t i = 0; i < graph->state_count; i++) {
        out->updated[i] = is_updated(s, device, graph->states[i]->update);
        out->any = out->any || out->updated[i];
    }
    return OC_OK;
}

/* After the parts that are there already, the first `needs` of them. */
static oc_status add_piece(oc__splitter *s, const piece *p, size_t needs, oc_error *err) {
    const oc__copy_params copy = {.bind = true, .dims = &(oc_dim_binding){s->symbol, s->batch}, .dim_count = 1, .nodes = p->nodes,
                                  .exported = p->exported, .updates = true, .updated = p->updated};
    oc__part *part = oc__parts_add(s->plan, err);
    if (!part)
        return OC_ERROR_MEMORY;
    part->device = p->device;
    part->needs = oc__arena_alloc(&s->plan->arena, (needs + 1) * sizeof(*part->needs));
    if (!part->needs)
        return oc__fail_memory(s->plan->context, err, needs * sizeof(*part->needs));
    for (size_t i = 0; i < needs; i++)
        part->needs[part->need_count++] = (int32_t)i;
    OC_TRY(oc__split_build(s, &copy, part, err));
    return oc__split_add_ports(s, part, p->exported, 0, -1, NULL, err);
}

oc_status oc__split_add_after(oc__splitter *s, oc_error *err) {
    struct oc__parts *x = s->plan->parts;
    size_t needs = x->blend_at = x->part_count;
    for (int32_t d = -1; d < s->plan->device_count; d++) {
        piece p;
        OC_TRY(make_piece(s, d, &p, err));
        if (p.any)
            OC_TRY(add_piece(s, &p, needs, err));
        needs = d < 0 ? x->part_count : needs;
    }
    return oc__parts_find_direct(s->plan, err);
}
