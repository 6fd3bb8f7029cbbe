/* SPDX-License-Identifier: Apache-2.0 */
/* Random placements: the generator that docs/placement.md describes, and the optimum of small ones. */
#ifndef KIT_DAG_H
#define KIT_DAG_H

#include <ocelli/policy.h>

/* groups in layers about sqrt(groups) wide; each needs one to three of the layer before, now and then of one further back. Work is
 * uniform in 0.5 to 1.5; device d has a speed uniform in 1 to 3 (device 0: 1), and each group differs from that by up to a quarter.
 * Bytes are such that a mean transfer takes `ratio` times a mean group's time over the devices. */
typedef struct kit_dag {
    oc_placement placement;
    double *seconds, *latency, *rate;
    oc_placement_edge *edges;
} kit_dag;
void kit_dag_init(kit_dag *dag, size_t groups, size_t devices, double ratio, uint64_t seed);
void kit_dag_finish(kit_dag *dag);

/* The least time that any devices and any order of groups give; exhaustive, for up to 10 groups. */
double kit_dag_optimum(const oc_placement *placement);

#endif
