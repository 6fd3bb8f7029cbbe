/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/dag.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static double uniform(uint64_t seed, uint64_t stream, uint64_t index, double low, double high) {
    return low + (high - low) * (double)oc__random_uniform(seed, stream, index);
}

static void add_edges(kit_dag *dag, size_t g, size_t layer_first, size_t before_first, uint64_t seed) {
    oc_placement *p = &dag->placement;
    if (layer_first == 0)
        return;
    int count = 1 + (int)uniform(seed, 2, g, 0, 3);
    size_t chosen[3];
    for (int i = 0; i < count; i++) {
        bool far = uniform(seed, 3, g * 4 + (size_t)i, 0, 1) < 0.1;
        size_t low = far ? 0 : before_first, from = low + (size_t)uniform(seed, 4, g * 4 + (size_t)i, 0, (double)(layer_first - low));
        bool there = false;
        for (int k = 0; k < i; k++)
            there = there || chosen[k] == from;
        chosen[i] = from;
        if (!there)
            dag->edges[p->edge_count++] = (oc_placement_edge){(int32_t)from, (int32_t)g, 0};
    }
}

void kit_dag_init(kit_dag *dag, size_t groups, size_t devices, double ratio, uint64_t seed) {
    *dag = (kit_dag){0};
    oc_placement *p = &dag->placement;
    p->group_count = groups;
    p->device_count = devices;
    dag->seconds = calloc(groups * devices, sizeof(double));
    dag->latency = calloc(devices * devices, sizeof(double));
    dag->rate = calloc(devices * devices, sizeof(double));
    dag->edges = calloc(groups * 3 + 1, sizeof(*dag->edges));
    p->device_of = calloc(groups + 1, sizeof(int32_t));
    p->order = calloc(groups + 1, sizeof(int32_t));
    double mean = 0;
    for (size_t g = 0; g < groups; g++) {
        double work = uniform(seed, 0, g, 0.5, 1.5);
        p->order[g] = (int32_t)g;
        for (size_t d = 0; d < devices; d++) {
            double speed = d ? uniform(seed, 1, d, 1, 3) : 1;
            dag->seconds[g * devices + d] = 1e-3 * work / speed * uniform(seed, 5, g * devices + d, 0.75, 1.25);
            mean += dag->seconds[g * devices + d] / (double)(groups * devices);
        }
    }
    size_t width = (size_t)ceil(sqrt((double)groups)), before = 0;
    for (size_t layer = 0, first = 0; first < groups; layer++) {
        size_t wide = 1 + (size_t)uniform(seed, 6, layer, 0, (double)(2 * width - 1)), last = first + wide < groups ? first + wide : groups;
        for (size_t g = first; g < last; g++)
            add_edges(dag, g, first, before, seed);
        before = first;
        first = last;
    }
    for (size_t i = 0; i < devices * devices; i++) {
        dag->rate[i] = 1e9;
        dag->latency[i] = i / devices == i % devices ? 0 : 1e-9;
    }
    for (size_t e = 0; e < p->edge_count; e++)
        dag->edges[e].bytes = (uint64_t)(1e9 * mean * ratio * uniform(seed, 7, e, 0.5, 1.5));
    p->seconds = dag->seconds;
    p->latency = dag->latency;
    p->rate = dag->rate;
    p->edges = dag->edges;
}

void kit_dag_finish(kit_dag *dag) {
    free(dag->seconds);
    free(dag->latency);
    free(dag->rate);
    free(dag->edges);
    free(dag->placement.device_of);
    free(dag->placement.order);
}

/* Branch and bound: groups are taken in the order of their beginnings, so that each schedule is met once. */
typedef struct search {
    const oc_placement *p;
    double tail[10]; /* the least time from a group's beginning to the end of all that needs it */
    double finish[10], free_at[8];
    int8_t device[10];
    bool done[10];
    double best;
} search;

static double ready(const search *s, int g, int d, bool *possible) {
    double when = 0;
    for (size_t e = 0; e < s->p->edge_count; e++) {
        const oc_placement_edge *edge = &s->p->edges[e];
        if (edge->to != g)
            continue;
        *possible = *possible && s->done[edge->from];
        if (!*possible)
            return 0;
        size_t link = (size_t)s->device[edge->from] * s->p->device_count + (size_t)d;
        double transfer = s->device[edge->from] == d ? 0 : s->p->latency[link] + (double)edge->bytes / s->p->rate[link];
        when = fmax(when, s->finish[edge->from] + transfer);
    }
    return when;
}

static void go_on(search *s, size_t count, double last_begin, double end) {
    size_t n = s->p->group_count, devices = s->p->device_count;
    if (count == n) {
        s->best = fmin(s->best, end);
        return;
    }
    for (int g = 0; g < (int)n; g++) {
        bool possible = !s->done[g];
        for (int d = 0; possible && d < (int)devices; d++) {
            double begin = fmax(ready(s, g, d, &possible), s->free_at[d]), seconds = s->p->seconds[(size_t)g * devices + (size_t)d];
            if (!possible || begin < last_begin || begin + s->tail[g] >= s->best || begin + seconds >= s->best)
                continue;
            double was = s->free_at[d];
            s->done[g] = true;
            s->device[g] = (int8_t)d;
            s->finish[g] = s->free_at[d] = begin + seconds;
            go_on(s, count + 1, begin, fmax(end, begin + seconds));
            s->done[g] = false;
            s->free_at[d] = was;
        }
    }
}

double kit_dag_optimum(const oc_placement *p) {
    search s = {.p = p, .best = INFINITY};
    for (int g = (int)p->group_count; g-- > 0;) {
        double after = 0, least = INFINITY;
        for (size_t e = 0; e < p->edge_count; e++)
            if (p->edges[e].from == g)
                after = fmax(after, s.tail[p->edges[e].to]);
        for (size_t d = 0; d < p->device_count; d++)
            least = fmin(least, p->seconds[(size_t)g * p->device_count + d]);
        s.tail[g] = least + after;
    }
    go_on(&s, 0, 0, 0);
    return s.best;
}
