/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement comes to: the clock that all policies are judged by. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sched/policy.h"

/* Of the search for a bound. */
#define ROUNDS 60

/* Groups by the edges' ends: a counting sort. */
static void sort_edges(const oc_placement *p, bool by_to, int32_t *first, int32_t *sorted) {
    for (size_t e = 0; e < p->edge_count; e++)
        first[(by_to ? p->edges[e].to : p->edges[e].from) + 1]++;
    for (size_t g = 0; g < p->group_count; g++)
        first[g + 1] += first[g];
    for (size_t e = p->edge_count; e-- > 0;) {
        int32_t group = by_to ? p->edges[e].to : p->edges[e].from;
        sorted[--first[group + 1]] = (int32_t)e;
    }
    for (size_t g = 0; g < p->group_count; g++)
        first[g] = first[g + 1];
    first[p->group_count] = (int32_t)p->edge_count;
}

oc_status oc__links_init(oc__links *links, const oc_placement *p, oc_error *err) {
    size_t ends = p->group_count + 2, edges = OC_MAX(p->edge_count, (size_t)1);
    int32_t *memory = oc__alloc_array(NULL, 2 * (ends + edges), sizeof(*memory));
    if (!memory)
        return oc__fail_memory(NULL, err, 2 * (ends + edges) * sizeof(*memory));
    *links = (oc__links){memory, memory + 2 * ends, memory + ends, memory + 2 * ends + edges};
    sort_edges(p, true, links->first_in, links->in);
    sort_edges(p, false, links->first_out, links->out);
    return OC_OK;
}

void oc__links_finish(oc__links *links) {
    oc__free(NULL, links->first_in);
}

double oc__placement_transfer(const oc_placement *p, int32_t from, int32_t to, uint64_t bytes) {
    size_t at = (size_t)from * p->device_count + (size_t)to;
    return from == to ? 0 : p->latency[at] + (double)bytes / p->rate[at];
}

static double host_transfer(const oc_placement *p, const uint64_t *bytes, int32_t group, int32_t device) {
    return bytes && p->host_rate && bytes[group] ? p->host_latency[device] + (double)bytes[group] / p->host_rate[device] : 0;
}

double oc__placement_arrival(const oc_placement *p, int32_t group, int32_t device) {
    return host_transfer(p, p->host_in, group, device);
}

double oc__placement_return(const oc_placement *p, int32_t group, int32_t device) {
    return host_transfer(p, p->host_out, group, device);
}

bool oc__placement_fits(const oc_placement *p) {
    bool fits = true;
    for (size_t d = 0; p->memory && p->capacity && d < p->device_count && fits; d++) {
        uint64_t sum = 0;
        for (size_t g = 0; g < p->group_count; g++)
            sum += (size_t)p->device_of[g] == d ? p->memory[g] : 0;
        fits = !p->capacity[d] || sum <= p->capacity[d];
    }
    return fits;
}

double oc__placement_single(const oc_placement *p, int32_t device) {
    double seconds = 0, arrival = 0, back = 0;
    uint64_t memory = 0;
    for (int32_t g = 0; g < (int32_t)p->group_count; g++) {
        seconds += oc__placement_seconds(p, g, device);
        arrival = fmax(arrival, oc__placement_arrival(p, g, device));
        back = fmax(back, oc__placement_return(p, g, device));
        memory += p->memory ? p->memory[g] : 0;
    }
    bool fits = !p->capacity || !p->capacity[device] || memory <= p->capacity[device];
    return fits ? seconds + arrival + back : INFINITY;
}

int32_t oc__placement_best_single(const oc_placement *p) {
    int32_t best = -1;
    double least = INFINITY;
    for (int32_t d = 0; d < (int32_t)p->device_count; d++) {
        double seconds = oc__placement_single(p, d);
        if (seconds < least) {
            least = seconds;
            best = d;
        }
    }
    return best;
}

/* When a group's operands are all on its device. */
static double ready(const oc_placement *p, const oc__links *links, int32_t g, const double *finish) {
    double when = oc__placement_arrival(p, g, p->device_of[g]);
    for (int32_t i = links->first_in[g]; i < links->first_in[g + 1]; i++) {
        const oc_placement_edge *edge = &p->edges[links->in[i]];
        when = fmax(when, finish[edge->from] + oc__placement_transfer(p, p->device_of[edge->from], p->device_of[g], edge->bytes));
    }
    return when;
}

double oc_placement_predict(const oc_placement *p, double *start, double *finish) {
    oc__links links;
    double end = 0, *free_at = oc__alloc_array(NULL, p->device_count, sizeof(double));
    double *finishes = finish ? finish : oc__alloc_array(NULL, OC_MAX(p->group_count, (size_t)1), sizeof(double));
    if (!free_at || !finishes || !oc__placement_fits(p) || oc__links_init(&links, p, NULL) != OC_OK) {
        oc__free(NULL, free_at);
        oc__free(NULL, finish ? NULL : finishes);
        return INFINITY;
    }
    for (size_t i = 0; i < p->group_count; i++) {
        int32_t g = p->order[i], d = p->device_of[g];
        double begin = fmax(free_at[d], ready(p, &links, g, finishes));
        finishes[g] = free_at[d] = begin + oc__placement_seconds(p, g, d);
        end = fmax(end, finishes[g] + oc__placement_return(p, g, d));
        if (start)
            start[g] = begin;
    }
    oc__links_finish(&links);
    oc__free(NULL, free_at);
    oc__free(NULL, finish ? NULL : finishes);
    return end;
}

double oc_placement_interval(const oc_placement *p) {
    double most = 0, *busy = oc__alloc_array(NULL, p->device_count, sizeof(double));
    if (!busy || !oc__placement_fits(p)) {
        oc__free(NULL, busy);
        return INFINITY;
    }
    for (int32_t g = 0; g < (int32_t)p->group_count; g++) {
        int32_t d = p->device_of[g];
        busy[d] += oc__placement_seconds(p, g, d) + oc__placement_arrival(p, g, d) + oc__placement_return(p, g, d);
    }
    for (size_t e = 0; e < p->edge_count; e++) { /* a device waits for what it sends and for what it gets */
        const oc_placement_edge *edge = &p->edges[e];
        int32_t from = p->device_of[edge->from], to = p->device_of[edge->to];
        double seconds = oc__placement_transfer(p, from, to, edge->bytes);
        busy[from] += seconds / 2;
        busy[to] += seconds / 2;
    }
    for (size_t d = 0; d < p->device_count; d++)
        most = fmax(most, busy[d]);
    oc__free(NULL, busy);
    return most;
}

static double fastest(const oc_placement *p, int32_t g) {
    double least = INFINITY;
    for (int32_t d = 0; d < (int32_t)p->device_count; d++)
        least = fmin(least, oc__placement_seconds(p, g, d));
    return least;
}

/* All work shared without loss, parts of groups included: with any prices of the devices' time that sum to one, the groups' least
 * prices are a bound (the dual of that linear program); the best prices are found by raising those of busy devices. */
static double shared(const oc_placement *p, double *price, double *busy) {
    double most = 0;
    for (size_t d = 0; d < p->device_count; d++)
        price[d] = 1;
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0, bound = 0, average = 0;
        for (size_t d = 0; d < p->device_count; d++) {
            sum += price[d];
            busy[d] = 0;
        }
        for (int32_t g = 0; g < (int32_t)p->group_count; g++) {
            int32_t best = 0;
            for (int32_t d = 1; d < (int32_t)p->device_count; d++)
                if (price[d] * oc__placement_seconds(p, g, d) < price[best] * oc__placement_seconds(p, g, best))
                    best = d;
            bound += price[best] / sum * oc__placement_seconds(p, g, best);
            busy[best] += oc__placement_seconds(p, g, best);
        }
        most = fmax(most, bound);
        for (size_t d = 0; d < p->device_count; d++)
            average += busy[d] / (double)p->device_count;
        for (size_t d = 0; average > 0 && d < p->device_count; d++)
            price[d] = price[d] / sum * exp(fmin(busy[d] / average - 1, 2) * 0.5 / (1 + round));
    }
    return most;
}

double oc_placement_bound(const oc_placement *p) {
    double longest = 0, *path = oc__alloc_array(NULL, p->group_count + 2 * p->device_count, sizeof(double));
    oc__links links;
    if (!path || oc__links_init(&links, p, NULL) != OC_OK) {
        oc__free(NULL, path);
        return 0;
    }
    for (int32_t g = 0; g < (int32_t)p->group_count; g++) {
        double before = 0;
        for (int32_t i = links.first_in[g]; i < links.first_in[g + 1]; i++)
            before = fmax(before, path[p->edges[links.in[i]].from]);
        path[g] = before + fastest(p, g);
        longest = fmax(longest, path[g]);
    }
    longest = fmax(longest, shared(p, path + p->group_count, path + p->group_count + p->device_count));
    oc__links_finish(&links);
    oc__free(NULL, path);
    return longest;
}
