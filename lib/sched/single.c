/* SPDX-License-Identifier: Apache-2.0 */
/* Everything on the one device that is expected to be fastest. */
#include "sched/policy.h"

static oc_status place(const oc_policy *policy, oc_placement *p, oc_error *err) {
    int32_t best = oc__placement_best_single(p);
    (void)policy;
    if (best < 0)
        return oc__fail(NULL, err, OC_ERROR_UNSUPPORTED, "no single device can compute the whole graph, or its memory does not suffice");
    for (size_t g = 0; g < p->group_count; g++)
        p->device_of[g] = best;
    return OC_OK;
}

const oc_policy oc__policy_single = {"single", place, NULL};
