/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "graph/graph.h"
#include "op/rig.h"
#include "sched/policy.h"

double oc__cost_node(const oc_node *node, oc_device *device) {
    oc_context *context = node->graph->context;
    if (node->op->flags & OC_OP_VIEW)
        return 0;
    oc__desc *descs = oc__alloc_array(context, (size_t)(node->in_count + node->out_count), sizeof(*descs));
    if (!descs)
        return INFINITY;
    oc__problem problem;
    oc__candidate candidates[OC_MAX_CANDIDATES];
    double least = INFINITY;
    oc__node_problem(node, descs, &problem);
    int count = oc__candidates(device, &problem, false, candidates);
    for (int i = 0; i < count; i++)
        if (!candidates[i].refused)
            least = fmin(least, candidates[i].seconds);
    oc__free(context, descs);
    return least;
}
