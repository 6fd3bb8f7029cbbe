/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file policy.h
 * Placement: which device computes which part of a graph, and in which order.
 *
 * A plan for several devices cuts its graph into *groups* of nodes (a convolution with what follows it element by element), asks
 * a policy for a device for each, and runs what comes out. A policy sees numbers only, so that it can be tried without a device:
 * oc_placement_predict() is the judge of all of them.
 *
 * Policies of the library, by name (oc_plan_params::policy):
 *
 *     single    everything on the one device that is expected to be fastest
 *     pinned    as oc_plan_params::pins says; what no pin names goes where "single" would put it
 *     heft      list scheduling by upward rank into the earliest gap (Topcuoglu, Hariri, Wu 2002), then improved by moves
 *     split     the batch is cut in proportion to the devices' speeds; each computes the whole graph on its part
 *     pipeline  consecutive stages of equal length: for a stream of inputs in several execs
 *     auto      whichever of single, heft and split is predicted to be fastest
 *
 * Threads: a policy holds no state of its own and may be used by any number of threads; `user` is the caller's business.
 */
#ifndef OCELLI_POLICY_H
#define OCELLI_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include <ocelli/error.h>

/** Data that one group makes and another needs. */
typedef struct oc_placement_edge {
    int32_t from; /**< The group that makes it. */
    int32_t to;   /**< The group that needs it: a higher number. */
    uint64_t bytes; /**< Of the data. */
} oc_placement_edge;

/** What is to be placed, on what; and where it was placed. Arrays belong to the caller. */
typedef struct oc_placement {
    size_t group_count;         /**< What is placed. */
    size_t device_count;        /**< Where. */
    size_t edge_count;          /**< Entries of edges. */
    const char *const *names;   /**< By group: its first node's name, "" for none. May be NULL. */
    const double *seconds;      /**< [group * device_count + device]: expected time; INFINITY where it cannot be computed. */
    const uint64_t *memory;     /**< By group: bytes of its parameters and results. May be NULL. */
    const uint64_t *host_in;    /**< By group: bytes it needs from the host in each run. May be NULL. */
    const uint64_t *host_out;   /**< By group: bytes of its results that the host wants. May be NULL. */
    const oc_placement_edge *edges; /**< Which group needs what of which. */
    const double *latency;      /**< [from * device_count + to]: seconds until a transfer begins; 0 from a device to itself. */
    const double *rate;         /**< The same, bytes per second. */
    const double *host_latency; /**< By device, to and from the host. May be NULL: no time at all. */
    const double *host_rate; /**< The same, bytes per second. */
    const uint64_t *capacity;   /**< By device: bytes of memory; 0: not known. May be NULL. */
    int32_t *device_of;         /**< Result, by group. */
    int32_t *order;             /**< Result: the groups in the order in which devices take them, a topological one. Comes filled
                                     with 0, 1, 2 …, which is one. */
} oc_placement;

/** A policy: one function. */
typedef struct oc_policy {
    const char *name; /**< As oc_plan_params::policy would name it; for reports. */
    /** Fills device_of, and order if it has an opinion. A failure should say why. */
    oc_status (*place)(const struct oc_policy *policy, oc_placement *placement, oc_error *err);
    void *user; /**< For the function's own use. */
} oc_policy;

OC_BEGIN

/** The library's policy of that name ("single", "heft" or "pipeline"); NULL if there is none. */
OC_EXPORT const oc_policy *oc_policy_find(const char *name);

/**
 * Seconds until all groups are computed and their results are at the host, when each device takes its groups in the order given
 * and transfers take latency + bytes / rate.
 * @param start receives when each group begins; may be NULL.
 * @param finish receives when each group ends; may be NULL.
 * @return INFINITY where a group is on a device that cannot compute it, or the devices' memory does not suffice.
 */
OC_EXPORT double oc_placement_predict(const oc_placement *placement, double *start, double *finish);

/**
 * Seconds from one input to the next when many are in flight, each group on its device: the busiest device's time.
 */
OC_EXPORT double oc_placement_interval(const oc_placement *placement);

/** No placement can be faster: the longest path of groups, each at its fastest, or all work shared without loss. */
OC_EXPORT double oc_placement_bound(const oc_placement *placement);

OC_END

#endif
