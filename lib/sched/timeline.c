/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sched/timeline.h"

/* Gaps looked at before the end is taken: a bound on the effort where there are very many. */
#define GAPS 64

oc_status oc__timeline_init(oc__timeline *t, size_t device_count, size_t capacity, oc_error *err) {
    *t = (oc__timeline){.device_count = device_count, .capacity = OC_MAX(capacity, (size_t)1)};
    t->spans = oc__alloc_array(NULL, device_count * t->capacity, sizeof(*t->spans));
    t->counts = oc__alloc_array(NULL, device_count, sizeof(*t->counts));
    if (t->spans && t->counts)
        return OC_OK;
    oc__timeline_finish(t);
    return oc__fail_memory(NULL, err, device_count * t->capacity * sizeof(*t->spans));
}

void oc__timeline_finish(oc__timeline *t) {
    oc__free(NULL, t->spans);
    oc__free(NULL, t->counts);
    *t = (oc__timeline){0};
}

void oc__timeline_clear(oc__timeline *t) {
    memset(t->counts, 0, t->device_count * sizeof(*t->counts));
}

/* The first span that ends after a time. */
static size_t first_after(const oc__span *spans, size_t count, double time) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spans[middle].end > time)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

double oc__timeline_find(const oc__timeline *t, size_t device, double ready, double seconds) {
    const oc__span *spans = t->spans + device * t->capacity;
    size_t count = t->counts[device], first = first_after(spans, count, ready), last = OC_MIN(count, first + GAPS);
    double begin = ready;
    for (size_t i = first; i < last; i++) {
        if (begin + seconds <= spans[i].begin)
            return begin;
        begin = OC_MAX(begin, spans[i].end);
    }
    return last < count ? OC_MAX(begin, spans[count - 1].end) : begin;
}

void oc__timeline_put(oc__timeline *t, size_t device, double begin, double end) {
    oc__span *spans = t->spans + device * t->capacity;
    size_t *count = &t->counts[device], at = *count;
    while (at > 0 && spans[at - 1].begin > begin)
        at--;
    bool joins_before = at > 0 && spans[at - 1].end >= begin, joins_after = at < *count && spans[at].begin <= end;
    if (joins_before && joins_after) {
        spans[at - 1].end = OC_MAX(spans[at].end, end);
        memmove(spans + at, spans + at + 1, (*count - at - 1) * sizeof(*spans));
        --*count;
    } else if (joins_before) {
        spans[at - 1].end = OC_MAX(spans[at - 1].end, end);
    } else if (joins_after) {
        spans[at].begin = begin;
    } else {
        memmove(spans + at + 1, spans + at, (*count - at) * sizeof(*spans));
        spans[at] = (oc__span){begin, end};
        ++*count;
    }
}
