/* SPDX-License-Identifier: Apache-2.0 */
/* A batch that is being cut. */
#ifndef OC_SPLIT_H
#define OC_SPLIT_H

#include "plan/parts.h"
#include "plan/roles.h"

typedef struct oc__splitter {
    oc_plan *plan;
    oc_graph *graph;      /* its batch a symbol */
    const char *symbol;
    int64_t size;         /* that symbol as a size */
    int64_t batch;        /* rows */
    oc__roles roles;
    bool *first, *after;  /* by node: what replicas do, what is done then */
    bool *exported;       /* by value: leaves the replicas */
    bool *exported_after; /* by value: leaves what comes after */
    int32_t *block;       /* by value: where it is complete; -1: nowhere */
    int32_t *shared_with; /* by node: the device that does this fused update; -1: it is not shared */
} oc__splitter;

static inline oc__role oc__split_role(const oc__splitter *s, const oc_value *value) {
    return s->roles.of[value->id];
}

/* Nodes whose value does not depend on rows are done wherever they are needed: marks the producer of such a value. */
void oc__split_want_same(const oc__splitter *s, bool *nodes, const oc_value *value);
/* A part's plan from a piece of the graph, for the part's device. */
oc_status oc__split_build(oc__splitter *s, const oc__copy_params *copy, oc__part *part, oc_error *err);
/* Ports of a part whose plan is there: inputs of the caller, complete sums, results. own: blocks for what is not rows; may be NULL. */
oc_status oc__split_add_ports(oc__splitter *s, oc__part *part, const bool *exported, int64_t first, int64_t rows, const int32_t *own,
                              oc_error *err);
/* after.c: which fused updates are done by which device; before exports are marked. */
oc_status oc__split_share_updates(oc__splitter *s, oc_error *err);
/* The parts that come when all replicas are done. */
oc_status oc__split_add_after(oc__splitter *s, oc_error *err);

#endif
