/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of list scheduling share. */
#ifndef OC_HEFT_H
#define OC_HEFT_H

#include "sched/policy.h"
#include "sched/timeline.h"

typedef struct oc__ranked {
    double rank;
    int32_t group;
} oc__ranked;

typedef struct oc__heft {
    oc_placement *p;
    oc__links links;
    oc__timeline timeline;
    oc__arena arena;
    double *rank, *start, *finish; /* by group */
    oc__ranked *queue;             /* the groups, most urgent first */
    uint64_t *used;                /* by device: bytes of memory */
    double mean_latency, mean_rate; /* between different devices */
    /* the best so far */
    double best;
    int32_t *best_device;
    double *best_start;
} oc__heft;

/* list.c */
typedef enum oc__rank_kind { OC_RANK_MEAN, OC_RANK_LEAST, OC_RANK_MOST, OC_RANK_PLACED } oc__rank_kind;
void oc__list_rank(oc__heft *h, oc__rank_kind kind); /* fills the queue */
/* Places the queue's groups one after another; `placed`: device_of is given. Returns when all is done; INFINITY: impossible. */
double oc__list_schedule(oc__heft *h, bool placed, bool ahead);
void oc__list_keep(oc__heft *h, double seconds); /* if it is better than the best */
/* improve.c: moves groups as long as that helps. */
void oc__heft_improve(oc__heft *h);

#endif
