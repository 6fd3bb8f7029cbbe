/* SPDX-License-Identifier: Apache-2.0 */
/* Weights stored in half precision, where a caller asks for it: a weight operand that no run changes goes through a cast to f16, which is
 * made once, with what is derived of states, and its product or convolution reads that and computes in f32. Of several devices, each does so
 * with its part: behind the passes, which would take the graph for one that is to be computed in half precision. */
#include <math.h>
#include <ocelli/op/shape.h>
#include <string.h>

#include "op/room.h"
#include "plan/exec.h"

#define MOST_OPERANDS 16
#define SLOWER 1.02 /* what a node may take more by estimate */

typedef struct halver {
    oc_plan *plan;
    size_t values;    /* that were there before; tables below know only these */
    const bool *fixed; /* by value id: made of constants, and of states that no run changes */
    oc_value **half;  /* by value id: the same in f16; NULL: not made yet */
} halver;

static bool has_weights(const halver *h, const oc_node *node) {
    if ((node->op != &oc__op_matmul && node->op != &oc__op_conv2d) || node->in_count > MOST_OPERANDS)
        return false;
    const oc_value *weights = node->in[1];
    return node->in[0]->dtype == OC_F32 && weights->dtype == OC_F32 && (size_t)weights->id < h->values && h->fixed[weights->id] &&
           !h->fixed[node->out[0]->id] && oc_shape_count(&weights->shape) > 0;
}

/* Whether it takes no longer with these weights. */
static bool is_quicker(const oc_plan *plan, const oc_node *node) {
    oc_value half = *node->in[1];
    oc_value *in[MOST_OPERANDS];
    oc_node other = *node;
    memcpy(in, node->in, sizeof(*in) * (size_t)node->in_count);
    half.dtype = OC_F16;
    in[1] = &half;
    other.in = in;
    return oc__plan_node_seconds(plan->devices[0], &other) <= SLOWER * oc__plan_node_seconds(plan->devices[0], node);
}

static oc_status halve(halver *h, size_t at, oc_error *err) {
    oc_graph *graph = h->plan->graph;
    oc_node *node = graph->nodes[at];
    oc_value **half = &h->half[node->in[1]->id];
    if (!*half) {
        *half = oc_cast(graph, node->in[1], OC_F16, err);
        OC_TRY(oc__gave(graph, *half));
        (*half)->producer->name = node->in[1]->name;
        oc__put_before(graph, node);
    }
    oc__pass_note(graph, node, "reads its weights in f16");
    node->in[1] = *half;
    return OC_OK;
}

static oc_status halve_all(halver *h, oc_error *err) {
    oc_graph *graph = h->plan->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc_node *node = graph->nodes[i];
        if (has_weights(h, node) && is_quicker(h->plan, node))
            OC_TRY(halve(h, i, err));
    }
    return OC_OK;
}

static bool changes_states(const oc_plan *plan) {
    bool changes = plan->params.state_changes;
    for (size_t i = 0; i < plan->graph->state_count; i++)
        changes = changes || plan->graph->states[i]->update;
    return changes;
}

oc_status oc__plan_half(oc_plan *plan, oc_error *err) {
    oc_context *context = plan->context;
    halver h = {.plan = plan, .values = plan->graph->value_count};
    if (changes_states(plan))
        return OC_OK;
    bool *fixed = oc__fixed_values(plan->graph);
    h.fixed = fixed;
    h.half = oc__alloc_array(context, OC_MAX(h.values, (size_t)1), sizeof(*h.half));
    oc_status status = fixed && h.half ? halve_all(&h, err) : oc__fail_memory(context, err, h.values * sizeof(*h.half));
    oc__free(context, h.half);
    oc__free(context, fixed);
    return status;
}

/* What was read back of a value, and where it goes on. */
typedef struct scan {
    uint16_t elements[32768];
} scan;

static bool is_infinite(uint16_t half) {
    return (half & 0x7fff) == 0x7c00;
}

static oc_status check_slot(oc_exec *exec, const oc__slot *slot, scan *s, oc_error *err) {
    const oc_value *value = exec->plan->graph->values[slot->value];
    const oc__slab *slab = &exec->slabs[slot->place.slab];
    uint64_t bytes = oc__desc_bytes(&slot->desc);
    for (uint64_t at = 0; at < bytes; at += sizeof(s->elements)) {
        uint64_t size = OC_MIN(bytes - at, sizeof(s->elements));
        bool infinite = false;
        OC_TRY(oc__queue_read(exec->queue, slab->buffer, slab->base + slot->place.offset + at, s->elements, size, true, err));
        for (uint64_t i = 0; i < size / 2; i++)
            infinite |= is_infinite(s->elements[i]);
        if (infinite)
            return oc__fail(exec->context, err, OC_ERROR_LIMIT, "weights %s have an element beyond the 65504 that half precision holds: make the "
                            "plan without half_weights", value->producer->name ? value->producer->name : "of a layer");
    }
    return OC_OK;
}

oc_status oc__exec_check_halves(oc_exec *exec, const bool *needed, oc_error *err) {
    const oc_plan *plan = exec->plan;
    scan *s = oc__alloc(exec->context, sizeof(*s));
    oc_status status = s ? OC_OK : oc__fail_memory(exec->context, err, sizeof(*s));
    for (size_t t = 0; status == OC_OK && t < plan->task_count; t++)
        for (int i = 0; needed[t] && status == OC_OK && i < plan->tasks[t].problem.out_count; i++) {
            int32_t slot = plan->tasks[t].out[i];
            const oc__slot *x = slot < 0 ? NULL : &plan->slots[slot];
            if (x && x->desc.dtype == OC_F16 && x->last == INT32_MAX && oc__node_is(plan->graph->values[x->value]->producer, "cast"))
                status = check_slot(exec, x, s, err);
        }
    oc__free(exec->context, s);
    return status;
}
