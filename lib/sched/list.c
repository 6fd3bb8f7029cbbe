/* SPDX-License-Identifier: Apache-2.0 */
/* List scheduling: ranks, and groups into gaps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sched/heft.h"

static double group_cost(const oc__heft *h, int32_t g, oc__rank_kind kind) {
    double least = INFINITY, most = 0, sum = 0;
    int count = 0;
    if (kind == OC_RANK_PLACED)
        return oc__placement_seconds(h->p, g, h->p->device_of[g]);
    for (int32_t d = 0; d < (int32_t)h->p->device_count; d++) {
        double seconds = oc__placement_seconds(h->p, g, d);
        if (isinf(seconds))
            continue;
        least = fmin(least, seconds);
        most = fmax(most, seconds);
        sum += seconds;
        count++;
    }
    return !count ? 0 : kind == OC_RANK_LEAST ? least : kind == OC_RANK_MOST ? most : sum / count;
}

static double edge_cost(const oc__heft *h, const oc_placement_edge *edge, oc__rank_kind kind) {
    if (kind == OC_RANK_PLACED)
        return oc__placement_transfer(h->p, h->p->device_of[edge->from], h->p->device_of[edge->to], edge->bytes);
    return kind == OC_RANK_LEAST ? 0 : h->mean_latency + (double)edge->bytes / h->mean_rate;
}

/* Equal ranks keep their order, which is topological. */
static int more_urgent_first(const void *a, const void *b) {
    const oc__ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    return x->group < y->group ? -1 : x->group > y->group;
}

void oc__list_rank(oc__heft *h, oc__rank_kind kind) {
    for (int32_t g = (int32_t)h->p->group_count; g-- > 0;) {
        double after = 0;
        for (int32_t i = h->links.first_out[g]; i < h->links.first_out[g + 1]; i++) {
            const oc_placement_edge *edge = &h->p->edges[h->links.out[i]];
            after = fmax(after, edge_cost(h, edge, kind) + h->rank[edge->to]);
        }
        h->rank[g] = group_cost(h, g, kind) + after;
        h->queue[g] = (oc__ranked){h->rank[g], g};
    }
    qsort(h->queue, h->p->group_count, sizeof(*h->queue), more_urgent_first);
}

static double ready_on(const oc__heft *h, int32_t g, int32_t device) {
    const oc_placement *p = h->p;
    double when = oc__placement_arrival(p, g, device);
    for (int32_t i = h->links.first_in[g]; i < h->links.first_in[g + 1]; i++) {
        const oc_placement_edge *edge = &p->edges[h->links.in[i]];
        when = fmax(when, h->finish[edge->from] + oc__placement_transfer(p, p->device_of[edge->from], device, edge->bytes));
    }
    return when;
}

/* What the most urgent successor would still take if this group were here. */
static double after_on(const oc__heft *h, int32_t g, int32_t device) {
    const oc_placement *p = h->p;
    const oc_placement_edge *urgent = NULL;
    for (int32_t i = h->links.first_out[g]; i < h->links.first_out[g + 1]; i++) {
        const oc_placement_edge *edge = &p->edges[h->links.out[i]];
        urgent = !urgent || h->rank[edge->to] > h->rank[urgent->to] ? edge : urgent;
    }
    double least = urgent ? INFINITY : 0;
    for (int32_t d = 0; urgent && d < (int32_t)p->device_count; d++)
        least = fmin(least, oc__placement_transfer(p, device, d, urgent->bytes) + oc__placement_seconds(p, urgent->to, d));
    return least;
}

static bool has_room(const oc__heft *h, int32_t g, int32_t device) {
    const oc_placement *p = h->p;
    return !p->capacity || !p->memory || !p->capacity[device] || h->used[device] + p->memory[g] <= p->capacity[device];
}

typedef struct choice {
    int32_t device;
    double begin, end, score;
} choice;

static choice best_choice(const oc__heft *h, int32_t g, bool placed, bool ahead) {
    const oc_placement *p = h->p;
    choice best = {.device = -1, .score = INFINITY};
    int32_t first = placed ? p->device_of[g] : 0, last = placed ? first : (int32_t)p->device_count - 1;
    for (int32_t d = first; d <= last; d++) {
        double seconds = oc__placement_seconds(p, g, d);
        if (isinf(seconds) || !has_room(h, g, d))
            continue;
        double begin = oc__timeline_find(&h->timeline, (size_t)d, ready_on(h, g, d), seconds);
        double end = begin + seconds, score = end + oc__placement_return(p, g, d) + (ahead ? after_on(h, g, d) : 0);
        if (score < best.score)
            best = (choice){d, begin, end, score};
    }
    return best;
}

double oc__list_schedule(oc__heft *h, bool placed, bool ahead) {
    oc_placement *p = h->p;
    double last = 0;
    oc__timeline_clear(&h->timeline);
    memset(h->used, 0, p->device_count * sizeof(*h->used));
    for (size_t i = 0; i < p->group_count; i++) {
        int32_t g = h->queue[i].group;
        choice best = best_choice(h, g, placed, ahead);
        if (best.device < 0)
            return INFINITY;
        p->device_of[g] = best.device;
        h->start[g] = best.begin;
        h->finish[g] = best.end;
        h->used[best.device] += p->memory ? p->memory[g] : 0;
        if (best.end > best.begin)
            oc__timeline_put(&h->timeline, (size_t)best.device, best.begin, best.end);
        last = fmax(last, best.end + oc__placement_return(p, g, best.device));
    }
    return last;
}

void oc__list_keep(oc__heft *h, double seconds) {
    if (!(seconds < h->best))
        return;
    h->best = seconds;
    memcpy(h->best_device, h->p->device_of, h->p->group_count * sizeof(*h->best_device));
    memcpy(h->best_start, h->start, h->p->group_count * sizeof(*h->best_start));
}
