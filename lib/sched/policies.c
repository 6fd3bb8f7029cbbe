/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sched/policy.h"

static const oc_policy *const policies[] = {&oc__policy_single, &oc__policy_heft, &oc__policy_pipeline};

const oc_policy *oc_policy_find(const char *name) {
    for (size_t i = 0; i < OC_COUNT(policies); i++)
        if (name && !strcmp(policies[i]->name, name))
            return policies[i];
    return NULL;
}

bool oc__policy_is_known(const char *name) {
    return !name || oc_policy_find(name) || !strcmp(name, "pinned") || !strcmp(name, "split") || !strcmp(name, "auto");
}
