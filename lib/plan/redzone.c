/* SPDX-License-Identifier: Apache-2.0 */
/* Debugging memory: every value in a buffer of its own, between zones that nobody may write. */
#include <string.h>

#include "plan/exec.h"

static const uint8_t poison[4] = {0xa5, 0xff, 0xa5, 0x7f}; /* a NaN */

oc_status oc__exec_fill_zones(oc_exec *exec, oc_error *err) {
    for (int i = 0; i < exec->plan->arena_slabs; i++)
        OC_TRY(oc__queue_fill(exec->queue, exec->arena[i], 0, exec->plan->arena_sizes[i] / 4 * 4, poison, 4, err));
    return oc__queue_finish(exec->queue, err);
}

static bool is_poison(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != poison[i % 4])
            return false;
    return true;
}

oc_status oc__exec_check_zones(oc_exec *exec, oc_error *err) {
    const oc_plan *plan = exec->plan;
    uint64_t zone = oc__plan_zone(plan);
    for (int i = 0; i < plan->arena_slabs; i++) {
        uint8_t before[OC_RED_ZONE], behind[OC_RED_ZONE];
        OC_TRY(oc__queue_read(exec->queue, exec->arena[i], zone - OC_RED_ZONE, before, OC_RED_ZONE, true, err));
        OC_TRY(oc__queue_read(exec->queue, exec->arena[i], plan->arena_sizes[i] - zone, behind, OC_RED_ZONE, true, err));
        if (is_poison(before, OC_RED_ZONE) && is_poison(behind, OC_RED_ZONE))
            continue;
        for (size_t k = 0; k < plan->slot_count; k++)
            if (plan->slots[k].place.slab == i)
                return oc__fail(exec->context, err, OC_ERROR_INTERNAL, "something wrote beyond the ends of value %d (made by task %d)",
                                plan->slots[k].value, plan->slots[k].first);
        return oc__fail(exec->context, err, OC_ERROR_INTERNAL, "something wrote beyond the ends of a workspace");
    }
    return OC_OK;
}
