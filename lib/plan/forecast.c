/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan for several devices tells about itself. */
#include <string.h>

#include "plan/team.h"

oc_plan_forecast oc_plan_get_forecast(const oc_plan *plan) {
    const struct oc__parts *x = plan->parts;
    if (!x)
        return (oc_plan_forecast){0};
    return (oc_plan_forecast){.policy = x->policy, .device_count = (size_t)plan->device_count, .part_count = x->part_count,
                              .predicted_seconds = x->predicted, .bound_seconds = x->bound, .interval_seconds = x->interval,
                              .transfer_bytes = x->transfer_bytes};
}

static const char *first_name(const oc_graph *graph) {
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i]->name)
            return graph->nodes[i]->name;
    return "";
}

oc_plan_part oc_plan_get_part(const oc_plan *plan, size_t index) {
    if (!plan->parts || index >= plan->parts->part_count)
        return (oc_plan_part){0};
    const oc__part *part = &plan->parts->parts[index];
    return (oc_plan_part){.device = (size_t)part->device, .name = first_name(part->plan->graph), .step_count = part->plan->steps.count,
                          .rows = part->in_count ? part->in[0].rows : -1, .start = part->start, .seconds = part->seconds};
}

const oc_placement *oc_plan_get_placement(const oc_plan *plan) {
    return plan->parts ? &plan->parts->groups.placement : NULL;
}

int64_t oc_plan_find_group(const oc_plan *plan, const char *node) {
    for (size_t i = 0; plan->parts && i < plan->graph->node_count; i++)
        if (plan->graph->nodes[i]->name && !strcmp(plan->graph->nodes[i]->name, node))
            return plan->parts->groups.group_of[i];
    return -1;
}

const char *oc_plan_get_device_name(const oc_plan *plan, size_t device) {
    if (device >= (size_t)plan->device_count)
        return NULL;
    return plan->parts ? plan->parts->machine.speeds[device].name : oc_device_get_info(plan->devices[device])->name;
}

int64_t oc_plan_get_share(const oc_plan *plan, size_t device) {
    return plan->parts && plan->parts->shares && device < (size_t)plan->device_count ? plan->parts->shares[device] : -1;
}

oc_part_time oc_exec_get_part_time(const oc_exec *exec, size_t index) {
    const oc__team *team = exec->team;
    if (!team || team->spare || index >= exec->plan->parts->part_count)
        return (oc_part_time){0};
    return (oc_part_time){team->members[index].start, team->members[index].seconds};
}
