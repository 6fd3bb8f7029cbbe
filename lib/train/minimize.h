/* SPDX-License-Identifier: Apache-2.0 */
/* What a step of training adds to a graph. */
#ifndef OC_MINIMIZE_H
#define OC_MINIMIZE_H

#include <ocelli/train.h>

/* clip.c: holds gradients, which are replaced, within the optimizer's bounds. Gives the hyper to be used in place of that given; NULL on
 * failure, or if hyper is NULL. */
oc_value *oc__clip_gradients(oc_graph *graph, const oc_optimizer *optimizer, oc_value *hyper, oc_value **gradients, int count,
                             oc_error *err);

#endif
