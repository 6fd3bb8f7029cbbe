/* SPDX-License-Identifier: Apache-2.0 */
/* Policies from the inside: each is one file that exports one const struct. */
#ifndef OC_POLICY_H
#define OC_POLICY_H

#include <ocelli/policy.h>

#include "base/base.h"

extern const oc_policy oc__policy_single, oc__policy_heft, oc__policy_pipeline;

/* Whether a plan takes it; NULL is the default. */
bool oc__policy_is_known(const char *name);

/* schedule.c: the edges by group, both ways; entries are indices into placement->edges. */
typedef struct oc__links {
    int32_t *first_in, *in;   /* of group g: in[first_in[g]] … in[first_in[g + 1] - 1] */
    int32_t *first_out, *out;
} oc__links;
oc_status oc__links_init(oc__links *links, const oc_placement *p, oc_error *err);
void oc__links_finish(oc__links *links);

static inline double oc__placement_seconds(const oc_placement *p, int32_t group, int32_t device) {
    return p->seconds[(size_t)group * p->device_count + (size_t)device];
}
double oc__placement_transfer(const oc_placement *p, int32_t from, int32_t to, uint64_t bytes);
/* Host transfers that a group needs on a device: before it, and after it. */
double oc__placement_arrival(const oc_placement *p, int32_t group, int32_t device);
double oc__placement_return(const oc_placement *p, int32_t group, int32_t device);
/* Whether the devices' memory suffices for where the groups are. */
bool oc__placement_fits(const oc_placement *p);
/* Seconds that everything takes on one device; INFINITY if it cannot be there. */
double oc__placement_single(const oc_placement *p, int32_t device);
/* The device on which everything is fastest; -1: none can do it all. */
int32_t oc__placement_best_single(const oc_placement *p);

#endif
