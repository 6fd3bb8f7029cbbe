/* SPDX-License-Identifier: Apache-2.0 */
/* A check of gradients under way. */
#ifndef OC_GRADCHECK_PRIVATE_H
#define OC_GRADCHECK_PRIVATE_H

#include <ocelli/gradcheck.h>
#include <ocelli/summary.h>

#include "graph/graph.h"
#include "plan/exec.h"

#define OC_GRADIENT_PREFIX "gradient:"

typedef struct oc__gradcheck {
    oc_context *context;
    oc_device *device;
    oc_gradcheck_params params;
    bool host;
    oc_graph *forward; /* the network, sizes bound */
    oc_graph *graph;   /* the same with gradients, as outputs "gradient:NAME" */
    oc_state *state;
    double **values;   /* of forward's inputs and states by id */
    double **gradients, **device_gradients; /* by number of the state in forward; NULL for frozen ones */
    double floor;      /* a share of the largest gradient's norm */
    double size;       /* on the device: norm of the outputs with their weights */
    oc_binding *inputs; /* host tensors */
    oc_plan *plan; /* of forward */
    oc_exec *exec;
    oc_binding *outputs;
} oc__gradcheck;

bool oc__gradcheck_checked(const oc_value *state);
/* The weight of an element of an output in the loss. */
double oc__gradcheck_weight(const oc__gradcheck *c, size_t output, int64_t element);

/* gradcheck_graph.c */
oc_status oc__gradcheck_build(oc__gradcheck *c, const oc_graph *network, oc_error *err);

/* gradcheck_run.c: fills values, inputs, and gradients. */
oc_status oc__gradcheck_start(oc__gradcheck *c, oc_error *err);
void oc__gradcheck_finish(oc__gradcheck *c);
/* The loss with values[state->id] as they are. */
oc_status oc__gradcheck_loss(oc__gradcheck *c, const oc_value *state, double *loss, oc_error *err);

#endif
