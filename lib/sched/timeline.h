/* SPDX-License-Identifier: Apache-2.0 */
/* When each device is busy, and the earliest gap that is long enough. */
#ifndef OC_TIMELINE_H
#define OC_TIMELINE_H

#include "base/base.h"

typedef struct oc__span {
    double begin, end;
} oc__span;

typedef struct oc__timeline {
    size_t device_count, capacity;
    oc__span *spans; /* [device * capacity + i], by time, none touching the next in part */
    size_t *counts;
} oc__timeline;
/* Room for `capacity` spans on each of the devices. */
oc_status oc__timeline_init(oc__timeline *timeline, size_t device_count, size_t capacity, oc_error *err);
void oc__timeline_finish(oc__timeline *timeline);
void oc__timeline_clear(oc__timeline *timeline);
/* The earliest time from `ready` on when the device is free for so long. */
double oc__timeline_find(const oc__timeline *timeline, size_t device, double ready, double seconds);
/* Makes it busy then; spans that touch become one. */
void oc__timeline_put(oc__timeline *timeline, size_t device, double begin, double end);

#endif
