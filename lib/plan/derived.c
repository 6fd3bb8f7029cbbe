/* SPDX-License-Identifier: Apache-2.0 */
/* Values derived from a state (packed weights …): one set for a plan and a state, shared by all execs of both; what other plans on
 * the state have made in the same way is shared with them too. */
#include <string.h>

#include "plan/derived.h"

static void put_packed(oc_state *state, oc__packed *packed) {
    if (!packed || --packed->references > 0)
        return;
    oc__packed **link = &state->packed;
    while (*link != packed)
        link = &(*link)->next;
    *link = packed->next;
    oc__buffer_release(&packed->buffer);
    oc__free(state->context, packed->key);
    oc__free(state->context, packed);
}

void oc__derived_free(oc_state *state, oc__derived *derived) {
    for (int i = 0; derived->slabs && i < derived->slab_count; i++)
        oc__buffer_release(&derived->slabs[i]);
    for (int i = 0; derived->packed && i < derived->slab_count; i++)
        put_packed(state, derived->packed[i]);
    oc__free(state->context, derived->slabs);
    oc__free(state->context, derived->packed);
    oc__free(state->context, derived);
}

static oc_status get_packed(oc__packed **out, oc_state *state, oc_device *device, const char *key, uint64_t size, oc_error *err) {
    oc__packed *packed = state->packed;
    while (packed && strcmp(packed->key, key))
        packed = packed->next;
    if (!packed) {
        packed = oc__alloc(state->context, sizeof(*packed));
        char *copy = packed ? oc__strdup(state->context, key) : NULL;
        oc_status status = copy ? oc__buffer_create(&packed->buffer, device, size, err)
                                : oc__fail_memory(state->context, err, sizeof(*packed));
        if (status != OC_OK) {
            oc__free(state->context, copy);
            oc__free(state->context, packed);
            return status;
        }
        packed->key = copy;
        packed->next = state->packed;
        state->packed = packed;
    }
    packed->references++;
    *out = packed;
    return OC_OK;
}

static oc_status make_slab(oc__derived *derived, int i, oc_state *state, const oc_plan *plan, oc_error *err) {
    if (!plan->derived_keys[i])
        return oc__buffer_create(&derived->slabs[i], plan->devices[0], plan->derived_sizes[i], err);
    OC_TRY(get_packed(&derived->packed[i], state, plan->devices[0], plan->derived_keys[i], plan->derived_sizes[i], err));
    derived->slabs[i] = oc__buffer_retain(derived->packed[i]->buffer);
    return OC_OK;
}

static oc_status create(oc__derived **out, oc_state *state, const oc_plan *plan, oc_error *err) {
    oc_context *context = plan->context;
    oc__derived *derived = oc__alloc(context, sizeof(*derived));
    if (!derived)
        return oc__fail_memory(context, err, sizeof(*derived));
    derived->serial = plan->serial;
    derived->slab_count = plan->derived_slabs;
    derived->temps = plan->derived_temps;
    derived->slabs = oc__alloc_array(context, (size_t)OC_MAX(plan->derived_slabs, 1), sizeof(*derived->slabs));
    derived->packed = oc__alloc_array(context, (size_t)OC_MAX(plan->derived_slabs, 1), sizeof(*derived->packed));
    oc_status status = derived->slabs && derived->packed ? OC_OK : oc__fail_memory(context, err, sizeof(*derived->slabs));
    for (int i = 0; status == OC_OK && i < plan->derived_slabs; i++)
        status = make_slab(derived, i, state, plan, err);
    if (status == OC_OK)
        *out = derived;
    else
        oc__derived_free(state, derived);
    return status;
}

static bool slab_is_current(const oc__derived *derived, int slab, const oc_state *state) {
    return (derived->packed[slab] ? derived->packed[slab]->version : derived->version) == state->version;
}

bool oc__derived_is_current(const oc__derived *derived, const oc_state *state) {
    for (int i = derived->temps; i < derived->slab_count; i++)
        if (!slab_is_current(derived, i, state))
            return false;
    return true;
}

/* Backwards: what is kept and old, and what those tasks read. */
oc_status oc__derived_needed(const oc__derived *derived, const oc_state *state, const oc_plan *plan, bool **out, oc_error *err) {
    bool *needed = oc__alloc_array(plan->context, OC_MAX(plan->task_count, (size_t)1), sizeof(bool));
    bool *wanted = oc__alloc_array(plan->context, OC_MAX(plan->slot_count, (size_t)1), sizeof(bool));
    oc_status status = needed && wanted ? OC_OK : oc__fail_memory(plan->context, err, plan->slot_count);
    for (size_t t = plan->task_count; status == OC_OK && t-- > 0;) {
        const oc__task *task = &plan->tasks[t];
        for (int i = 0; task->derived && i < task->problem.out_count; i++) {
            int32_t root = task->out[i] < 0 ? -1 : oc__slot_root(plan, task->out[i]);
            if (root < 0)
                continue;
            bool kept = plan->slots[root].last == INT32_MAX;
            needed[t] = needed[t] || (kept && !slab_is_current(derived, plan->slots[root].place.slab - plan->arena_slabs, state)) ||
                        wanted[root];
        }
        for (int i = 0; needed[t] && i < task->problem.in_count; i++) {
            int32_t root = task->in[i] < 0 ? -1 : oc__slot_root(plan, task->in[i]);
            if (root >= 0 && plan->slots[root].last != INT32_MAX)
                wanted[root] = true;
        }
    }
    oc__free(plan->context, wanted);
    if (status == OC_OK)
        *out = needed;
    else
        oc__free(plan->context, needed);
    return status;
}

void oc__derived_mark(oc__derived *derived, const oc_state *state) {
    derived->version = state->version;
    for (int i = 0; i < derived->slab_count; i++)
        if (derived->packed[i])
            derived->packed[i]->version = state->version;
}

oc_status oc__derived_get(oc__derived **out, oc_state *state, const oc_plan *plan, oc_error *err) {
    oc_status status = OC_OK;
    pthread_mutex_lock(&state->lock);
    oc__derived *derived = state->derived;
    while (derived && derived->serial != plan->serial)
        derived = derived->next;
    if (!derived) {
        status = create(&derived, state, plan, err);
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
        oc__derived_free(state, derived);
    }
    pthread_mutex_unlock(&state->lock);
}
