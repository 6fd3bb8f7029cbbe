/* SPDX-License-Identifier: Apache-2.0 */
/* States that a run has failed to change: nothing is done with them until they are written or restored. */
#include "plan/exec.h"

oc_status oc__entry_check(const oc_state *state, const oc__state_entry *entry, oc_error *err) {
    if (!entry->uncertain)
        return OC_OK;
    return oc__fail(state->context, err, OC_ERROR_INVALID, "state %s is uncertain: a run failed while it was being changed; restore the "
                    "states (oc_state_restore), or write them (oc_state_write)", entry->name);
}

oc_status oc__state_check(const oc_state *state, oc_error *err) {
    state = state->owner ? state->owner : state;
    for (size_t i = 0; i < state->count; i++)
        OC_TRY(oc__entry_check(state, &state->entries[i], err));
    return OC_OK;
}

void oc__exec_doubt(oc_exec *exec) {
    const oc_plan *plan = exec->plan;
    oc_state *state = exec->state->owner ? exec->state->owner : exec->state;
    for (size_t i = 0; plan->updates && i < plan->state_count; i++)
        if (plan->states[i].updated)
            state->entries[oc_state_find(state, plan->states[i].value->name)].uncertain = true;
}
