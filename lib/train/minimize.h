/* SPDX-License-Identifier: Apache-2.0 */
/* What a step of training adds to a graph. */
#ifndef OC_MINIMIZE_H
#define OC_MINIMIZE_H

#include <ocelli/train.h>

/* What oc__minimize() is to add. */
typedef enum oc__minimize_kind {
    OC_MINIMIZE_NOW = 0, /* an update with the gradients */
    OC_MINIMIZE_GATHER,  /* frozen states "optimizer.gradient.NAME", to which the gradients are added */
    OC_MINIMIZE_GATHERED /* an update with those sums and the gradients; the sums become zeros */
} oc__minimize_kind;
oc_status oc__minimize(oc_graph *graph, oc_value *loss, const oc_optimizer *optimizer, oc__minimize_kind kind, oc_value **gradients,
                       oc_error *err);

/* clip.c: holds gradients, which are replaced, within the optimizer's bounds. Gives the hyper to be used in place of that given; NULL on
 * failure, or if hyper is NULL. */
oc_value *oc__clip_gradients(oc_graph *graph, const oc_optimizer *optimizer, oc_value *hyper, oc_value **gradients, int count,
                             oc_error *err);

#endif
