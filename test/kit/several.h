/* SPDX-License-Identifier: Apache-2.0 */
/* Several devices of one machine, a network, and what one device says of it. The devices are PoCL's `basic` ones, which are there in
 * any number: main() sets POCL_DEVICES first. */
#ifndef KIT_SEVERAL_H
#define KIT_SEVERAL_H

#include <ocelli/ocelli.h>

#include "kit/kit.h"

#define BATCH 6
#define OUT 10

typedef struct several {
    kit k;
    oc_device *devices[3];
    size_t count;
    oc_graph *graph;
    oc_tensor *image, *got, *wanted;
} several;

/* Opens all, runs the network on the first; the test is skipped where there are no three such devices. */
void several_set_up(several *f);
void several_tear_down(several *f);
/* The output is what one device gave; clears it. */
void several_check(const several *f);
/* A fault in `device` (SEVERAL_ALL: all): launches after the first `after` fail, or, with `ms`, come back that many milliseconds late. */
#define SEVERAL_ALL (-1)
void several_break(several *f, int device, int after, unsigned ms);
void several_break_once(several *f, int device, int after); /* only one launch fails */
void several_mend(several *f);
bool several_was_broken(void); /* since several_break(): a launch met the fault */
/* The states of one device, within a tolerance relative to each number (and to 0.1); only those of type f32 are compared. */
void several_compare_states(several *f, oc_state *got, oc_state *wanted, double tolerance);
/* A convolution of size x size with ReLU behind it; its weights are a state of that name. */
oc_value *several_conv(oc_graph *graph, oc_value *x, const char *name, int64_t in, int64_t out, int64_t size);
/* Two branches, joined, and a classifier; the batch is N, or built in. */
oc_graph *several_network(kit *k, int64_t batch);

#endif
