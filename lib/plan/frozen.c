/* SPDX-License-Identifier: Apache-2.0 */
/* The frozen state of a plan whose execs are given none: one for all of them. Weights are in memory once: at first where the graph
 * has them, then, as soon as they are packed, there alone. */
#include "plan/plan.h"

oc_status oc__plan_own_state(oc_plan *plan, oc_state **out, oc_error *err) {
    oc_status status = OC_OK;
    pthread_mutex_lock(&plan->lock);
    if (!plan->state)
        status = oc__state_borrow(&plan->state, plan->devices[0], plan->graph, err);
    *out = plan->state;
    pthread_mutex_unlock(&plan->lock);
    return status;
}

/* Whether a step of a run, an output or an update reads what lies there. */
static bool is_read(const oc_plan *plan, int32_t root) {
    for (size_t t = 0; t < plan->task_count; t++) {
        const oc__task *task = &plan->tasks[t];
        for (int i = 0; !task->derived && i < task->problem.in_count; i++)
            if (task->in[i] >= 0 && oc__slot_root(plan, task->in[i]) == root)
                return true;
    }
    for (size_t i = 0; i < plan->output_count; i++)
        if (oc__slot_root(plan, plan->outputs[i].slot) == root)
            return true;
    return false;
}

void oc__plan_give_back(oc_plan *plan) {
    oc_state *state = plan->state;
    for (size_t i = 0; i < plan->state_count; i++) {
        const oc__plan_state *own = &plan->states[i];
        int64_t index = oc_state_find(state, own->value->name);
        oc__state_entry *entry = index >= 0 ? &state->entries[index] : NULL;
        if (!entry || !entry->lender || !entry->buffer || is_read(plan, own->slot))
            continue;
        for (size_t k = 0; k < state->buffer_count; k++)
            if (state->buffers[k] == entry->buffer)
                oc__buffer_release(&state->buffers[k]);
        entry->buffer = NULL;
        oc_tensor_destroy(&entry->lender);
        oc_tensor_destroy(&plan->graph->values[own->value->id]->data);
    }
}
