/* SPDX-License-Identifier: Apache-2.0 */
/* A fused update reads all parameters, all gradients, all moments as if each were one long vector: here its operands are made to
 * lie that way. States do already (state.c), which an exec checks; gradients get a region of the arena. */
#include "plan/plan.h"

static uint64_t segment(uint64_t bytes) {
    return (bytes + OC_SEGMENT - 1) / OC_SEGMENT * OC_SEGMENT;
}

static oc_status gather_states(oc_plan *plan, const int32_t *in, int size, oc_error *err) {
    oc__plan_group group = {.count = size};
    group.states = oc__arena_alloc(&plan->arena, sizeof(*group.states) * (size_t)size);
    group.offsets = oc__arena_alloc(&plan->arena, sizeof(*group.offsets) * (size_t)size);
    if (!group.states || !group.offsets)
        return oc__fail_memory(plan->context, err, sizeof(*group.offsets) * (size_t)size);
    uint64_t offset = 0;
    for (int i = 0; i < size; i++) {
        group.states[i] = plan->slots[oc__slot_root(plan, in[i])].state;
        group.offsets[i] = offset;
        offset += segment(oc__desc_bytes(&plan->slots[in[i]].desc));
    }
    if (!OC_ARRAY_PUSH(plan->context, plan->groups, plan->group_count, plan->group_capacity, group))
        return oc__fail_memory(plan->context, err, sizeof(group));
    return OC_OK;
}

/* The value can be written straight into the region, if it lies in the arena and nobody has a claim on its place. */
static bool can_move(const oc_plan *plan, int32_t root) {
    const oc__slot *slot = &plan->slots[root];
    return slot->home == OC_HOME_ARENA && slot->region < 0;
}

static oc_status gather_region(oc_plan *plan, int32_t *in, int size, oc_error *err) {
    oc__region region = {.place = OC_NOWHERE};
    int32_t number = (int32_t)plan->region_count;
    for (int i = 0; i < size; i++) {
        int32_t root = oc__slot_root(plan, in[i]);
        if (!can_move(plan, root)) {
            int32_t copy = oc__plan_add_slot(plan, plan->slots[in[i]].value, &plan->slots[in[i]].desc, OC_HOME_ARENA, err);
            if (copy < 0)
                return OC_ERROR_MEMORY;
            OC_TRY(oc__plan_add_reorder(plan, in[i], copy, err));
            in[i] = root = copy;
        }
        plan->slots[root].region = number;
        plan->slots[root].region_offset = region.bytes;
        region.bytes += segment(oc__desc_bytes(&plan->slots[in[i]].desc));
    }
    if (!OC_ARRAY_PUSH(plan->context, plan->regions, plan->region_count, plan->region_capacity, region))
        return oc__fail_memory(plan->context, err, sizeof(region));
    return OC_OK;
}

oc_status oc__plan_gather(oc_plan *plan, oc__task *task, oc_error *err) {
    int first, size, count;
    task->problem.op->groups(&task->problem, &first, &size, &count);
    for (int g = 0; g < count && size > 0; g++) {
        int32_t *in = task->in + first + g * size;
        bool states = true;
        for (int i = 0; i < size; i++)
            states = states && plan->slots[oc__slot_root(plan, in[i])].home == OC_HOME_STATE;
        OC_TRY(states ? gather_states(plan, in, size, err) : gather_region(plan, in, size, err));
    }
    return OC_OK;
}
