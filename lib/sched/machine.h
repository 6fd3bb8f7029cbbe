/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that a graph is placed on, as numbers: measured of real ones, or read from a file that describes some. */
#ifndef OC_MACHINE_H
#define OC_MACHINE_H

#include <ocelli/plan.h>

#include "op/op.h"
#include "sched/policy.h"

/* What sending a value over the host takes beside the transfer: a part of a plan is begun and waited for, one thread wakes another;
 * and each byte goes through memory twice on either side, once more in another layout. */
#define OC_PART_SECONDS 25e-6
#define OC_HAND_OVER 15e-6
#define OC_HOST_PASSES 2
#define OC_LAYOUT_PASSES 2 /* over a device's memory, for a value that leaves or enters blocks of channels on its way */

/* What is known of one device. */
typedef struct oc__speed {
    char name[128];
    double flops, bytes;   /* peaks: FLOP/s, B/s */
    double launch, wait;   /* seconds a step costs at least; seconds until the host hears that a run is done */
    double host_latency, host_rate;
    uint64_t memory;
    double compute_factor, memory_factor; /* measured time over the solvers' estimates, for problems bound by either; 1: not known */
    bool measured;
} oc__speed;

typedef struct oc__machine {
    size_t device_count;
    oc__speed *speeds;
    oc_device *const *devices; /* NULL: only described */
    double *latency, *rate;    /* [from * device_count + to] */
    oc__arena arena;
} oc__machine;
void oc__machine_finish(oc__machine *machine);
/* machine.c: of opened devices, with what was calibrated; `calibrate`: what is not yet known is measured and kept. */
oc_status oc__machine_of_devices(oc__machine *machine, oc_device *const *devices, size_t count, bool calibrate, oc_error *err);
/* describe.c: of a file (docs/placement.md). */
oc_status oc__machine_read(oc__machine *machine, oc_context *context, const char *path, oc_error *err);
/* Room for so many devices; all links 0. */
oc_status oc__machine_init(oc__machine *machine, oc_context *context, size_t device_count, oc_error *err);

/* calibrate.c: measures a device in about a second; remembered in the cache folder. */
oc_status oc__calibrate(oc_device *device, oc__speed *out, oc_error *err);
/* What was measured earlier, in this process or another; false: nothing. */
bool oc__calibration_get(oc_device *device, oc__speed *out);

/* history.c: what problems took. */
typedef struct oc__sample {
    const char *key;          /* the problem's text without layouts */
    char op[40], solver[40];
    double seconds, ratio;    /* ratio: the logarithm of seconds over the estimate */
    double flops, bytes;      /* logarithms */
} oc__sample;
typedef struct oc__history {
    oc__sample *samples;
    size_t count, capacity;
} oc__history;
oc_status oc__history_read(oc__history *history, oc_device *device, oc__arena *arena, oc_error *err); /* a copy as of now */
void oc__history_finish(oc__history *history, oc_context *context);
void oc__history_add(oc_device *device, const char *key, double seconds, double estimate, const oc__cost *cost, const char *solver);
void oc__history_save(oc_device *device);
/* Of this very problem, by this solver (NULL: any); NULL: none. */
const oc__sample *oc__history_find(const oc__history *history, const char *key, const char *solver);
/* The time itself where it is known of this solver; else the estimate, corrected as that of the nearest problems of the same op had to be, or by
 * the factor `otherwise` where there are none. */
double oc__history_predict(const oc__history *history, const char *key, double estimate, const oc__cost *cost, const char *solver,
                           double otherwise);

/* cost.c: seconds by node and device, each different problem looked at once. */
typedef struct oc__costs_table {
    const oc__machine *machine;
    oc__arena arena;
    oc__history *histories; /* by device; NULL where they are only described */
    struct oc__cost_entry **slots;
    size_t slot_count, count;
} oc__costs_table;
oc_status oc__costs_init(oc__costs_table *costs, oc_context *context, const oc__machine *machine, oc_error *err);
void oc__costs_finish(oc__costs_table *costs);
/* The least of the solvers' estimates, and whose it is; INFINITY where there is none. */
double oc__least_estimate(oc_device *device, const oc__problem *problem, const oc__solver **solver, bool *measured);
/* By device; INFINITY where it cannot be computed. NULL: out of memory. uses: of each value of the graph, by id. */
const double *oc__costs_of(oc__costs_table *costs, const oc_node *node, const int *uses);

/* groups.c: a graph (all sizes numbers) as a placement: nodes joined into groups, transfers between them. */
typedef struct oc__groups {
    oc_placement placement; /* device_of and order filled with 0 and 0, 1, 2 … */
    int32_t *group_of;      /* by node id */
    bool *fixed;            /* by node id: made of states and constants only, so not in each run */
    double *start, *finish; /* room for oc_placement_predict() */
    oc__arena arena;
} oc__groups;
/* `apart` (may be NULL), by node id: one of a number >= 0 joins only groups that began with that number. */
oc_status oc__groups_init(oc__groups *groups, const oc_graph *graph, const oc__machine *machine, const int32_t *apart, oc_error *err);
void oc__groups_finish(oc__groups *groups);
/* pinned.c: devices by the caller's word, by node id; -1: he says nothing. */
oc_status oc__pins_read(const oc_graph *graph, const oc_pin *pins, size_t pin_count, size_t device_count, int32_t *device_of,
                        oc_error *err);
/* Groups made with these `apart` go there, the rest where everything would be fastest. */
oc_status oc__place_pinned(oc__groups *groups, const oc_graph *graph, const int32_t *pinned, oc_error *err);

#endif
