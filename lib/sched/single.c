/* SPDX-License-Identifier: Apache-2.0 */
/* Everything on the one device that is expected to be fastest. */
#include <math.h>
#include <string.h>

#include "sched/policy.h"

static oc_status place(oc__placement *p, oc_error *err) {
    int best = 0;
    double least = INFINITY;
    for (int d = 0; d < p->device_count && p->device_count > 1; d++) {
        double seconds = 0;
        for (size_t i = 0; i < p->graph->node_count; i++)
            seconds += oc__cost_node(p->graph->nodes[i], p->devices[d]);
        if (seconds < least) {
            best = d;
            least = seconds;
        }
    }
    (void)err;
    for (size_t i = 0; i < p->graph->node_count; i++)
        p->device_of[i] = best;
    return OC_OK;
}

const oc__policy oc__policy_single = {"single", place};

static const oc__policy *const policies[] = {&oc__policy_single};

const oc__policy *oc__policy_find(const char *name) {
    for (size_t i = 0; i < OC_COUNT(policies); i++)
        if (!strcmp(policies[i]->name, name ? name : "single"))
            return policies[i];
    return NULL;
}
