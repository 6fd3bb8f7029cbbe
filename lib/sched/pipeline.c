/* SPDX-License-Identifier: Apache-2.0 */
/* Consecutive stages, one a device, the longest as short as can be: the shortest length for which stages of at most that length
 * cover everything, found by halving; for each length, by a table over sets of devices: how far the devices of a set can get. */
#include <math.h>
#include <string.h>

#include "sched/policy.h"

#define MOST_SETS 10 /* devices that are tried in any order */
#define HALVINGS 60

typedef struct stages {
    const oc_placement *p;
    double *sums;      /* [device * (n + 1) + i]: seconds of groups 0 … i - 1; those it cannot compute counted as nothing */
    int32_t *wall;     /* [device * (n + 1) + i]: the first group from i on that the device cannot compute */
    uint64_t *cut;     /* bytes that cross from before i to i and behind */
    size_t n;
    double latency, rate;
    int32_t *reach;    /* by set of devices: groups covered */
    int8_t *last;      /* by set: the device of its last stage */
} stages;

static void fill(stages *s) {
    const oc_placement *p = s->p;
    for (size_t d = 0; d < p->device_count; d++) {
        double *sums = s->sums + d * (s->n + 1);
        int32_t *wall = s->wall + d * (s->n + 1);
        wall[s->n] = (int32_t)s->n;
        for (size_t i = 0; i < s->n; i++) {
            double seconds = oc__placement_seconds(p, (int32_t)i, (int32_t)d) + oc__placement_arrival(p, (int32_t)i, (int32_t)d) +
                             oc__placement_return(p, (int32_t)i, (int32_t)d);
            sums[i + 1] = sums[i] + (isinf(seconds) ? 0 : seconds);
        }
        for (size_t i = s->n; i-- > 0;)
            wall[i] = isinf(oc__placement_seconds(p, (int32_t)i, (int32_t)d)) ? (int32_t)i : wall[i + 1];
    }
    for (size_t e = 0; e < p->edge_count; e++) { /* differences first, then their sums */
        s->cut[p->edges[e].from + 1] += p->edges[e].bytes;
        s->cut[p->edges[e].to + 1] -= p->edges[e].bytes;
    }
    for (size_t i = 0; i < s->n; i++)
        s->cut[i + 1] += s->cut[i];
}

static double crossing(const stages *s, size_t at) {
    return at == 0 || at == s->n ? 0 : (s->latency + (double)s->cut[at] / s->rate) / 2; /* each side bears its half */
}

static double length(const stages *s, size_t d, size_t from, size_t to) {
    const double *sums = s->sums + d * (s->n + 1);
    return sums[to] - sums[from] + crossing(s, from) + crossing(s, to);
}

/* How far a device gets from here within a time: the last position is looked for from the farthest that its groups alone allow. */
static size_t farthest(const stages *s, size_t d, size_t from, double limit) {
    const double *sums = s->sums + d * (s->n + 1);
    size_t low = from, high = (size_t)s->wall[d * (s->n + 1) + from];
    while (low < high) {
        size_t middle = (low + high + 1) / 2;
        if (sums[middle] - sums[from] <= limit)
            low = middle;
        else
            high = middle - 1;
    }
    while (low > from && length(s, d, from, low) > limit)
        low--;
    return low;
}

/* Few devices: every order of them, by sets. */
static bool sets_cover(stages *s, double limit) {
    size_t devices = s->p->device_count, sets = (size_t)1 << devices;
    for (size_t set = 1; set < sets; set++) {
        s->reach[set] = -1;
        for (size_t d = 0; d < devices; d++) {
            if (!(set >> d & 1))
                continue;
            size_t to = farthest(s, d, (size_t)s->reach[set & ~((size_t)1 << d)], limit);
            if ((int32_t)to > s->reach[set]) {
                s->reach[set] = (int32_t)to;
                s->last[set] = (int8_t)d;
            }
        }
        if ((size_t)s->reach[set] == s->n)
            return true;
    }
    return false;
}

/* Many: in their own order. */
static bool row_covers(stages *s, double limit) {
    size_t at = 0;
    for (size_t d = 0; d < s->p->device_count && at < s->n; d++) {
        at = farthest(s, d, at, limit);
        s->reach[d] = (int32_t)at;
    }
    return at == s->n;
}

static bool covers(stages *s, double limit) {
    return s->p->device_count <= MOST_SETS ? sets_cover(s, limit) : row_covers(s, limit);
}

/* The stages of the first set that covers all, last first. */
static void give_sets(const stages *s, oc_placement *p) {
    size_t set = 1;
    while ((size_t)s->reach[set] != s->n)
        set++;
    while (set) {
        int8_t d = s->last[set];
        size_t before = set & ~((size_t)1 << d);
        for (int32_t g = s->reach[before]; g < s->reach[set]; g++)
            p->device_of[g] = d;
        set = before;
    }
}

static void give_row(const stages *s, oc_placement *p) {
    size_t at = 0;
    for (int32_t d = 0; at < s->n; at = (size_t)s->reach[d++])
        for (int32_t g = (int32_t)at; g < s->reach[d]; g++)
            p->device_of[g] = d;
}

/* Longer than any stage can be. */
static double longest(const stages *s) {
    double most = 0, sum = 0;
    for (size_t i = 1; i < s->n; i++)
        most = fmax(most, crossing(s, i));
    for (size_t d = 0; d < s->p->device_count; d++)
        sum = fmax(sum, s->sums[d * (s->n + 1) + s->n]);
    return sum + 2 * most;
}

static oc_status solve(stages *s, oc_placement *p, oc_error *err) {
    fill(s);
    double low = 0, high = longest(s);
    bool found = covers(s, high);
    for (int i = 0; found && i < HALVINGS && high - low > 1e-9 * high; i++) {
        double middle = (low + high) / 2;
        if (covers(s, middle))
            high = middle;
        else
            low = middle;
    }
    if (found) {
        (void)covers(s, high);
        (p->device_count <= MOST_SETS ? give_sets : give_row)(s, p);
    }
    if (!found || !oc__placement_fits(p))
        return oc__fail(NULL, err, OC_ERROR_UNSUPPORTED, "no chain of stages over these devices can compute the whole graph in their "
                        "memory");
    return OC_OK;
}

static void find_means(stages *s) {
    const oc_placement *p = s->p;
    double slowness = 0;
    size_t pairs = 0;
    for (size_t i = 0; i < p->device_count * p->device_count; i++)
        if (i / p->device_count != i % p->device_count) {
            s->latency += p->latency[i];
            slowness += 1 / p->rate[i];
            pairs++;
        }
    s->latency = pairs ? s->latency / (double)pairs : 0;
    s->rate = slowness > 0 ? (double)pairs / slowness : INFINITY;
}

static oc_status place(const oc_policy *policy, oc_placement *p, oc_error *err) {
    stages s = {.p = p, .n = p->group_count};
    oc__arena arena;
    (void)policy;
    size_t table = p->device_count * (s.n + 1), sets = p->device_count <= MOST_SETS ? (size_t)1 << p->device_count : p->device_count;
    oc__arena_init(&arena, NULL);
    s.sums = oc__arena_alloc(&arena, table * sizeof(*s.sums));
    s.wall = oc__arena_alloc(&arena, table * sizeof(*s.wall));
    s.cut = oc__arena_alloc(&arena, (s.n + 1) * sizeof(*s.cut));
    s.reach = oc__arena_alloc(&arena, sets * sizeof(*s.reach));
    s.last = oc__arena_alloc(&arena, sets * sizeof(*s.last));
    find_means(&s);
    oc_status status = OC_OK;
    if (!s.sums || !s.wall || !s.cut || !s.reach || !s.last)
        status = oc__fail_memory(NULL, err, table * sizeof(*s.sums));
    else if (s.n)
        status = solve(&s, p, err);
    oc__arena_finish(&arena);
    return status;
}

const oc_policy oc__policy_pipeline = {"pipeline", place, NULL};
