/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of each value when the batch is cut. */
#ifndef OC_ROLES_H
#define OC_ROLES_H

#include "graph/graph.h"

typedef enum oc__role {
    OC_ROLE_SAME,  /* no row has to do with it: every replica has it */
    OC_ROLE_ROWS,  /* each replica has its rows */
    OC_ROLE_LOCAL, /* for a replica alone: statistics of its own rows, or those that it got in a meeting */
    OC_ROLE_SHARE, /* each replica has a part of a sum or mean over the rows */
    OC_ROLE_AFTER  /* made of such sums when they are complete */
} oc__role;

typedef struct oc__roles {
    oc__role *of;  /* by value id */
    bool *mean;    /* by value id: rows: they bear the factor 1 / number of rows; share: weighted by the part of the rows */
    bool shares;   /* there are such: replicas alone are not all */
} oc__roles;

/* All of it in an arena. False: the batch of size `batch` (a symbol) cannot be cut, and why. */
bool oc__roles_find(oc__roles *roles, const oc_graph *graph, int64_t batch, oc__arena *arena, char why[OC_WHY]);

#endif
