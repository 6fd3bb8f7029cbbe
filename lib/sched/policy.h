/* SPDX-License-Identifier: Apache-2.0 */
/* Placement: which device computes which node. A policy is one file that exports one const struct. */
#ifndef OC_POLICY_H
#define OC_POLICY_H

#include "ir/ir.h"
#include "op/op.h"

typedef struct oc__placement {
    const oc_graph *graph;
    oc_device *const *devices;
    int device_count;
    int32_t *device_of; /* by node id: filled by the policy, indices into devices */
} oc__placement;

typedef struct oc__policy {
    const char *name;
    oc_status (*place)(oc__placement *placement, oc_error *err);
} oc__policy;

/* NULL if there is none of that name; NULL names "single". */
const oc__policy *oc__policy_find(const char *name);
extern const oc__policy oc__policy_single;

/* cost.c: seconds that a node's best solver is expected to take on a device, reorders not counted; infinity if it can't. */
double oc__cost_node(const oc_node *node, oc_device *device);

#endif
