/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OC_GRAPH_SYNC_H
#define OC_GRAPH_SYNC_H

#include "graph/graph.h"

typedef struct oc__sync_params {
    int64_t batch;    /* the size (a symbol) that is cut */
    int64_t rows;     /* how many that are */
    const bool *mean; /* by the id of a value: it bears the factor 1 / rows of its replica */
} oc__sync_params;

/* sync.c: batch normalization in training, of f32, by the statistics of all replicas. */
oc_status oc__pass_sync_norm(oc_graph *graph, const oc__sync_params *params, oc_error *err);

#endif
