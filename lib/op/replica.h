/* SPDX-License-Identifier: Apache-2.0 */
/* "replica_sum": numbers of which each replica of a split batch has a share become the sums over all replicas, in every one of them, in
 * the midst of its run. Where there are no replicas, the operands themselves. */
#ifndef OC_REPLICA_H
#define OC_REPLICA_H

#include "op/op.h"

typedef struct oc__replica_params {
    int32_t meeting; /* its number in the graph: replicas meet by it */
    bool mean;       /* each share is weighted by its replica's part of the rows */
} oc__replica_params;

#endif
