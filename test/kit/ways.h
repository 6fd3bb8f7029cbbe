/* SPDX-License-Identifier: Apache-2.0 */
/* One network in all the ways a plan can take it: by `ref` alone, as usual, without fusion, with red zones; the same numbers in all. */
#ifndef WAYS_H
#define WAYS_H

#include "kit/kit.h"
#include "plan/plan.h"

#define WAYS_CHANNELS 32
#define WAYS_SIDE 6

/* The output of a network of x, (N, WAYS_CHANNELS, WAYS_SIDE, WAYS_SIDE). */
typedef oc_value *(*ways_builder)(oc_graph *graph, oc_value *x, oc_error *err);
/* Looks at the plan that is made as usual. */
typedef void (*ways_look)(const oc_plan *plan, oc_device *device, int64_t batch, const void *wanted);

/* Runs it with batches of 1 and 3, twice each, and compares. */
void ways_check(ways_builder build, ways_look look, const void *wanted);

#endif
