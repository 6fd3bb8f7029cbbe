/* SPDX-License-Identifier: Apache-2.0 */
/* Heterogeneous earliest finish time (Topcuoglu, Hariri, Wu 2002): groups by upward rank, each into the earliest gap of the device
 * on which it ends first. Several ranks are tried, with and without a look ahead to the most urgent successor; then groups are
 * moved as long as that makes the whole faster (improve.c). Never worse than everything on the best device. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sched/heft.h"

static void find_means(oc__heft *h) {
    const oc_placement *p = h->p;
    double latency = 0, slowness = 0;
    size_t pairs = 0;
    for (size_t a = 0; a < p->device_count; a++)
        for (size_t b = 0; b < p->device_count; b++) {
            if (a == b)
                continue;
            latency += p->latency[a * p->device_count + b];
            slowness += 1 / p->rate[a * p->device_count + b];
            pairs++;
        }
    h->mean_latency = pairs ? latency / (double)pairs : 0;
    h->mean_rate = pairs && slowness > 0 ? (double)pairs / slowness : INFINITY;
}

static oc_status init(oc__heft *h, oc_placement *p, oc_error *err) {
    size_t n = OC_MAX(p->group_count, (size_t)1);
    *h = (oc__heft){.p = p, .best = INFINITY};
    oc__arena_init(&h->arena, NULL);
    h->rank = oc__arena_alloc(&h->arena, n * sizeof(*h->rank));
    h->start = oc__arena_alloc(&h->arena, n * sizeof(*h->start));
    h->finish = oc__arena_alloc(&h->arena, n * sizeof(*h->finish));
    h->queue = oc__arena_alloc(&h->arena, n * sizeof(*h->queue));
    h->best_device = oc__arena_alloc(&h->arena, n * sizeof(*h->best_device));
    h->best_start = oc__arena_alloc(&h->arena, n * sizeof(*h->best_start));
    h->used = oc__arena_alloc(&h->arena, p->device_count * sizeof(*h->used));
    if (!h->rank || !h->start || !h->finish || !h->queue || !h->best_device || !h->best_start || !h->used)
        return oc__fail_memory(NULL, err, n * sizeof(*h->rank));
    OC_TRY(oc__links_init(&h->links, p, err));
    find_means(h);
    return oc__timeline_init(&h->timeline, p->device_count, n, err);
}

static void finish(oc__heft *h) {
    oc__timeline_finish(&h->timeline);
    oc__links_finish(&h->links);
    oc__arena_finish(&h->arena);
}

static void try_single(oc__heft *h) {
    int32_t device = oc__placement_best_single(h->p);
    if (device < 0)
        return;
    for (size_t g = 0; g < h->p->group_count; g++)
        h->p->device_of[g] = device;
    oc__list_rank(h, OC_RANK_PLACED);
    oc__list_keep(h, oc__list_schedule(h, true, false));
}

static int by_rank(const void *a, const void *b) {
    const oc__ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

/* Devices take their groups by the time they begin at. */
static void give(oc__heft *h) {
    for (int32_t g = 0; g < (int32_t)h->p->group_count; g++) {
        h->p->device_of[g] = h->best_device[g];
        h->queue[g] = (oc__ranked){h->best_start[g], g};
    }
    qsort(h->queue, h->p->group_count, sizeof(*h->queue), by_rank);
    for (size_t i = 0; i < h->p->group_count; i++)
        h->p->order[i] = h->queue[i].group;
}

static oc_status place(const oc_policy *policy, oc_placement *p, oc_error *err) {
    oc__heft h;
    (void)policy;
    oc_status status = init(&h, p, err);
    if (status == OC_OK) {
        for (oc__rank_kind kind = OC_RANK_MEAN; kind <= OC_RANK_MOST; kind++) {
            oc__list_rank(&h, kind);
            for (int ahead = 0; ahead < 2; ahead++)
                oc__list_keep(&h, oc__list_schedule(&h, false, ahead));
        }
        try_single(&h);
        if (isinf(h.best))
            status = oc__fail(NULL, err, OC_ERROR_UNSUPPORTED, "the devices' memory does not suffice, or no device can compute some part");
    }
    if (status == OC_OK) {
        oc__heft_improve(&h);
        give(&h);
    }
    finish(&h);
    return status;
}

const oc_policy oc__policy_heft = {"heft", place, NULL};
