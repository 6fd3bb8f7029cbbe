/* SPDX-License-Identifier: Apache-2.0 */
/* Values derived from a state (packed weights …): one set for a plan and a state, shared by all execs of both. */
#include "plan/derived.h"

void oc__derived_free(oc_context *context, oc__derived *derived) {
    for (int i = 0; derived->slabs && i < derived->slab_count; i++)
        oc__buffer_release(&derived->slabs[i]);
    oc__free(context, derived->slabs);
    oc__free(context, derived);
}

static oc_status create(oc__derived **out, const oc_plan *plan, oc_error *err) {
    oc_context *context = plan->context;
    oc__derived *derived = oc__alloc(context, sizeof(*derived));
    if (!derived)
        return oc__fail_memory(context, err, sizeof(*derived));
    derived->serial = plan->serial;
    derived->slab_count = plan->derived_slabs;
    derived->slabs = oc__alloc_array(context, (size_t)OC_MAX(plan->derived_slabs, 1), sizeof(*derived->slabs));
    oc_status status = derived->slabs ? OC_OK : oc__fail_memory(context, err, sizeof(*derived->slabs));
    for (int i = 0; status == OC_OK && i < plan->derived_slabs; i++)
        status = oc__buffer_create(&derived->slabs[i], plan->devices[0], plan->derived_sizes[i], err);
    if (status == OC_OK)
        *out = derived;
    else
        oc__derived_free(context, derived);
    return status;
}

oc_status oc__derived_get(oc__derived **out, oc_state *state, const oc_plan *plan, oc_error *err) {
    oc_status status = OC_OK;
    pthread_mutex_lock(&state->lock);
    oc__derived *derived = state->derived;
    while (derived && derived->serial != plan->serial)
        derived = derived->next;
    if (!derived) {
        status = create(&derived, plan, err);
        if (status == OC_OK) {
            derived->next = state->derived;
            state->derived = derived;
        }
    }
    if (status == OC_OK) {
        derived->references++;
        *out = derived;
    }
    pthread_mutex_unlock(&state->lock);
    return status;
}

void oc__derived_put(oc__derived **handle, oc_state *state) {
    oc__derived *derived = *handle;
    *handle = NULL;
    if (!derived)
        return;
    pthread_mutex_lock(&state->lock);
    if (--derived->references == 0) {
        oc__derived **link = &state->derived;
        while (*link != derived)
            link = &(*link)->next;
        *link = derived->next;
        oc__derived_free(state->context, derived);
    }
    pthread_mutex_unlock(&state->lock);
}
