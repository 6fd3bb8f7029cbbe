/* SPDX-License-Identifier: Apache-2.0 */
/* Moving groups to other devices as long as that makes the whole faster. The effort is bounded; the same for the same problem. */
#include <math.h>
#include <string.h>

#include "sched/heft.h"

/* Group visits that may be spent on moves, and moves at most. */
#define EFFORT 4e6
#define MOVES 3000

static uint32_t next_random(uint64_t *state) { /* xorshift64* (Vigna 2016) */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1dULL) >> 32);
}

/* Takes neighbours that are on the same device along: where transfers are dear, one group alone cannot leave. */
static void move(oc__heft *h, int32_t g, int32_t device, uint32_t neighbours) {
    oc_placement *p = h->p;
    int32_t from = p->device_of[g];
    p->device_of[g] = device;
    for (int32_t i = h->links.first_out[g]; (neighbours & 1) && i < h->links.first_out[g + 1]; i++) {
        int32_t *other = &p->device_of[p->edges[h->links.out[i]].to];
        *other = *other == from ? device : *other;
    }
    for (int32_t i = h->links.first_in[g]; (neighbours & 2) && i < h->links.first_in[g + 1]; i++) {
        int32_t *other = &p->device_of[p->edges[h->links.in[i]].from];
        *other = *other == from ? device : *other;
    }
}

static bool possible(const oc__heft *h) {
    const oc_placement *p = h->p;
    for (int32_t g = 0; g < (int32_t)p->group_count; g++)
        if (isinf(oc__placement_seconds(p, g, p->device_of[g])))
            return false;
    return true;
}

void oc__heft_improve(oc__heft *h) {
    oc_placement *p = h->p;
    double moves = p->device_count > 1 && p->group_count ? fmin(MOVES, EFFORT / (double)(p->group_count + p->edge_count)) : 0;
    uint64_t random = 0x9e3779b97f4a7c15ULL;
    size_t n = p->group_count;
    int32_t *present = oc__alloc_array(NULL, OC_MAX(n, (size_t)1), sizeof(*present));
    if (!present)
        return;
    memcpy(present, h->best_device, n * sizeof(*present));
    double now = h->best;
    for (int i = 0; i < moves; i++) {
        memcpy(p->device_of, present, n * sizeof(*present));
        for (uint32_t k = 0, count = 1 + (next_random(&random) % 3 == 0); k < count; k++)
            move(h, (int32_t)(next_random(&random) % n), (int32_t)(next_random(&random) % p->device_count),
                 next_random(&random) % 6);
        if (!possible(h))
            continue;
        /* the best placement found so far decides the urgency now and then: what is placed is ranked anew */
        oc__list_rank(h, i % 2 ? OC_RANK_PLACED : OC_RANK_MEAN);
        double seconds = oc__list_schedule(h, true, false);
        double allowed = now * (1 + 0.02 * (1 - i / moves)); /* at first steps that lose a little are taken too */
        if (seconds <= allowed) {
            now = seconds;
            memcpy(present, p->device_of, n * sizeof(*present));
        }
        oc__list_keep(h, seconds);
        if (now > h->best * 1.05) {
            memcpy(present, h->best_device, n * sizeof(*present));
            now = h->best;
        }
    }
    oc__free(NULL, present);
}
