/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for several devices: plans for one device each, with blocks of host memory between them. */
#ifndef OC_PARTS_H
#define OC_PARTS_H

#include "plan/crew.h"
#include "plan/plan.h"
#include "sched/machine.h"

/* A value that parts exchange with each other or with the caller: whole, dense, in host memory, one of it in each exec. */
typedef struct oc__block {
    const char *name; /* for what is said about it */
    oc_dtype dtype;
    oc_shape shape;
    bool unused; /* the value goes over without it */
} oc__block;

/* An input or output of a part: a block, or some rows (indices of the first axis) of it. */
typedef struct oc__port {
    const char *name; /* in the part's plan */
    int32_t block;
    int64_t first, rows; /* rows < 0: all of it */
    bool direct;         /* read or written where it lies in the part's memory, not copied */
} oc__port;

/* One plan on one device; parts are in the order in which devices take them. */
typedef struct oc__part {
    int32_t device;
    oc_plan *plan;
    oc__port *in, *out;
    size_t in_count, out_count;
    int32_t *needs;  /* earlier parts of other devices */
    size_t need_count;
    bool mapped;     /* has direct ports: the host has its memory whenever it does not run */
    double start, seconds; /* as predicted */
} oc__part;

#define OC_MOST_REPLICAS 64

/* Numbers that parts have a share of: block `to` is the sum of blocks `from`, in this order, times their weights. */
typedef struct oc__blend {
    int32_t to, *from;
    double *weights;
    size_t count;
    struct oc__spot *spots; /* not NULL: instead of blocks, where they lie in parts: of `to`, then of each of `from` */
} oc__blend;

/* A value in the memory of a part's exec. */
typedef struct oc__spot {
    int32_t part;
    oc__place place;
} oc__spot;

struct oc__parts {
    oc__block *blocks;
    size_t block_count, block_capacity;
    oc__part *parts;
    size_t part_count, part_capacity;
    oc__blend *blends; /* done before part blend_at, which may be behind the last one */
    size_t blend_count, blend_capacity, blend_at;
    int32_t *input_block, *output_block; /* by the plan's inputs and outputs */
    const char *policy;
    double predicted, bound; /* seconds of a run; no placement is faster */
    double interval;         /* seconds between inputs of a stream */
    uint64_t transfer_bytes; /* that cross from device to device in a run */
    oc__machine machine;
    oc__groups groups;       /* none when the batch was split */
    int64_t *shares;         /* split: rows of each device; NULL else */
    oc__crew *crew;          /* NULL: one device is enough, the caller's thread does it */
};

/* parts.c: fills plan->parts. The plan's graph is rewritten and its sizes are numbers. */
oc_status oc__parts_create(oc_plan *plan, const oc_graph *original, oc_error *err);
void oc__parts_free(oc_plan *plan);
int32_t oc__parts_add_block(oc_plan *plan, const char *name, oc_dtype dtype, const oc_shape *shape, oc_error *err); /* -1: failed */
oc__part *oc__parts_add(oc_plan *plan, oc_error *err); /* NULL: failed */
/* The params of a part's plan: what concerns the whole is left out. */
oc_plan_params oc__part_params(const oc_plan *plan);
/* cut.c: the placed graph as parts, and when each will run; `build`: with plans, so that they can. */
oc_status oc__parts_cut(oc_plan *plan, bool build, oc_error *err);
/* split.c: the batch cut. *possible: false, with the reason in `why`, where this graph's cannot be. */
oc_status oc__parts_split(oc_plan *plan, const oc_graph *original, bool *possible, char why[OC_WHY], oc_error *err);
/* direct.c: where all devices compute in the host's memory, sums over replicas are made from where the shares lie to where they are
 * needed. */
oc_status oc__parts_find_direct(oc_plan *plan, oc_error *err);
/* What a split is expected to take, and its shares (room for an entry a device); INFINITY where there is no batch to be cut. */
double oc__split_predict(const oc_plan *plan, const oc__groups *groups, int64_t batch, int64_t *shares);
/* Rows: the size of the symbol in front of an input of the original, else of the first axis that all inputs have in common; 0: none. */
int64_t oc__split_batch(const oc_graph *original, const oc_graph *bound);

#endif
